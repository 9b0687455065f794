// Looks after the messages in the flow: asks the journal which of them are still open, and settles those that have come to rest,
// were lost, or must be handed out again.
import { setTimeout as delay } from 'node:timers/promises';
import { isCourierError, sentence } from '../errors.ts';
import type { Journal } from '../journal/port.ts';
import { type Flight, type Flights, forget, giveBack } from './flights.ts';
import { within } from './identity.ts';
import { judge, type Runtime, type Verdict } from './verdict.ts';

export interface KeeperTools {
  flights: Flights;
  runtime: Runtime;
  /** Told of each fault of a journal, and with undefined when it answers again; the keeper goes on by itself. */
  onFault: (fault: unknown) => void;
}

export interface Keeper {
  /** Something may have ended: look soon. */
  wake(): void;
  /** Gives back what an order in node has in the flow, as soon as no stage works on it; waits for that for a while. */
  handBack(entry: string): Promise<void>;
}

const SWEEP_MS = 250;
/** Stages are noted for people, so not at once. */
const NOTE_MS = 3000;
/** How often messages are asked about of which nothing was heard. */
const ASK_MS = 5000;
/** Less than Node-RED gives a node to close. */
const HAND_BACK_MS = 10_000;
/** After a fault of a journal. */
const PAUSE = { first: 1000, max: 30_000 };

const isOvertaken = (error: unknown): boolean => isCourierError(error) && error.code === 'FLOW_OVERTAKEN';

const noteStages = async (journal: Journal, flights: Flight[]): Promise<void> => {
  const news = flights.filter(({ stage, noted }) => stage !== null && stage !== noted);
  if (news.length === 0) return;
  await journal.noteStages(news.map(({ direct: { id, run }, stage }) => ({ messageId: id, run, stage: stage! })));
  for (const flight of news) flight.noted = flight.stage;
};

const settle = async (flight: Flight, verdict: Exclude<Verdict, 'wait'>): Promise<void> => {
  const { journal, direct: { id, run }, place, failedAt } = flight;
  switch (verdict) {
    case 'return': return journal.releaseFlow(id, run, false);
    case 'lost':
      // The sentence about the loss names the last stage.
      await noteStages(journal, [flight]);
      return journal.releaseFlow(id, run, true);
    case 'failed': return journal.stopMessage(id, 'ERROR', 'FLOW_FAILED', `${failedAt}: ${sentence('FLOW_FAILED')}`, run);
    case 'rest': return journal.endFlow(id, run, place === '' ? 'order in' : place);
  }
};

/** Of one journal: who has ended is forgotten, the others are judged. */
const attend = async (journal: Journal, asked: Flight[], verdictOn: (flight: Flight) => Verdict, flights: Flights): Promise<void> => {
  if (asked.length === 0) return;
  for (const flight of asked) flight.news = false;
  const open = new Set(await journal.openFlows(asked.map(({ direct: { id, run } }) => ({ messageId: id, run }))));
  for (const flight of asked) {
    const isOpen = open.has(flight.direct.id);
    const verdict = verdictOn(flight);
    // A stage that works on one that had ended may be about to take it back into the flow.
    if (verdict === 'wait' && (isOpen || flight.working > 0)) continue;
    if (isOpen && verdict !== 'wait') await settle(flight, verdict).catch((error: unknown) => { if (!isOvertaken(error)) throw error; });
    forget(flights, flight);
  }
};

const byJournal = (flights: Flights): [Journal, Flight[]][] => {
  const all = [...flights.byKey.values()];
  const journals = new Set(all.map(({ journal }) => journal));
  return [...journals].map((journal) => [journal, all.filter((flight) => flight.journal === journal)]);
};

/** One journal at a time must not hold up another: each has its own pace. */
interface Pace { busy: boolean; again: boolean; pause: number; resumeAt: number; notedAt: number; askedAt: number }

const createPaces = (now: () => number): ((journal: Journal) => Pace) => {
  const paces = new WeakMap<Journal, Pace>();
  return (journal) => {
    const pace = paces.get(journal) ?? { busy: false, again: false, pause: 0, resumeAt: 0, notedAt: now(), askedAt: now() };
    paces.set(journal, pace);
    return pace;
  };
};

const visit = async (journal: Journal, own: Flight[], pace: Pace, { flights, runtime }: KeeperTools): Promise<void> => {
  const verdictOn = (flight: Flight): Verdict => judge(flight, runtime, { at: flights.now(), hooked: flights.hooked });
  const now = flights.now();
  const all = now - pace.askedAt >= ASK_MS;
  if (all) pace.askedAt = now;
  await attend(journal, own.filter((flight) => all || flight.news || verdictOn(flight) !== 'wait'), verdictOn, flights);
  if (now - pace.notedAt < NOTE_MS) return;
  pace.notedAt = now;
  await noteStages(journal, own);
};

/** A journal that a deploy has closed never answers again; the one that took its place does. */
const rehome = ({ journals }: Flights, own: Flight[]): void => {
  for (const flight of own) flight.journal = journals.get(flight.direct.journal) ?? flight.journal;
};

const handBack = async (entry: string, { now, byKey }: Flights, give: (flight: Flight) => void): Promise<void> => {
  for (const end = now() + HAND_BACK_MS; now() < end; await delay(10)) {
    const own = [...byKey.values()].filter((flight) => flight.entry === entry);
    if (own.length === 0) return;
    for (const flight of own) if (flight.working === 0 && flight.returning === null) give(flight);
  }
};

export const startKeeper = (tools: KeeperTools): Keeper => {
  const { flights, onFault } = tools;
  const paceOf = createPaces(flights.now);
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;

  const look = (journal: Journal, own: Flight[], pace: Pace): Promise<void> => visit(journal, own, pace, tools).then(
    () => {
      if (pace.pause > 0) onFault(undefined);
      pace.pause = 0;
    },
    (error: unknown) => {
      pace.pause = Math.min(PAUSE.max, pace.pause * 2 || PAUSE.first);
      pace.resumeAt = flights.now() + pace.pause;
      rehome(flights, own);
      onFault(error);
    },
  );

  const round = (): void => {
    soon = undefined;
    for (const [journal, own] of byJournal(flights)) {
      const pace = paceOf(journal);
      pace.again = pace.busy;
      if (pace.busy || flights.now() < pace.resumeAt) continue;
      pace.busy = true;
      void look(journal, own, pace).finally(() => {
        pace.busy = false;
        if (pace.again) wake();
      });
    }
    if (flights.byKey.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  // No message's context may cling to what belongs to all of them.
  const wake = (): void => within(null, () => {
    timer ??= setInterval(round, SWEEP_MS).unref();
    soon ??= setImmediate(round);
  });

  return {
    wake,
    handBack: (entry) => handBack(entry, flights, (flight) => {
      giveBack(flights, flight, false);
      wake();
    }),
  };
};
