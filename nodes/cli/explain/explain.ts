// What would become of a result: the same functions as the running flow, in the same order, with nothing sent and nothing stored.
import { randomUUID } from 'node:crypto';
import { priorityOf } from '../../0-order/model.ts';
import { withheld, withholding } from '../../1-route/preliminary.ts';
import { resolveRoute } from '../../1-route/resolve.ts';
import { lookUpRecipients } from '../../2-npi/look-up.ts';
import { reportFor } from '../../3-pdf/choose.ts';
import { buildDocuments } from '../../4-cda/build.ts';
import { messageStateOf } from '../../journal/states.ts';
import { after, type Candidate, candidatesFrom, explained, isOpen, openOnes, withoutBlocked } from './candidates.ts';
import type { Explanation, LookUpExplanation, MessageFate } from './explanation.ts';
import { type Case, faultFate, fateOf, type Question, readQuestion, type Stopped } from './question.ts';
import { seal, send } from './mail-steps.ts';
import type { Setting } from './setting.ts';
import { type Step, stop, type Way } from './way.ts';

const route: Step = async (way, { table, policy, doNotSend }) => {
  const { order, result, organization } = way;
  const { table: rows, trustedDomains, freeMailDomains } = table();
  const found = resolveRoute({ order, result, organization, table: rows(), policy, trustedDomains, freeMailDomains });
  const next = { ...way, candidates: candidatesFrom(found.recipients), considered: found.route.considered, policy: found.route.policy };
  const kept = withheld(result, organization, result?.site.localId ?? order.site.localId);
  if (kept !== null) {
    const { considered } = withholding(found.route, kept);
    return { ...next, candidates: [], considered, fate: fateOf('FILTERED', kept.code, kept.why) };
  }
  if (found.recipients.length > 0) {
    const blocked = await doNotSend();
    return { ...next, blocked, candidates: withoutBlocked(next.candidates, blocked) };
  }
  return stop(next, fateOf('HELD', 'NO_ROUTE', 'Neither the order nor the route table names a recipient.'));
};

const lookUp: Step = async (way, { lookUp: setting }) => {
  if (setting === null) return way;
  const directory = await setting.directory();
  const open = openOnes(way.candidates);
  const answers = new Map<string, LookUpExplanation>();
  for (const { recipient: { id, npi } } of open) {
    const answer = npi === null ? undefined : directory?.lookUp(npi);
    if (answer === undefined) continue;
    const { outcome, row = null, name = null, why } = answer;
    answers.set(id, { npi: answer.npi, outcome, row, name, release: directory!.release, why });
  }
  const { resolved, unresolved } = lookUpRecipients(open.map(({ recipient }) => recipient), directory, {
    provider: way.order.primaryCareProvider?.name, onMismatch: setting.onMismatch, organization: way.organization,
  });
  const found = (candidate: Candidate): string | null => candidate.recipient.address
    ?? directory?.lookUp(candidate.recipient.npi ?? '').address ?? null;
  const candidates = after(way.candidates, [...resolved, ...unresolved], found);
  const answered = candidates.map((candidate) => ({ ...candidate, lookUp: answers.get(candidate.recipient.id) ?? null }));
  return { ...way, candidates: withoutBlocked(answered, way.blocked) };
};

const report: Step = async (way, { pdf }) => {
  const { result, order, organization } = way;
  if (pdf === null || result === undefined) return way;
  const outcome = await reportFor({ result, order, organization, images: undefined }, pdf);
  return outcome.kind === 'held' ? stop(way, fateOf('HELD', outcome.code, outcome.why)) : { ...way, report: outcome.pdf };
};

const document: Step = async (way, { cda }, now) => {
  const { result, order, organization, report: pdf } = way;
  if (cda === null || result === undefined || pdf === null) return way;
  const recipients = openOnes(way.candidates).map(({ recipient }) => recipient);
  const request = { order, result, organization, recipients, pdf: pdf.data };
  return { ...way, made: await buildDocuments(request, cda, { journal: undefined, now, newId: randomUUID }) };
};

const STEPS: readonly Step[] = [route, lookUp, report, document, seal, send];

const goOn = async (way: Way, setting: Setting, now: Date): Promise<Way> => {
  let current = way;
  for (const [index, step] of STEPS.entries()) {
    if (current.fate !== null || (index > 0 && !current.candidates.some(isOpen))) break;
    try {
      current = await step(current, setting, now);
    } catch (error) {
      current = stop(current, faultFate(error));
    }
  }
  return current;
};

const fateOfAll = ({ fate, candidates }: Way): MessageFate => {
  if (fate !== null) return fate;
  const states = candidates.filter(({ mergedInto }) => mergedInto === null).map((candidate) => candidate.fate?.state ?? 'RESOLVING');
  return { state: messageStateOf(states), code: null, why: null };
};

const shownCase = ({ order, result, organization }: Partial<Case>): Pick<Explanation, 'order' | 'site' | 'organization' | 'priority'> => ({
  order: order?.localId ?? null, site: order?.site.localId ?? null, priority: result === undefined ? null : priorityOf(result),
  organization: order === undefined ? null : { clientGuid: order.organization, name: organization?.name ?? null },
});

const unstarted = (stopped: Stopped): Explanation =>
  ({ message: stopped.fate, ...shownCase(stopped), policy: null, candidates: [], report: null, documents: [] });

/** Never throws for what an order, a result or a flow may hold: that is part of the explanation. */
export const explain = async (question: Question, setting: Setting, now: Date): Promise<Explanation> => {
  const asked = readQuestion(question, setting, now.toISOString().slice(0, 10));
  if ('fate' in asked) return unstarted(asked);
  const way = await goOn({ ...asked, candidates: [], considered: [], blocked: [], policy: null, report: null, made: null, fate: null }, setting, now);
  return {
    message: fateOfAll(way), ...shownCase(asked), policy: way.policy, candidates: explained(way.candidates, way.considered),
    report: way.report && { source: way.report.source, warnings: way.report.warnings },
    documents: way.made === null ? []
      : [way.made.cda, ...Object.values(way.made.documents)].map(({ profile, warnings }) => ({ profile, warnings })),
  };
};
