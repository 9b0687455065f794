import { expect } from 'chai';
import fc from 'fast-check';
import { createSender } from '../../nodes/6-hisp/queue-sender.ts';
import type { ProbeOutcome, Setback, Transport, TransportOutcome } from '../../nodes/6-hisp/types.ts';
import { freshJournal, plan, type Planned, queued, removeJournals, until } from './deliveries.ts';
import { account } from './servers.ts';

type Word = 'accept' | 'refuse' | 'later' | 'lost' | 'unknown' | 'down' | 'restart';

const setback = (kind: Setback['kind'], code: Setback['code'], whole = false): Setback => ({ kind, code, response: '', seen: whole, whole });

/** A HISP that does as it is told, word by word, and is well from then on. What it accepted, or may have, is written down. */
const hisp = (words: Word[], log: { to: string; raw: string; word: Word }[]): Transport => {
  let downFor = 0;
  const answers: Record<Word, () => TransportOutcome> = {
    accept: () => ({ kind: 'accepted', response: '250' }),
    refuse: () => setback('refused', 'HISP_REFUSED'),
    later: () => setback('temporary', 'HISP_DEFERRED'),
    lost: () => setback('doubtful', 'HISP_UNREACHABLE'),
    unknown: () => setback('unknown', 'HISP_UNKNOWN', true),
    down: () => { downFor = 2; return setback('account', 'HISP_UNREACHABLE'); },
    restart: () => { downFor = 2; return setback('doubtful', 'HISP_UNREACHABLE'); },
  };
  return {
    send: async ({ to, raw }) => {
      const word = downFor > 0 ? 'down' : words.shift() ?? 'accept';
      const bytes = Buffer.from(raw).toString('base64');
      await new Promise((resolve) => { setImmediate(resolve); });
      log.push({ to, raw: bytes, word });
      return word === 'down' && downFor > 0 ? setback('account', 'HISP_UNREACHABLE') : answers[word]();
    },
    probe: async (): Promise<ProbeOutcome> => downFor-- > 0 ? { ok: false, code: 'HISP_UNREACHABLE', response: 'ECONNREFUSED' } : { ok: true },
    close: () => undefined,
  };
};

describe('the sender, whatever the HISP does', () => {
  afterEach(removeJournals);

  it('property: each delivery ends as the answers about it say, with one set of bytes, charged once if accepted, and no incident stays open', async function () {
    this.timeout(120_000);
    const words = fc.array(fc.constantFrom<Word>('accept', 'refuse', 'later', 'lost', 'unknown', 'down', 'restart'), { maxLength: 14 });
    await fc.assert(fc.asyncProperty(words, fc.integer({ min: 1, max: 3 }), async (script, connections) => {
      const { journal } = await freshJournal();
      const log: { to: string; raw: string; word: Word }[] = [];
      const faults: unknown[] = [];
      const made = createSender(journal, { transportOf: () => hisp([...script], log), now: Date.now, random: Math.random, onFault: (fault) => faults.push(fault) });
      const all: Planned[] = [];
      for (let index = 0; index < 4; index += 1) {
        const planned = await plan(journal, `p${index}@direct.lakeside.example`);
        await journal.enqueue(queued(planned));
        all.push(planned);
      }
      made.useAccount(account({ connections, retryFirstMs: 2, retryMaxMs: 4, probeFirstMs: 2, probeMaxMs: 4, maxAttempts: 100 }));
      await until(async () => {
        const { deliveries } = await journal.counts();
        return (deliveries['SENT'] ?? 0) + (deliveries['FAILED'] ?? 0) === 4;
      }, 20_000);
      await made.stop(500);
      const sent = [];
      for (const { deliveryId, to } of all) {
        const own = log.filter((entry) => entry.to === to);
        const { state, attempts } = (await journal.delivery(deliveryId))!;
        expect(own.at(-1)!.word).to.equal(state === 'SENT' ? 'accept' : 'refuse');
        expect(own.filter(({ word }) => word === 'accept' || word === 'refuse')).to.have.length(1);
        expect(new Set(own.map(({ raw }) => raw)).size).to.equal(1);
        expect(attempts.length).to.be.at.most(own.length);
        if (state === 'SENT') sent.push(deliveryId);
      }
      expect((await journal.unrated(10)).map(({ deliveryId }) => deliveryId)).to.have.members(sent);
      expect((await journal.incidents()).filter(({ resolvedAt }) => resolvedAt === null)).to.deep.equal([]);
      expect(faults).to.deep.equal([]);
      await removeJournals();
    }), { numRuns: 15 });
  });
});
