// Who a message is while it is in the flow. Nodes that return a new object lose `msg.direct`, but not the async context.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { CourierMessage, DirectIdentity } from '../0-order/message.ts';

/** One emission of one message. */
export type Traveller = DirectIdentity & { journal: string; run: number };

/** Null: outside of any message, whatever was before. */
const context = new AsyncLocalStorage<Traveller | null>();

/** Everything that `work` sets off, however late, belongs to this message. */
export const within = <Outcome>(direct: Traveller | null, work: () => Outcome): Outcome => context.run(direct, work);

/** The message whose emission set off what runs now. Shared timers and connections can make it another's: see `recall`. */
export const carried = (): Traveller | undefined => context.getStore() ?? undefined;

export const isTraveller = (direct: unknown): direct is Traveller => {
  const { id, journal, run } = (direct ?? {}) as Partial<Traveller>;
  return typeof id === 'string' && typeof journal === 'string' && typeof run === 'number';
};

/** What our stages put on a message besides its identity. Without a certain identity nobody knows whose it is. */
const WORK: readonly (keyof CourierMessage)[] = ['recipients', 'recipient', 'images', 'pdf', 'cda', 'documents', 'mail'];

export const holdsWork = (msg: CourierMessage): boolean => WORK.some((key) => msg[key] !== undefined);

export const keyOf = ({ journal, id }: Pick<Traveller, 'journal' | 'id'>): string => `${journal} ${id}`;
