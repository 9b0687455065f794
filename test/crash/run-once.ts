// One run over the same exams: undisturbed, or with kills. It ends when everything is at rest, with what the journal and the HISP know.
import { setTimeout as pause } from 'node:timers/promises';
import type { MailRecord } from '../../nodes/6-hisp/simulator/record.ts';
import type { Exam } from './cases.ts';
import type { Outcome } from './child.ts';
import type { JournalPlace } from './drivers.ts';
import { createLives, type Death, type Lives, type Survivor } from './lives.ts';
import { freePort, type Place } from './place.ts';
import type { Kill } from './schedule.ts';
import { type Acknowledged, type Sender, startSender } from './sender.ts';
import { type Fall, fallOf } from './windows.ts';

/** `settled`: everything came to rest. `seconds`: until the last kill, and from there until rest. */
export interface Ended {
  outcome: Outcome; taken: MailRecord[]; acknowledged: Acknowledged[]; falls: Fall[]; settled: boolean; seconds: { kills: number; rest: number };
}

export interface RunOptions {
  place: Place; name: string; exams: Exam[]; kills: Kill[]; journal: JournalPlace;
  /** Nothing moved for that long although something should: given up. */
  patienceMs: number;
  progress(text: string): void;
}

const REST_LOOK_MS = 300;
/** A notification may still come for what has ended already: it proves an acceptance that a kill kept from being known. */
const QUIET_MS = 3000;
const MOVING = ['RESOLVING', 'QUEUED', 'SENDING', 'SENT'];

/** A received message at rest waits for its order. Those are known from the run without kills, so they need not be told apart here. */
const rests = async (survivor: Survivor, waiting: number): Promise<{ rest: boolean; mark: string }> => {
  const counts = await survivor.counts();
  const moving = MOVING.some((state) => (counts.deliveries[state] ?? 0) > 0) || (counts.messages['ROUTED'] ?? 0) > 0;
  const rest = !moving && counts.unrated === 0 && (counts.messages['RECEIVED'] ?? 0) <= waiting;
  return { rest, mark: JSON.stringify(counts) };
};

export const untilRest = async (survivor: Survivor, waiting: number, patienceMs: number): Promise<boolean> => {
  for (let [last, since] = ['', Date.now()]; ;) {
    const { rest, mark } = await rests(survivor, waiting);
    if (rest && mark === last && Date.now() - since >= QUIET_MS) return true;
    if (mark !== last) [last, since] = [mark, Date.now()];
    else if (Date.now() - since > patienceMs) return false;
    await pause(REST_LOOK_MS);
  }
};

/** Results whose order is held because its organization is unknown. */
const waitingIn = (exams: Exam[]): number => exams.filter(({ kind }) => kind === 'unknown organization').length;

/** Of all exams, what comes in life by life; the rest comes in while a kill waits for what it is aimed at. */
const PLANNED = 0.6;
const TOP_UP_MS = 600;

/** An aim that was missed is tried once more, at its first chance. */
const again = ({ hit, kill }: Death): Kill[] => hit || kill.kind !== 'point' || kill.skip === 0 ? [] : [{ ...kill, skip: 0 }];

const killAll = async (lives: Lives, sender: Sender, { exams, kills, progress }: RunOptions): Promise<void> => {
  const waiting = [...kills];
  const perLife = Math.ceil(PLANNED * exams.length / (kills.length + 1));
  for (let kill = waiting.shift(); kill !== undefined; kill = waiting.shift()) {
    const aimed = kill.kind !== 'instant';
    sender.allow(perLife);
    const topUp = setInterval(() => { sender.allow(aimed ? 1 : 0); }, TOP_UP_MS);
    const death = await lives.live(kill).finally(() => clearInterval(topUp));
    waiting.push(...again(death));
    if (death.life % 20 === 0) progress(`${death.life} kills, ${sender.acknowledged.length} inputs acknowledged`);
  }
};

export const runOnce = async (options: RunOptions): Promise<Ended> => {
  const { place, name, exams, journal, patienceMs } = options;
  const begun = Date.now();
  const port = await freePort(place.root);
  const sender = startSender([`http://127.0.0.1:${port}/`], exams);
  const lives = createLives({ place, name, port, journal, onAnswer: sender.onAnswer });
  try {
    // An answer that no sender should get ends the run.
    await Promise.race([killAll(lives, sender, options), sender.done.then(() => new Promise<never>(() => undefined))]);
    const lastKill = Date.now();
    const survivor = await lives.settle();
    sender.allow(exams.length);
    await Promise.race([sender.done, survivor.ended.then((how) => { throw new Error(`Node-RED ended by itself (${how})`); })]);
    const settled = await untilRest(survivor, waitingIn(exams), patienceMs);
    const outcome = await survivor.outcome();
    await survivor.kill();
    const taken = place.taken();
    const falls = lives.deaths.map((death) => fallOf(death, taken));
    const seconds = { kills: (lastKill - begun) / 1000, rest: (Date.now() - lastKill) / 1000 };
    return { outcome, taken, acknowledged: sender.acknowledged, falls, settled, seconds };
  } finally {
    sender.stop();
  }
};
