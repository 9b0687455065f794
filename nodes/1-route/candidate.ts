// A candidate: somebody whom the order or the table names, before the policy has spoken.
import type { Level, Recipient, RouteExplanation } from '../0-order/message.ts';
import type { Wishes } from './delivery-wishes.ts';

export type Considered = RouteExplanation['considered'][number];

export interface Candidate {
  /** As it goes on unless the policy leaves it out. */
  recipient: Recipient;
  /** Switched off: takes no part in the policy and stays SUPPRESSED. */
  off: boolean;
  /** What the same source also named, and why that was not used. */
  aside: Considered[];
}

type Named = Pick<Recipient, 'level' | 'source' | 'why'> & Wishes & Partial<Pick<Recipient, 'address' | 'npi'>>;

const recipientOf = (named: Named, state: Recipient['state'], code: string | null): Recipient =>
  ({ alsoFrom: [], address: null, npi: null, ...named, state, code, warnings: [] });

export const named = (who: Named, aside: Considered[] = []): Candidate =>
  ({ recipient: recipientOf(who, 'RESOLVING', null), off: false, aside });

export const unusable = (who: Named, code: 'ADDRESS_INVALID' | 'ADDRESS_NOT_DIRECT'): Candidate =>
  ({ recipient: recipientOf(who, 'UNRESOLVED', code), off: false, aside: [] });

export const switchedOff = (who: Named): Candidate =>
  ({ recipient: recipientOf(who, 'SUPPRESSED', 'LEVEL_OFF'), off: true, aside: [] });

export const considered = ({ level, source, why, state }: Recipient): Considered =>
  ({ level, source, used: state === 'RESOLVING', why });

export const unused = (level: Level, source: string, why: string): Considered => ({ level, source, used: false, why });
