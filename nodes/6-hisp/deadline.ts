// By when notifications must come: the more specific word holds.
import type { SealedMail } from '../0-order/message.ts';
import type { Priority } from '../0-order/model.ts';
import type { Organization } from '../0-order/organization.ts';
import type { HispAccount } from './types.ts';

const MINUTE = 60_000;

/** What holds where an account does not say it: urgent and emergent results are followed up sooner, but never later than routine ones. */
const STANDARD = { urgent: 30 * MINUTE, emergent: 15 * MINUTE } as const;

/** An account's classes in ms. A class without a value of its own has its standard, or that of the class below where this is shorter. */
export const deadlinesOf = ({ routine, urgent, emergent }: { routine: number; urgent?: number; emergent?: number }): HispAccount['deadlines'] => {
  const before = urgent ?? Math.min(routine, STANDARD.urgent);
  return { routine, urgent: before, emergent: emergent ?? Math.min(before, STANDARD.emergent) };
};

export interface DeadlineQuestion {
  /** A row of the route table may have set a deadline for its recipient. */
  mail: Pick<SealedMail, 'deadlineMinutes'>;
  /** As it is in force for the exam's site. */
  organization: Pick<Organization, 'deadlines'> | undefined;
  account: Pick<HispAccount, 'deadlines'>;
  priority: Priority;
}

/** Milliseconds from acceptance: as the recipient's row says, else the organization or site for this class, else the account; whole, at least 1. */
export const deadlineFor = ({ mail, organization, account, priority }: DeadlineQuestion): number => {
  const minutes = mail.deadlineMinutes ?? organization?.deadlines?.[priority];
  return Math.max(1, Math.round(minutes === undefined ? account.deadlines[priority] : minutes * MINUTE));
};
