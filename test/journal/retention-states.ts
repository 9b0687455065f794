import { expect } from 'chai';
import fc from 'fast-check';
import { isCourierError } from '../../nodes/errors.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { isTerminal } from '../../nodes/journal/states.ts';
import { ACCOUNT, accepted, type Bench, mailFor, notice, type OpenBench, raw, recipient, resend } from './fixtures.ts';
import { DAY, dryRun, type Life, pruneAll, rateAll, started } from './keeping.ts';

type Step =
  | { kind: 'start' | 'confirm' | 'fail' | 'cancel' | 'hold' | 'release' | 'resend' | 'rerun'; which: number }
  | { kind: 'send' | 'rate' | 'prune' }
  | { kind: 'wait'; days: number };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('start' as const), which: fc.nat() }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constantFrom('confirm', 'confirm', 'fail', 'cancel', 'hold', 'release', 'resend', 'rerun' as const), which: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('send', 'send', 'rate', 'prune', 'prune' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('wait' as const), days: fc.constantFrom(1, 29, 31, 151, 2_380) }) },
);

/** A resend is queued at once, to another recipient. */
const resendOne = async (journal: Journal, number: string, lives: Life[]): Promise<void> => {
  const { ready, inputId } = await journal.resendResult(resend({ Order: { LocalId: number } }), raw(`resend ${lives.length}`));
  if (ready === undefined) return;
  const to = 'again@direct.lakeside.example';
  const [planned] = await journal.planRecipients(ready.direct.id, [recipient({ address: to })]);
  await journal.enqueue(mailFor(planned!.id!, { to }));
  lives.push({ messageId: ready.direct.id, deliveryId: planned!.id!, inputId, orderInputId: lives[0]!.orderInputId });
};

/** What a person runs again is a linked message, unless it is refused. */
const rerunOne = async (journal: Journal, life: Life, lives: Life[]): Promise<void> => {
  const made = await journal.rerun({ messageId: life.messageId, from: lives.length % 2 === 0 ? 'seal-mail' : 'build-cda', actor: 'a', reason: 'b' })
    .catch((error: unknown) => { if (!isCourierError(error)) throw error; });
  if (made?.linked !== true) return;
  for (const { id, address } of await journal.planRecipients(made.messageId, [])) {
    await journal.saveDocument(made.messageId, { id: `doc-${made.messageId}`, profile: 'a', data: Buffer.from(`document ${made.messageId}`), warnings: [] });
    await journal.enqueue(mailFor(id!, { to: address! }));
    lives.push({ ...life, messageId: made.messageId, deliveryId: id! });
  }
};

const takeStep = async ({ journal, clock }: Bench, step: Step, lives: Life[], numbers: string[]): Promise<void> => {
  const life = 'which' in step && lives.length > 0 ? lives[step.which % lives.length]! : undefined;
  const by = { actor: 'a', reason: 'b' };
  switch (step.kind) {
    case 'start':
      numbers.push(`ORD${numbers.length}`);
      lives.push(await started(journal, numbers.at(-1)!));
      return;
    case 'send':
      for (const { deliveryId, attempt } of await journal.claimDue([ACCOUNT], 2)) await journal.settleAttempt(deliveryId, attempt, accepted);
      return;
    case 'rate': return rateAll(journal, clock.now());
    case 'wait': return clock.turn(step.days * DAY);
    case 'prune': return;
  }
  if (life === undefined) return;
  const delivery = await journal.delivery(life.deliveryId);
  const change = { recipient: delivery?.recipient ?? 'nobody@direct.lakeside.example' };
  switch (step.kind) {
    case 'confirm':
      await journal.applyNotice(notice(life.deliveryId, 'processed', change));
      await journal.applyNotice(notice(life.deliveryId, 'dispatched', change));
      return;
    case 'fail': return void await journal.applyNotice(notice(life.deliveryId, 'failed', change));
    case 'cancel': return void await journal.act({ kind: 'cancel', deliveries: { ids: [life.deliveryId] }, ...by });
    case 'hold': return void await journal.act({ kind: 'legal-hold', messageId: life.messageId, ...by });
    case 'release': return void await journal.act({ kind: 'legal-release', messageId: life.messageId, ...by });
    case 'rerun': return rerunOne(journal, life, lives);
    case 'resend': return resendOne(journal, numbers[step.which % numbers.length]!, lives);
  }
};

/** What somebody may still need: held, or with something under way. */
const needed = async (journal: Journal, life: Life): Promise<boolean> => {
  const [message, delivery] = [await journal.message(life.messageId), await journal.delivery(life.deliveryId)];
  return message?.legalHold === true || (delivery !== null && !isTerminal(delivery.state));
};

const contentsOf = async (journal: Journal, { messageId, deliveryId, inputId }: Life) => [
  await journal.mail(deliveryId), await journal.rawInput(inputId), await journal.report(messageId), (await journal.latestDocument(messageId))?.data,
  (await journal.readyMessage(messageId))?.order.patient?.localId,
];

/** Pruning against any history. */
export const retentionStates = (open: OpenBench, runs: number): void => {
  it('whatever has happened: takes what it told, and nothing that anybody may need', async function () {
    this.timeout(120_000);
    let taken = 0;
    await fc.assert(fc.asyncProperty(fc.array(STEP, { minLength: 25, maxLength: 60 }), async (steps) => {
      const bench = await open();
      const [lives, numbers]: [Life[], string[]] = [[], []];
      try {
        for (const step of steps) {
          await takeStep(bench, step, lives, numbers);
          if (step.kind !== 'prune') continue;
          const open = [];
          for (const life of lives) if (await needed(bench.journal, life)) open.push({ life, before: await contentsOf(bench.journal, life) });
          const told = await dryRun(bench.journal);
          expect(await pruneAll(bench.journal)).to.deep.equal(told);
          expect((await dryRun(bench.journal)).counts).to.deep.equal({});
          for (const { life, before } of open) expect(await contentsOf(bench.journal, life)).to.deep.equal(before);
          taken += told.counts['contents'] ?? 0;
        }
        expect(await bench.journal.verify()).to.deep.include({ ok: true });
      } finally {
        await bench.end();
      }
    }), { numRuns: runs });
    expect(taken).to.be.greaterThan(0);
  });
};
