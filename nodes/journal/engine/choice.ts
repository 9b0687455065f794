// Whom a person chose when running a message again, as marks: the recipients of the new plan are told by them.
import type { Recipient } from '../../0-order/message.ts';
import { addressMark, type DeliveryRow, detailsOf } from './deliveries.ts';
import type { Store } from './store.ts';

const hex = (mark: Uint8Array): string => Buffer.from(mark).toString('hex');

/** An NPI is no address, so that one kind of mark serves both. */
const marksFor = (store: Store, { address, npi }: Pick<Recipient, 'address' | 'npi'>): string[] => [
  ...(address === null ? [] : [hex(addressMark(store, address))]),
  ...(npi === null ? [] : [hex(addressMark(store, `npi:${npi.trim()}`))]),
];

export const marksOf = async (store: Store, rows: readonly DeliveryRow[]): Promise<string[]> => {
  const marks: string[] = [];
  for (const row of rows) marks.push(...marksFor(store, await detailsOf(store, row)));
  return [...new Set(marks)];
};

/** Those who were not chosen stay in the plan, and get nothing. */
export const onlyChosen = (store: Store, chosen: ReadonlySet<string>, recipients: readonly Recipient[]): Recipient[] => recipients.map((recipient) =>
  recipient.state !== 'RESOLVING' || marksFor(store, recipient).some((mark) => chosen.has(mark)) ? recipient
    : { ...recipient, state: 'SUPPRESSED', code: 'NOT_CHOSEN' });
