// From an opened notification to what the journal is told: who may speak for a recipient, and what makes two notices the same.
import { createHash } from 'node:crypto';
import type { OpenedMail } from '../5-smime/types.ts';
import type { DeliveryNotice } from '../journal/port.ts';
import { domainOf } from '../mail/mail-address.ts';
import type { Notice } from './types.ts';

type Signer = NonNullable<OpenedMail['signer']>;

/**
 * Only the recipient's own side may say what became of a mail to it: the signer is bound to the recipient's domain.
 * An MDN may also be signed for exactly the recipient's address; a DSN, which comes from a postmaster, for any address there.
 */
export const isAuthentic = ({ kind, recipient }: Notice, signer: Pick<Signer, 'domains' | 'addresses'>): boolean => {
  if (recipient === '') return false;
  const domain = domainOf(recipient);
  if (signer.domains.some((bound) => bound.toLowerCase() === domain)) return true;
  return signer.addresses.some((bound) => kind === 'dsn' ? domainOf(bound) === domain : bound.toLowerCase() === recipient);
};

/**
 * What a notice says is its key: told again, in whatever wrapping, it is no news. One that only a mailbox vouches for has a key of its own:
 * it may say nothing about deliveries over other accounts, so it must not make the signed one a repetition either.
 */
const keyOf = ({ kind, originalMessageId, recipient, event, detail }: Notice, account: string | undefined): string => {
  const said = [kind, originalMessageId, recipient, event, detail, ...(account === undefined ? [] : [account])];
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
};

/** `account`: the one in whose mailbox it lay, plain; absent where it was signed. */
export const deliveryNotice = (notice: Notice, raw: Uint8Array, account?: string): DeliveryNotice =>
  ({ ...notice, key: keyOf(notice, account), raw, ...(account !== undefined && { account }) });
