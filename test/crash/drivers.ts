// The journal's two drivers as the test sees them: a place of its own for each run.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { JournalLocation } from '../../nodes/journal/location.ts';
import { freshSchema } from '../support/postgres.ts';

/** `node`: properties of the journal node that lead to `location`, with this environment. */
export interface JournalPlace { location: JournalLocation; node: Record<string, unknown>; environment: Record<string, string> }

export interface Driver {
  name: 'sqlite' | 'postgres';
  make(userDir: string): Promise<{ journal: JournalPlace; remove(): Promise<void> }>;
}

/** A demonstration's journal demands no acknowledged backup of its key. */
const environment = (): Record<string, string> => ({ DIRECT_JOURNAL_DEMO: '1', DIRECT_JOURNAL_KEY: randomBytes(32).toString('base64') });

export const sqlite: Driver = {
  name: 'sqlite',
  make: async (userDir) => ({
    journal: { location: join(userDir, 'direct-courier', 'journal.sqlite'), node: {}, environment: environment() },
    remove: async () => undefined,
  }),
};

/** Each run has a schema of its own. */
export const postgres = (url: string): Driver => ({
  name: 'postgres',
  make: async () => {
    const { schema, drop } = freshSchema(url);
    return {
      journal: {
        location: { kind: 'postgres', url, backend: 'postgres', schema },
        node: { storage: 'postgres', backend: 'postgres', schema },
        environment: { ...environment(), DIRECT_JOURNAL_URL: url },
      },
      remove: drop,
    };
  },
});
