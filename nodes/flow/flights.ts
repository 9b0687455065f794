// The messages that are in the flow of this process: who they are, what is still under way of each, and where it was last seen.
// Plain bookkeeping: what follows from it stands in verdict.ts.
import type { CourierMessage } from '../0-order/message.ts';
import type { Organization } from '../0-order/organization.ts';
import type { Journal } from '../journal/port.ts';
import { carried, holdsWork, isTraveller, keyOf, type Traveller } from './identity.ts';

/** One emission of a message. Instants are those of a monotonic clock, in ms. */
export interface Flight {
  readonly direct: Traveller;
  /** Id of the order in node that emitted it; null for one that was learnt of from a stage. */
  readonly entry: string | null;
  readonly organization: Organization | undefined;
  journal: Journal;
  readonly leaseMs: number;
  /** Stages of ours at work on it. */
  working: number;
  /** Sent from node to node, not received yet. */
  underWay: number;
  /** Nodes that have received it and not completed, with how often. */
  held: Map<object, number>;
  stage: string | null;
  /** The stage that the journal knows of. */
  noted: string | null;
  /** Name of the node that received it last. */
  place: string;
  /** Name of the node that failed on it, unless a stage of ours had it since. */
  failedAt: string | null;
  /** When a stage last had it, and when anything last moved. */
  renewedAt: number;
  movedAt: number;
  /** The flows were restarted meanwhile: parts of it may be gone. */
  deployed: boolean;
  /** To be handed out anew from `at` on. */
  returning: { lost: boolean; at: number } | null;
  /** Whether something happened since the journal was asked about it. */
  news: boolean;
  readonly msgids: Set<string>;
}

export interface Flights {
  readonly now: () => number;
  readonly byKey: Map<string, Flight>;
  readonly byMsgid: Map<string, Flight>;
  /** Identities of those that have gone, for parts that come late. */
  readonly past: Map<string, Pick<Flight, 'direct' | 'organization'>>;
  /** The open journals by the id of their config node. */
  readonly journals: Map<string, Journal>;
  readonly listeners: Set<() => void>;
  /** Whether Node-RED's hooks tell of messages between the stages. */
  hooked: boolean;
}

/** How many late parts can be known again. */
const REMEMBERED = 1000;
/** A Split makes an id per part. */
const MSGIDS = 1000;

export const createFlights = (now: () => number): Flights =>
  ({ now, byKey: new Map(), byMsgid: new Map(), past: new Map(), journals: new Map(), listeners: new Set(), hooked: false });

/** Told when there may be room for more in the flow. */
const notify = (flights: Flights): void => { for (const listener of flights.listeners) listener(); };

export const isAtRest = ({ working, underWay, held, returning }: Flight): boolean =>
  working === 0 && underWay <= 0 && held.size === 0 && returning === null;

export const nameMsgid = (flights: Flights, flight: Flight, msgid: unknown): void => {
  if (typeof msgid !== 'string' || flights.byMsgid.get(msgid) === flight || flight.msgids.size >= MSGIDS) return;
  flight.msgids.add(msgid);
  flights.byMsgid.set(msgid, flight);
};

export type NewFlight = Pick<Flight, 'direct' | 'entry' | 'organization' | 'journal' | 'leaseMs'>;

/** A message goes into the flow, or turns out to be there. Undefined where a later emission is there already. */
export const begin = (flights: Flights, start: NewFlight): Flight | undefined => {
  const now = flights.now();
  const key = keyOf(start.direct);
  const known = flights.byKey.get(key);
  if (known !== undefined && known.direct.run > start.direct.run) return undefined;
  if (known !== undefined) forget(flights, known);
  const flight: Flight = {
    ...start, working: 0, underWay: 0, held: new Map(), stage: null, noted: null, place: '', failedAt: null,
    renewedAt: now, movedAt: now, deployed: false, returning: null, news: false, msgids: new Set(),
  };
  flights.byKey.set(key, flight);
  return flight;
};

export const forget = (flights: Flights, flight: Flight): void => {
  const { direct, organization, msgids } = flight;
  if (flights.byKey.get(keyOf(direct)) === flight) flights.byKey.delete(keyOf(direct));
  for (const msgid of msgids) {
    if (flights.byMsgid.get(msgid) !== flight) continue;
    flights.byMsgid.delete(msgid);
    flights.past.set(msgid, { direct, organization });
  }
  for (const msgid of flights.past.keys()) {
    if (flights.past.size <= REMEMBERED) break;
    flights.past.delete(msgid);
  }
  notify(flights);
};

const ofRun = (flights: Flights, direct: Traveller): Flight | undefined => {
  const flight = flights.byKey.get(keyOf(direct));
  return flight?.direct.run === direct.run ? flight : undefined;
};

type Wire = Pick<CourierMessage, 'direct' | '_msgid'>;

/** The flight that a message on a wire belongs to. */
export const flightOf = (flights: Flights, msg: Wire): Flight | undefined => {
  if (flights.byKey.size === 0) return undefined;
  if (msg.direct !== undefined) return isTraveller(msg.direct) ? ofRun(flights, msg.direct) : undefined;
  const named = msg._msgid === undefined ? undefined : flights.byMsgid.get(msg._msgid);
  if (named !== undefined) return named;
  const direct = carried();
  return direct === undefined ? undefined : ofRun(flights, direct);
};

/**
 * Who a message without `msg.direct` is. Node-RED's own id of the message says it for certain. The async context alone may be that
 * of another message whose timer or connection is shared, so it does only for a message that carries no stage's work: all that
 * belongs to it then comes from the journal, and nothing of two patients can meet. 'unsure': there is work, but nobody knows whose.
 */
export const recall = (flights: Flights, msg: CourierMessage): Pick<Flight, 'direct' | 'organization'> | 'unsure' | undefined => {
  const named = msg._msgid === undefined ? undefined : flights.byMsgid.get(msg._msgid) ?? flights.past.get(msg._msgid);
  if (named !== undefined) return named;
  const direct = carried();
  const flight = direct === undefined ? undefined : ofRun(flights, direct);
  return flight !== undefined && holdsWork(msg) ? 'unsure' : flight;
};

/** A stage begins with a message. Undefined when this emission is not known to be in the flow. */
export const enter = (flights: Flights, direct: Traveller, msgid: unknown, stage: string): Flight | undefined => {
  const flight = ofRun(flights, direct);
  if (flight === undefined) return undefined;
  nameMsgid(flights, flight, msgid);
  const now = flights.now();
  return Object.assign(flight, { working: flight.working + 1, stage, failedAt: null, renewedAt: now, movedAt: now });
};

export const leave = (flights: Flights, flight: Flight): void => {
  const now = flights.now();
  Object.assign(flight, { working: flight.working - 1, renewedAt: now, movedAt: now, news: true });
  if (isAtRest(flight)) notify(flights);
};

/** It is to be handed out again: at once, or after a while. */
export const giveBack = (flights: Flights, flight: Flight, lost: boolean, afterMs = 0): void => {
  flight.returning = { lost: lost || flight.returning?.lost === true, at: flights.now() + afterMs };
};

const moved = (flights: Flights, flight: Flight, change: Partial<Flight>): void => { Object.assign(flight, change, { movedAt: flights.now() }); };

export const dispatched = (flights: Flights, flight: Flight): void => moved(flights, flight, { underWay: flight.underWay + 1 });

/** `holds` false for nodes that never say that they are done. */
export const received = (flights: Flights, flight: Flight, node: object, place: string, holds: boolean): void => {
  moved(flights, flight, { place });
  if (holds) flight.held.set(node, (flight.held.get(node) ?? 0) + 1);
};

/** It was on a wire, and is now at a node. */
export const arrived = (flight: Flight): void => { flight.underWay -= 1; };

export const completed = (flights: Flights, flight: Flight, node: object, failedAt: string | null): void => {
  const times = (flight.held.get(node) ?? 0) - 1;
  if (times > 0) flight.held.set(node, times);
  else flight.held.delete(node);
  moved(flights, flight, failedAt === null ? {} : { failedAt });
  if (isAtRest(flight)) notify(flights);
};

/** How many of an order in node's messages the flow is busy with. */
export const busyOf = (flights: Flights, entry: string): number =>
  [...flights.byKey.values()].filter((flight) => flight.entry === entry && !(flights.hooked && isAtRest(flight))).length;
