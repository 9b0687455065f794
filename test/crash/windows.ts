// Where a kill fell: what the process had in hand when it ended, told from the trace of its life.
import { existsSync, readFileSync } from 'node:fs';
import type { MailRecord } from '../../nodes/6-hisp/simulator/record.ts';
import type { Death } from './lives.ts';
import { type JournalEvent, POINTS, type Window, WINDOWS } from './points.ts';

/** `sending`: deliveries that it had claimed and not settled; only of those may there be one copy more. */
export interface Fall {
  life: number; kill: Death['kill']; hit: boolean; at: number; windows: Window[]; sending: string[]; inFlow: string[];
  /** Entries of the audit chain: how many were asked for, and how many of them told as kept. */
  looks: { asked: number; kept: number };
}

/** There is none where the process ended before it began; a line that was being written then is cut off. */
const readTrace = (file: string): JournalEvent[] => {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JournalEvent);
};

interface InHand {
  /** Messages: committed and not emitted, or in the flow. */
  accepted: Set<string>; inFlow: Set<string>;
  /** Deliveries: sealed and not queued, claimed (with their Message-IDs) and not settled, accepted and not metered. */
  sealed: Set<string>; sending: Map<string, string>; unmetered: Set<string>;
}

const FLOW_ENDS = ['enqueue', 'endRecipient', 'stopMessage', 'endFlow', 'releaseFlow'];

const enterFlow = ({ accepted, inFlow }: InHand, id: string): void => {
  accepted.delete(id);
  inFlow.add(id);
};

const requested = (hand: InHand, { method, about: [id] }: JournalEvent): void => {
  if (id === undefined) return;
  if (method === 'planRecipients') enterFlow(hand, id);
  if (method === 'enqueue') hand.sealed.add(id);
};

/** A claim tells the deliveries and, after each, its Message-ID with brackets. */
const claimed = ({ sending }: InHand, about: string[]): void => {
  about.forEach((id, index) => { if (id.startsWith('<')) sending.set(about[index - 1]!, id.slice(1, -1)); });
};

const replied = (hand: InHand, { method, about, note }: JournalEvent): void => {
  const [id = ''] = about;
  if (note === 'fault') return;
  if (method === 'acceptResult' && note === 'ready') hand.accepted.add(id);
  if (method === 'claimFlow') for (const message of about) enterFlow(hand, message);
  if (FLOW_ENDS.includes(method)) for (const message of about) hand.inFlow.delete(message);
  if (method === 'enqueue') hand.sealed.delete(id);
  if (method === 'claimDue') claimed(hand, about);
  if (method === 'settleAttempt') {
    hand.sending.delete(id);
    if (note === 'accepted') hand.unmetered.add(id);
  }
  if (method === 'appendLedger') for (const delivery of about) hand.unmetered.delete(delivery);
};

/** A kill at a named point counts for the point's own window in any case. */
export const fallOf = ({ life, trace, kill, hit, at }: Death, taken: MailRecord[]): Fall => {
  const hand: InHand = { accepted: new Set(), inFlow: new Set(), sealed: new Set(), sending: new Map(), unmetered: new Set() };
  const events = readTrace(trace);
  for (const event of events) (event.side === 'request' ? requested : replied)(hand, event);
  const arrived = new Set(taken.filter((mail) => mail.at <= at).map(({ messageId }) => messageId));
  const met: Record<Window, boolean> = {
    'after commit before emit': hand.accepted.size > 0,
    'inside the flow': hand.inFlow.size > 0,
    'after seal before queue': hand.sealed.size > 0,
    'after the final dot before commit': [...hand.sending.values()].some((mail) => arrived.has(mail)),
    'after acceptance before the fee': hand.unmetered.size > 0,
  };
  const aimed = kill.kind === 'point' && hit ? POINTS[kill.point]!.window : 'elsewhere';
  return {
    life, kill, hit, at, windows: WINDOWS.filter((window) => met[window] || window === aimed),
    sending: [...hand.sending.keys()], inFlow: [...hand.inFlow],
    looks: {
      asked: events.filter(({ side, method }) => method === 'act' && side === 'request').length,
      kept: events.filter(({ side, method, note }) => method === 'act' && side === 'reply' && note !== 'fault').length,
    },
  };
};
