// From NPIs to Direct addresses, for all recipients of one result; then one mail per address.
import type { Recipient } from '../0-order/message.ts';
import type { PersonName } from '../0-order/model.ts';
import type { Organization } from '../0-order/organization.ts';
import { withDomainRules } from '../0-order/recipient-domains.ts';
import { mergeRecipients } from '../1-route/merge.ts';
import { type Code, CourierError } from '../errors.ts';
import { type Directory, type LookUpOutcome, unavailableDirectory } from './directory.ts';
import { guarded, type OnMismatch } from './provider-guard.ts';

const CODE_OF: Record<Exclude<LookUpOutcome, 'found'>, Code> = {
  'invalid-npi': 'NPI_INVALID',
  'not-found': 'NPI_NOT_FOUND',
  ambiguous: 'NPI_AMBIGUOUS',
  deactivated: 'NPI_DEACTIVATED',
  temporary: 'DIRECTORY_UNAVAILABLE',
};

export interface LookUpSettings {
  /** The provider as the order names it. */
  provider?: PersonName | undefined;
  /** Whose rules for domains hold for addresses that are found. */
  organization?: Pick<Organization, 'recipientDomains'> | undefined;
  onMismatch: OnMismatch;
}

const STANDARD: LookUpSettings = { onMismatch: 'hold' };

const lookUpOne = (recipient: Recipient, directory: Directory, { provider, onMismatch }: LookUpSettings): Recipient => {
  if (recipient.state !== 'RESOLVING') return recipient;
  if (recipient.address !== null) {
    return recipient.npi === null ? recipient : guarded(recipient, directory.lookUp(recipient.npi), provider, onMismatch);
  }
  const answer = directory.lookUp(recipient.npi ?? '');
  const why = `${recipient.why} ${answer.why}`;
  if (answer.outcome !== 'found') return { ...recipient, state: 'UNRESOLVED', code: CODE_OF[answer.outcome], why };
  return guarded({ ...recipient, npi: answer.npi, address: answer.address!, why }, answer, provider, onMismatch);
};

/**
 * Asks the directory for every recipient that has an NPI, then merges those with the same address: an address that is missing comes from the
 * directory, one that the order gives stays. Without a directory NPIs stay unresolved with DIRECTORY_UNAVAILABLE, and recipients with an address
 * go on. `unresolved` also holds whoever came in without RESOLVING. The organization's rules for domains hold for addresses that were found,
 * too. No two of `resolved` have the same address.
 */
export const lookUpRecipients = (
  recipients: readonly Recipient[], directory: Directory | undefined, settings: LookUpSettings = STANDARD,
): { resolved: Recipient[]; unresolved: Recipient[] } => {
  const asked = directory ?? unavailableDirectory(new CourierError('DIRECTORY_UNAVAILABLE'), 'No directory is configured.');
  const all = mergeRecipients(recipients.map((recipient) => withDomainRules(lookUpOne(recipient, asked, settings), settings.organization)));
  return {
    resolved: all.filter(({ state }) => state === 'RESOLVING'),
    unresolved: all.filter(({ state }) => state !== 'RESOLVING'),
  };
};
