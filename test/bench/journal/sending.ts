// A process that opens a journal and sends what is queued there, by the product's own sender over a transport that takes some time.
import { setTimeout as pause } from 'node:timers/promises';
import type * as SenderModule from '../../../nodes/6-hisp/queue-sender.ts';
import type { HispAccount, Transport } from '../../../nodes/6-hisp/types.ts';
import type { JournalLocation } from '../../../nodes/journal/location.ts';
import { built } from '../built.ts';
import { account, benchJournal } from './scene.ts';

interface Task { location: JournalLocation; seconds: number; answerMs?: number }

const rss = (): number => process.memoryUsage.rss() / 1e6;

const transportOf = (answerMs: number, onSend: () => void) => (_account: HispAccount): Transport => ({
  send: async () => {
    onSend();
    if (answerMs > 0) await pause(answerMs);
    return { kind: 'accepted', response: '250 2.0.0 Ok' };
  },
  probe: async () => ({ ok: true }),
  close: () => undefined,
});

const send = async ({ location, seconds, answerMs = 0 }: Task): Promise<void> => {
  const { createSender } = await built<typeof SenderModule>('6-hisp/queue-sender');
  const before = rss();
  const start = performance.now();
  let [sends, first, peak] = [0, 0, before];
  const journal = await benchJournal(location);
  let accepted = 0;
  journal.subscribe(({ chargeable }) => { if (chargeable) accepted += 1; });
  const sender = createSender(journal, {
    transportOf: transportOf(answerMs, () => {
      if ((sends += 1) === 1) first = performance.now() - start;
    }),
    now: Date.now, random: Math.random, onFault: (fault) => { throw fault; },
  });
  const watching = setInterval(() => { peak = Math.max(peak, rss()); }, 50);
  sender.useAccount(account);
  process.send?.({ opened: true });
  await pause(seconds * 1000);
  clearInterval(watching);
  const span = (performance.now() - start - first) / 1000;
  process.send?.({ firstSendMs: first, rssGrowthMb: peak - before, perSecond: accepted / span, accepted });
  await sender.stop();
  await journal.close();
};

process.once('message', (task) => {
  void send(task as Task).finally(() => process.disconnect());
});
