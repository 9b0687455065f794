// The recipient plan in the journal: recorded once, so that a message that runs again reaches the same people.
import type { DirectIdentity, Recipient } from '../0-order/message.ts';
import type { Journal } from '../journal/port.ts';

const NO_ROUTE = 'Neither the order nor the route table names a recipient.';

/**
 * Records whom the route names and returns the plan that holds: an earlier one, if there is one. Nobody named and nothing
 * planned: the message is HELD with NO_ROUTE, and no plan is recorded, so that it can run again once the table is put right.
 */
export const planRoute = async (
  journal: Pick<Journal, 'planRecipients' | 'stopMessage'>, { id, run }: Pick<DirectIdentity, 'id' | 'run'>, recipients: Recipient[],
): Promise<Recipient[]> => {
  const plan = await journal.planRecipients(id, recipients, run);
  if (recipients.length === 0 && plan.length === 0) await journal.stopMessage(id, 'HELD', 'NO_ROUTE', NO_ROUTE, run);
  return plan;
};

/** Those who go on, and those who get nothing: who could not be resolved or is switched off. */
export const splitPlan = (recipients: readonly Recipient[]): { going: Recipient[]; left: Recipient[]; unresolved: boolean } => ({
  going: recipients.filter(({ state }) => state === 'RESOLVING'),
  left: recipients.filter(({ state }) => state !== 'RESOLVING'),
  unresolved: recipients.some(({ state }) => state === 'UNRESOLVED'),
});
