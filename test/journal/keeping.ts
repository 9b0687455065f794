// Short ways through what is kept and for how long: messages that have ended, and pruning until nothing is left to do.
import { type Journal, type PruneOutcome, RETENTION, type RetentionSettings } from '../../nodes/journal/port.ts';
import { ACCOUNT, accepted, mailFor, notice, order, raw, recipient, result } from './fixtures.ts';

export const DAY = 86_400_000;

const BY = { actor: 'ops', reason: 'a test' };

export const dryRun = (journal: Journal, settings: Partial<RetentionSettings> = {}): Promise<PruneOutcome> =>
  journal.prune({ settings: { ...RETENTION, ...settings }, dryRun: true, ...BY });

/** All batches, summed up. */
export const pruneAll = async (journal: Journal, settings: Partial<RetentionSettings> = {}, by = BY): Promise<PruneOutcome> => {
  const counts: Record<string, number> = {};
  let [bytes, more] = [0, true];
  while (more) {
    const outcome = await journal.prune({ settings: { ...RETENTION, ...settings }, dryRun: false, ...by });
    for (const [name, count] of Object.entries(outcome.counts)) counts[name] = (counts[name] ?? 0) + count;
    bytes += outcome.bytes;
    more = outcome.more;
  }
  return { counts, bytes, more };
};

export interface Life { messageId: string; deliveryId: string; inputId: string; orderInputId: string }

/** Order and result of this number, joined, documented and queued; every content is different from every other's. */
export const started = async (journal: Journal, number: string): Promise<Life> => {
  const { inputId: orderInputId } = await journal.storeOrder(order({ Order: { LocalId: number } }), raw(`order ${number}`), true);
  const { ready, inputId } = await journal.acceptResult(
    result({ Order: { LocalId: number }, ResultsDocument: { Content: Buffer.from(`%PDF-1.4 ${number}`).toString('base64') } }), raw(`result ${number}`), null);
  const messageId = ready!.direct.id;
  const [planned] = await journal.planRecipients(messageId, [recipient()]);
  await journal.saveReport(messageId, Buffer.from(`report ${number}`));
  await journal.saveDocument(messageId, { id: `doc-${number}`, profile: 'a', data: Buffer.from(`document ${number}`), warnings: [] });
  await journal.enqueue(mailFor(planned!.id!));
  return { messageId, deliveryId: planned!.id!, inputId, orderInputId };
};

/** Taken by the HISP, which needs it to be the only one that is due. */
export const handedOver = async (journal: Journal, life: Life): Promise<Life> => {
  for (const claim of await journal.claimDue([ACCOUNT], 1)) await journal.settleAttempt(claim.deliveryId, claim.attempt, accepted);
  return life;
};

/** Delivered, and so at its end. */
export const delivered = async (journal: Journal, number: string): Promise<Life> => {
  const life = await handedOver(journal, await started(journal, number));
  await journal.applyNotice(notice(life.deliveryId, 'processed'));
  await journal.applyNotice(notice(life.deliveryId, 'dispatched'));
  return life;
};

/** Writes the prices of all that is chargeable. */
export const rateAll = async (journal: Journal, at: number): Promise<void> => {
  await journal.appendLedger((await journal.unrated(1_000)).map(({ deliveryId, kind, organization, site, at: chargedAt }) => ({
    deliveryId, kind, organization, site, at: chargedAt, ratedAt: at, amount: '0.25', currency: 'USD' })));
};
