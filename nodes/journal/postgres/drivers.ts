// The packages that only a journal on PostgreSQL needs: loaded when one is opened.
import type * as Pg from 'pg';
import type * as PgBoss from 'pg-boss';
import { CourierError } from '../../errors.ts';

/** What is used of pg. */
export type PgModule = Pick<typeof Pg, 'Client' | 'Pool' | 'types'>;

export interface Drivers { pg: PgModule; boss: typeof PgBoss }

const missing = (error: unknown): boolean => ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Throws DRIVER_MISSING. */
export const loadDrivers = async (load: (name: string) => Promise<unknown> = (name) => import(name)): Promise<Drivers> => {
  try {
    // pg is CommonJS: its named exports are those of the default one.
    const pg = await load('pg') as { default: PgModule };
    const boss = await load('pg-boss') as typeof PgBoss;
    return { pg: pg.default, boss };
  } catch (error) {
    if (missing(error)) throw new CourierError('DRIVER_MISSING', { cause: error });
    throw error;
  }
};
