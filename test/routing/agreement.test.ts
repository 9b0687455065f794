// What the explanation says beforehand and what the running flow then does: the same, field by field, for hundreds of made-up results.
import { expect } from 'chai';
import type { CandidateExplanation, Explanation } from '../../nodes/cli/explain/explanation.ts';
import type { DeliveryRecord, MessageRecord } from '../../nodes/journal/port.ts';
import { removeTemporaryFolders } from '../support/demo.ts';
import { startTestLab, type TestLab } from '../support/lab.ts';
import type { Json } from '../support/samples.ts';
import { BLOCKED, HOUSES, type Input, inputFor, NAMINGS, worldly } from './world.ts';

const CASES = 500;

/** The same cases each time: every naming and every house several times, in ever other company. */
const mix = (n: number): { house: typeof HOUSES[number]; naming: typeof NAMINGS[number]; change: Json } => ({
  house: HOUSES[(n * 37) % HOUSES.length]!, naming: NAMINGS[n % NAMINGS.length]!,
  change: n % 29 === 0 ? { Patient: { Dob: '1/16/1961' } } : n % 31 === 0 ? { Order: { LocalId: 'OTHER' } } : n % 23 === 0 ? { ResultCode: 'P' } : n % 13 === 0 ? { Test: true } : n % 7 === 0 ? { Gradings: { Urgent: true } } : {},
});

const REACHED = ['QUEUED', 'SENDING', 'SENT', 'PROCESSED', 'DELIVERED'];

/** A delivery in the words of an explanation. */
const asExplained = (delivery: DeliveryRecord) => ({
  level: delivery.level, alsoFrom: delivery.alsoFrom, source: delivery.source, address: delivery.recipient, npi: delivery.npi,
  state: REACHED.includes(delivery.state) ? 'QUEUED' : delivery.state, code: delivery.code, why: delivery.why, finalDelivery: delivery.finalDelivery,
  certificates: delivery.evidence?.recipientCertificates ?? [], anchor: delivery.evidence?.anchor ?? null, from: delivery.from, account: delivery.account,
  deadlineMinutes: delivery.acceptedAt === null ? null : (delivery.deadlineAt! - delivery.acceptedAt) / 60_000,
  warnings: delivery.warnings, fee: delivery.fee,
});

const asDelivered = (candidate: CandidateExplanation): ReturnType<typeof asExplained> => {
  const { level, alsoFrom, source, address, npi, state, code, why, finalDelivery, certificate, from, account, deadlineMinutes, warnings, fee } = candidate;
  const sent = state === 'QUEUED';
  // The message is stopped before its mails are stored: the journal does not know what the explanation found about them.
  const stored = code !== 'TEST_TRAFFIC';
  return {
    level, alsoFrom, source, address, npi, state: state!, code, why, finalDelivery: finalDelivery!, certificates: stored ? certificate.certificates : [],
    anchor: stored ? certificate.anchor : null, from, account: stored ? account : null, deadlineMinutes: sent ? deadlineMinutes : null,
    warnings: stored ? warnings : warnings.filter(({ code: found }) => !found.startsWith('CDA_')),
    fee: sent && fee !== null ? { amount: fee.amount, currency: fee.currency } : null,
  };
};

const inOrder = <Row extends { level: string; source: string }>(rows: Row[]): Row[] =>
  [...rows].sort((a, b) => `${a.level} ${a.source}` < `${b.level} ${b.source}` ? -1 : 1);

/** Whoever may read flows may ask. */
const READER = { adminAuth: { type: 'credentials', users: [], default: { permissions: 'read' } } };

describe('the explanation and the run that follows', function () {
  this.timeout(300_000);
  let lab: TestLab;
  before(async () => { lab = await startTestLab((flows) => worldly(flows), READER); });
  after(async () => {
    await lab.stop();
    removeTemporaryFolders();
  });

  const ask = async ({ order, result }: Input): Promise<Explanation> => {
    const answer = await fetch(`${lab.engine.url}direct/route/explain`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ order, result }),
    });
    return await answer.json() as Explanation;
  };

  const isOver = ({ state, code }: MessageRecord, deliveries: DeliveryRecord[]): boolean =>
    (state !== 'RECEIVED' || code !== null) && deliveries.every((one) => !['RESOLVING', 'QUEUED', 'SENDING', 'SENT'].includes(one.state)
      && (!['PROCESSED', 'DELIVERED'].includes(one.state) || one.fee !== null));

  it(`agree on ${CASES} results`, async () => {
    const cases = Array.from({ length: CASES }, (_, n) => ({ n, ...mix(n) })).map((one) => ({ ...one, input: inputFor(one.n, one.house, one.naming, one.change) }));
    for (const entry of BLOCKED) await lab.journal.act({ kind: 'block', ...entry, actor: 'A. Person', reason: 'left the practice' });
    const before = new Map<number, Explanation>();
    for (const { n, input } of cases) before.set(n, await ask(input));
    expect(await lab.journal.inputs(), 'nothing is stored by asking').to.deep.equal([]);
    expect(lab.network.count(), 'nothing is sent by asking').to.equal(0);

    const ids = new Map<number, string>();
    for (const { n, input } of cases) {
      await lab.post(`${n}-order.json`, input.order);
      ids.set(n, String((await lab.post(`${n}-result.json`, input.result)).body['message']));
    }
    for (const { n, house, naming } of cases) {
      const id = ids.get(n)!;
      const { message, deliveries } = await lab.until(`the end of case ${n}`, async (journal) => {
        const found = { message: (await journal.message(id))!, deliveries: await journal.deliveries({ messageId: id }) };
        return isOver(found.message, found.deliveries) && found;
      });
      const said = before.get(n)!;
      const about = `case ${n}: ${naming.what}; ${JSON.stringify(house)}`;
      expect(inOrder(deliveries.map(asExplained)), about).to.deep.equal(inOrder(said.candidates.filter(({ state }) => state !== null).map(asDelivered)));
      const state = said.message.state === 'ROUTED' && message.state !== 'ROUTED' ? message.state : said.message.state;
      expect({ state: message.state, code: message.code, why: message.why }, about).to.deep.equal({ ...said.message, state });
    }
    const states = new Set([...before.values()].flatMap(({ candidates }) => candidates.map(({ state, code }) => `${state} ${code}`)));
    expect([...states].sort().join(', '), 'what was tried').to.include('QUEUED null').and.include('UNRESOLVED NPI_AMBIGUOUS').and.include('null MERGED')
      .and.include('HELD NAME_MISMATCH').and.include('HELD TEST_TRAFFIC').and.include('SUPPRESSED DO_NOT_SEND');
  });
});
