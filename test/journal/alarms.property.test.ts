import { expect } from 'chai';
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AlertRecord, Journal } from '../../nodes/journal/port.ts';
import { ACCOUNT, accepted, DEADLINE, mailFor, notice, openFile, order, raw, recipient, result } from './fixtures.ts';

const BY = { actor: 'ops', reason: 'made up' } as const;
const REPEAT = 900_000;
const ALARMING = ['UNRESOLVED', 'FAILED', 'DEAD', 'UNCONFIRMED', 'HELD'];
const HANDED_OFF = ['UNRESOLVED', 'FAILED', 'DEAD'];
const DELIVERIES = 2;

type Step =
  | { do: 'enqueue' | 'end' | 'hold' | 'release' | 'cancel' | 'acknowledge' | 'notices' | 'redirect'; of: number }
  | { do: 'attempt'; outcome: 'accepted' | 'refused' | 'dead' | 'hold' | 'again' }
  | { do: 'deadline' | 'tell' | 'forget' | 'reopen' | 'stop' | 'acknowledge message' | 'rerun' };

const steps = fc.array(fc.oneof(
  fc.record({
    do: fc.constantFrom('enqueue', 'enqueue', 'end', 'hold', 'release', 'cancel', 'acknowledge', 'notices', 'redirect'), of: fc.nat(DELIVERIES - 1),
  }),
  fc.record({ do: fc.constant('attempt'), outcome: fc.constantFrom('accepted', 'refused', 'dead', 'hold', 'again') }),
  fc.record({ do: fc.constantFrom('deadline', 'tell', 'tell', 'forget', 'reopen', 'stop', 'acknowledge message', 'rerun') }),
), { minLength: 1, maxLength: 25 }) as fc.Arbitrary<Step[]>;

/** One emergent message, whatever happens to it. */
const play = async (file: string, script: Step[]): Promise<void> => {
  let now = Date.UTC(2026, 0, 6);
  let journal: Journal = await openFile(file, { now: () => now });
  await journal.storeOrder(order(), raw(), true);
  const { messageId } = await journal.acceptResult(result({ Gradings: { Emergent: true } }), raw(), null);
  const plan = await journal.planRecipients(messageId, Array.from({ length: DELIVERIES }, (_, index) => recipient({ address: `r${index}@direct.lakeside.example` })));
  const ids = plan.map(({ id }) => id!);
  const acknowledged = new Set<string>();
  const handedOff: string[] = [];

  const tell = async (settle = true): Promise<AlertRecord[]> => {
    now += REPEAT;
    const { alerts } = await journal.claimAlerts('n1', [], 99);
    for (const { id } of alerts) expect(acknowledged.has(id), 'an alert that was acknowledged').to.equal(false);
    const { handoffs } = await journal.claimHandoffs('n1', [], false, 99);
    if (!settle) return alerts;
    await journal.settleAlerts(alerts.map(({ id }) => id), REPEAT);
    await journal.settleHandoffs(handoffs.map(({ deliveryId }) => deliveryId));
    handedOff.push(...handoffs.map(({ deliveryId }) => deliveryId));
    return alerts;
  };
  const acknowledge = async (about: object): Promise<void> => {
    for (const id of (await journal.act({ kind: 'acknowledge', ...about, ...BY })).changed) acknowledged.add(id);
  };
  const attempt = async (outcome: string): Promise<void> => {
    for (const { deliveryId, attempt: number } of await journal.claimDue([ACCOUNT], 1)) {
      const code = { code: 'HISP_REFUSED', response: '' };
      await journal.settleAttempt(deliveryId, number, outcome === 'accepted' ? accepted : outcome === 'refused' ? { kind: 'refused', ...code }
        : outcome === 'hold' ? { kind: 'hold', ...code } : { kind: 'temporary', ...code, retryAt: outcome === 'dead' ? null : now });
    }
  };
  const take = async (step: Step): Promise<void> => {
    const id = 'of' in step ? ids[step.of]! : '';
    switch (step.do) {
      case 'enqueue': await journal.enqueue(mailFor(id, { to: `r${'of' in step ? step.of : 0}@direct.lakeside.example` })); break;
      case 'end': await journal.endRecipient(id, 'UNRESOLVED', 'CERT_NONE', 'x'); break;
      case 'hold': case 'release': case 'cancel': await journal.act({ kind: step.do, deliveries: { ids: [id] }, ...BY }); break;
      case 'acknowledge': await acknowledge({ deliveryId: id }); break;
      case 'redirect': await journal.act({ kind: 'redirect', deliveryId: id, address: 'else@direct.lakeside.example', ...BY }); break;
      case 'notices': {
        const to = (await journal.delivery(id))!.recipient!;
        for (const event of ['processed', 'dispatched'] as const) await journal.applyNotice(notice(id, event, { recipient: to }));
        break;
      }
      case 'attempt': await attempt(step.outcome); break;
      case 'deadline': now += DEADLINE + 1; await journal.expireDeadlines(); break;
      case 'tell': await tell(); break;
      case 'forget': await tell(false); break;
      case 'stop': await journal.stopMessage(messageId, 'HELD', 'NO_PDF', 'x'); break;
      case 'acknowledge message': await acknowledge({ messageId }); break;
      case 'rerun': await journal.rerun({ messageId, from: 'lookup-npi', ...BY }); break;
      case 'reopen': await journal.close(); journal = await openFile(file, { now: () => now }); break;
    }
  };
  try {
    for (const step of script) await take(step).catch((error: { code?: string }) => { if (error.code === undefined) throw error; });
    const told = await tell();
    const all = await journal.alerts({ all: true });
    const replaced = new Set<string>();
    for (const delivery of await journal.deliveries()) {
      const [latest] = all.filter(({ deliveryId }) => deliveryId === delivery.id);
      const isOpen = told.some(({ deliveryId }) => deliveryId === delivery.id);
      if (!ALARMING.includes(delivery.state)) expect(isOpen, `${delivery.state} alarms`).to.equal(false);
      else if (latest?.closed == null) expect(isOpen, `${delivery.state} is forgotten`).to.equal(true);
      else if (latest.closed.code === 'PASSED') replaced.add(delivery.id);
    }
    // What a person had sent another way has a successor.
    if (replaced.size > 0) expect(script.some(({ do: what }) => what === 'redirect' || what === 'rerun')).to.equal(true);
    const message = (await journal.message(messageId))!;
    const stopped = all.filter((alert) => alert.messageId === messageId && alert.deliveryId === null);
    if (message.state === 'HELD' || message.state === 'ERROR') expect(stopped[0]!.closed === null || stopped[0]!.closed.code === 'ACKNOWLEDGED').to.equal(true);
    else expect(stopped.every(({ closed }) => closed !== null)).to.equal(true);
    now += REPEAT;
    await tell();
    expect(new Set(handedOff).size, 'handed off once').to.equal(handedOff.length);
    const ended = (await journal.deliveries()).filter(({ id, state }) => HANDED_OFF.includes(state) && !replaced.has(id)).map(({ id }) => id);
    for (const id of ended) if (all.some(({ deliveryId, closed }) => deliveryId === id && closed?.code !== 'PASSED')) expect(handedOff).to.include(id);
  } finally {
    await journal.close();
  }
};

describe('whatever happens to an emergent result', () => {
  it('no alert is forgotten, none is told after somebody has said what was done, and each bad end is handed off once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'courier-alarms-'));
    let serial = 0;
    try {
      await fc.assert(fc.asyncProperty(steps, (script) => play(join(folder, `${serial += 1}.sqlite`), script)), { numRuns: 60 });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }).timeout(180_000);
});
