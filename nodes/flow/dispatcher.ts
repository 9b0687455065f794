// Hands messages from the journal to the flow: those of one order in node, so many at a time, as fast as the flow takes them.
// What waits stays in the journal, so that ten thousand waiting results take no more memory than eight.
import { asCourierError, type CourierError, sentence } from '../errors.ts';
import type { FlowClaim, Journal } from '../journal/port.ts';
import { begin, busyOf, type Flight, type Flights, giveBack, nameMsgid, type NewFlight } from './flights.ts';
import { within } from './identity.ts';
import type { Keeper } from './keeper.ts';
import type { Runtime } from './verdict.ts';

/** What the node makes of a claim. `send` absent: its organization is gone, and it is held. */
export interface Emission { start: NewFlight; msgid: string; send?: () => void }

export interface DispatcherTools {
  /** Id of the order in node. */
  entry: string;
  /** How many messages may be in the flow at once. */
  limit: number;
  journalId: string;
  open: () => Promise<Journal>;
  prepare: (claim: FlowClaim, journal: Journal) => Emission;
  flights: Flights;
  runtime: Runtime;
  keeper: Keeper;
  /** Undefined: the journal answers again. */
  onFault: (fault: CourierError | undefined) => void;
}

export interface Dispatcher { wake(): void; stop(): Promise<void> }

const PAUSE = { first: 500, max: 30_000 };
const UNKNOWN = 'ORGANIZATION_UNKNOWN';

type Emitting = DispatcherTools & { mayEmit: () => boolean; complain: (fault: CourierError) => void };

const sendOut = (flight: Flight, send: () => void, { flights, complain }: Emitting): void => {
  try {
    within(flight.direct, send);
  } catch (error) {
    // It counts as a loss, or a message that can never be sent would go round for ever.
    giveBack(flights, flight, true);
    complain(asCourierError(error));
  }
};

const hold = ({ journal, direct: { id, run } }: Flight): Promise<void> => journal.stopMessage(id, 'HELD', UNKNOWN, sentence(UNKNOWN), run);

/** From here on the keeper answers for the message, whatever becomes of it. */
const emit = (claim: FlowClaim, journal: Journal, tools: Emitting): void => {
  const { flights, keeper } = tools;
  const { start, msgid, send } = tools.prepare(claim, journal);
  const flight = begin(flights, start);
  if (flight === undefined) return;
  nameMsgid(flights, flight, msgid);
  flight.news = true;
  if (!tools.mayEmit()) giveBack(flights, flight, false);
  else if (send === undefined) hold(flight).then(keeper.wake, () => giveBack(flights, flight, false, PAUSE.max));
  else sendOut(flight, send, tools);
};

/** Takes as many as there is room for, until there is no more room or nothing waits. */
const fill = async (journal: Journal, tools: Emitting): Promise<void> => {
  const { entry, limit, flights, keeper } = tools;
  for (let free = limit - busyOf(flights, entry); free > 0 && tools.mayEmit(); free = limit - busyOf(flights, entry)) {
    const claims = await journal.claimFlow([entry], free);
    for (const claim of claims) emit(claim, journal, tools);
    keeper.wake();
    if (claims.length < free) break;
  }
};

/** Tells of work for the flow, in the journal that is open now. The end of a job is announced in the same way. */
const createFollower = (tell: () => void): { follow(journal: Journal): void; stop(): void } => {
  let following: { journal: Journal; stop: () => void } | undefined;
  const stop = (): void => {
    following?.stop();
    following = undefined;
  };
  return {
    follow: (journal) => {
      if (following?.journal === journal) return;
      stop();
      following = { journal, stop: journal.subscribeWork((work) => { if (work === 'flow') tell(); }) };
    },
    stop,
  };
};

export const startDispatcher = (tools: DispatcherTools): Dispatcher => {
  const { entry, journalId, open, flights, runtime, keeper, onFault } = tools;
  let [stopped, again, faulty, pause] = [false, false, false, 0];
  let pumping: Promise<void> | undefined;
  let resting: NodeJS.Timeout | undefined;
  const follower = createFollower(() => {
    keeper.wake();
    wake();
  });
  const complain = (fault: CourierError): void => {
    faulty = true;
    onFault(fault);
  };
  const emitting: Emitting = { ...tools, mayEmit: () => !stopped && runtime.running, complain };

  const pump = async (): Promise<void> => {
    const journal = await open();
    flights.journals.set(journalId, journal);
    if (!stopped) follower.follow(journal);
    await fill(journal, emitting);
    pause = 0;
    if (faulty) onFault(undefined);
    faulty = false;
  };

  const rest = (error: unknown): void => {
    pause = Math.min(PAUSE.max, pause * 2 || PAUSE.first);
    complain(asCourierError(error, 'JOURNAL_FAILED'));
    resting = within(null, () => setTimeout(() => {
      resting = undefined;
      wake();
    }, pause).unref());
  };

  const wake = (): void => {
    if (!emitting.mayEmit() || resting !== undefined) return;
    again = pumping !== undefined;
    pumping ??= within(null, pump).catch(rest).finally(() => {
      pumping = undefined;
      if (again) wake();
    });
  };

  const stop = async (): Promise<void> => {
    stopped = true;
    clearTimeout(resting);
    flights.listeners.delete(wake);
    await pumping;
    if (runtime.closing) await keeper.handBack(entry);
    follower.stop();
  };

  flights.listeners.add(wake);
  wake();
  return { wake, stop };
};
