// One attempt at handing a claimed mail over, up to knowing whose fault it is when that does not work.
import type { ClaimedDelivery } from '../journal/port.ts';
import type { Setback, Transport, TransportOutcome } from './types.ts';

/** Deliveries that were under way when their account was found at fault: what brought it down may have been one of them. */
export type Suspects = Set<string>;

type Mail = Pick<ClaimedDelivery, 'deliveryId' | 'from' | 'to' | 'raw'>;

/** The account's fault, but for a mail that was under way the last time too: that one is tried again later, at its own cost. */
const blame = (broken: Setback, fault: Pick<Setback, 'code' | 'response'>, { deliveryId }: Mail, suspects: Suspects): Setback => {
  if (suspects.has(deliveryId)) return broken;
  suspects.add(deliveryId);
  return { ...broken, kind: 'account', code: fault.code, response: fault.response };
};

/**
 * A connection that is lost during the exchange says nothing about the mail, unless it is lost for this mail alone. So the account is
 * probed at once: if it works, the mail goes again over a fresh connection, and a second loss is its own. If it does not, the account
 * is at fault; but a mail that was under way each time the HISP went down may be what brings it down, and counts its attempts from the
 * second time on. Thus no outage uses up the attempts of the mails that it meets, and no mail stops an account for ever.
 */
export const tryDelivery = async (transport: Transport, mail: Mail, suspects: Suspects): Promise<TransportOutcome> => {
  const first = await transport.send(mail);
  if (first.kind !== 'doubtful') {
    // An account that was at fault before the mail began tells nothing of it: a suspicion stays.
    if (first.kind !== 'account') suspects.delete(mail.deliveryId);
    return first;
  }
  const probed = await transport.probe();
  if (!probed.ok) return blame(first, probed, mail, suspects);
  const second = await transport.send(mail);
  if (second.kind === 'account') return blame(first, second, mail, suspects);
  if (second.kind !== 'doubtful') suspects.delete(mail.deliveryId);
  return second.kind === 'accepted' ? second : { ...second, seen: first.seen || second.seen };
};
