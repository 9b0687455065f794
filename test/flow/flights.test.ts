import { expect } from 'chai';
import fc from 'fast-check';
import {
  arrived, begin, busyOf, completed, createFlights, dispatched, enter, type Flight, flightOf, type Flights, forget, giveBack, isAtRest, leave, nameMsgid,
  received, recall,
} from '../../nodes/flow/flights.ts';
import { within } from '../../nodes/flow/identity.ts';
import { judge, PATIENCE, type Runtime } from '../../nodes/flow/verdict.ts';
import type { Journal } from '../../nodes/journal/port.ts';

const LEASE = 60_000;
const direct = (id: string, run = 1) => ({ id, run, journal: 'journal', orderLocalId: 'ORD1', organization: 'a', site: 's', priority: 'routine' as const });

const scene = () => {
  let at = 1000;
  const flights: Flights = createFlights(() => at);
  flights.hooked = true;
  const gone = new Set<object>();
  const runtime: Runtime = { running: true, closing: false, startedAt: 0, isDeployed: (node) => !gone.has(node) };
  const start = (id: string, run = 1): Flight =>
    begin(flights, { direct: direct(id, run), entry: 'in', organization: undefined, journal: {} as Journal, leaseMs: LEASE })!;
  return {
    flights, runtime, gone, start,
    pass: (ms: number) => { at += ms; },
    verdict: (flight: Flight) => judge(flight, runtime, { at, hooked: flights.hooked }),
    deploy: (ms = 100) => {
      for (const flight of flights.byKey.values()) flight.deployed = true;
      at += ms;
      runtime.startedAt = at;
    },
  };
};

const NODE = { id: 'n' };

describe('what is known of a message in the flow', () => {
  it('it is found by msg.direct, else by the id that Node-RED gave it, else by the context; a later emission is another', () => {
    const { flights, start } = scene();
    const flight = start('m1');
    nameMsgid(flights, flight, 'wire');
    expect(flightOf(flights, { direct: direct('m1') })).to.equal(flight);
    expect(flightOf(flights, { direct: direct('m1', 2) })).to.equal(undefined);
    expect(flightOf(flights, { _msgid: 'wire' })).to.equal(flight);
    expect(flightOf(flights, { _msgid: 'other' })).to.equal(undefined);
    within(direct('m1'), () => {
      expect(flightOf(flights, { _msgid: 'other' })).to.equal(flight);
      expect(flightOf(flights, { direct: { ...direct('m1'), run: undefined } as never })).to.equal(undefined);
    });
  });

  it('an id says more than a context, and a context alone is not enough for a message that carries work', () => {
    const { flights, start } = scene();
    const [one, two] = [start('m1'), start('m2')];
    nameMsgid(flights, two, 'wire');
    within(one.direct, () => {
      expect(recall(flights, { _msgid: 'wire', pdf: {} as never })).to.equal(two);
      expect(recall(flights, { _msgid: 'new' })).to.equal(one);
      expect(recall(flights, { _msgid: 'new', pdf: {} as never })).to.equal('unsure');
    });
    expect(recall(flights, { _msgid: 'new' })).to.equal(undefined);
  });

  it('one that has gone is known again by its id, and a thousand of them at most', () => {
    const { flights, start } = scene();
    for (let n = 0; n < 1500; n += 1) {
      const flight = start(`m${n}`);
      nameMsgid(flights, flight, `wire${n}`);
      forget(flights, flight);
    }
    expect(recall(flights, { _msgid: 'wire1499' })).to.deep.include({ direct: direct('m1499') });
    expect(recall(flights, { _msgid: 'wire0' })).to.equal(undefined);
    expect([flights.byKey.size, flights.byMsgid.size, flights.past.size]).to.deep.equal([0, 0, 1000]);
  });

  it('an earlier emission never takes the place of a later one', () => {
    const { flights, start } = scene();
    const later = start('m1', 2);
    expect(start('m1', 1)).to.equal(undefined);
    expect(enter(flights, direct('m1', 1), 'x', 'stage')).to.equal(undefined);
    expect(start('m1', 3)).to.not.equal(later);
    expect(flights.byKey.size).to.equal(1);
  });

  it('room in the flow is told once it is there', () => {
    const { flights, start } = scene();
    let told = 0;
    flights.listeners.add(() => { told += 1; });
    const flight = start('m1');
    dispatched(flights, flight);
    expect([busyOf(flights, 'in'), busyOf(flights, 'other'), told]).to.deep.equal([1, 0, 0]);
    received(flights, flight, NODE, 'n', true);
    arrived(flight);
    expect(busyOf(flights, 'in')).to.equal(1);
    completed(flights, flight, NODE, null);
    expect([busyOf(flights, 'in'), told]).to.deep.equal([0, 1]);
    flights.hooked = false;
    expect(busyOf(flights, 'in')).to.equal(1);
  });
});

describe('what becomes of a message in the flow', () => {
  it('at rest for a while without an outcome: the flow has ended, or a node has failed', () => {
    const { flights, start, verdict, pass } = scene();
    const flight = start('m1');
    pass(PATIENCE.rest - 1);
    expect(verdict(flight)).to.equal('wait');
    pass(1);
    expect(verdict(flight)).to.equal('rest');
    received(flights, flight, NODE, 'n', true);
    pass(PATIENCE.rest);
    expect(verdict(flight)).to.equal('wait');
    completed(flights, flight, NODE, 'n');
    expect(verdict(flight)).to.equal('wait');
    pass(PATIENCE.rest);
    expect(verdict(flight)).to.equal('failed');
    enter(flights, direct('m1'), 'x', 'stage');
    leave(flights, flight);
    pass(PATIENCE.rest);
    expect(verdict(flight)).to.equal('rest');
  });

  it('the lease runs from the last stage, whatever else moves; nothing runs while the flows are stopped', () => {
    const { flights, runtime, start, verdict, pass } = scene();
    const flight = start('m1');
    received(flights, flight, NODE, 'n', true);
    pass(LEASE - 1);
    expect(verdict(flight)).to.equal('wait');
    enter(flights, direct('m1'), 'x', 'stage');
    pass(LEASE - 1);
    expect(verdict(flight)).to.equal('wait');
    pass(1);
    expect(verdict(flight)).to.equal('lost');
    runtime.running = false;
    expect(verdict(flight)).to.equal('wait');
  });

  it('after a deploy: handed out again unless it still lies at a node that was left alone', () => {
    const { flights, gone, start, verdict, pass, deploy } = scene();
    const [kept, cut, quiet] = [start('kept'), start('cut'), start('quiet')];
    const [alive, closed] = [{ id: 'a' }, { id: 'b' }];
    received(flights, kept, alive, 'a', true);
    received(flights, cut, alive, 'a', true);
    received(flights, cut, closed, 'b', true);
    gone.add(closed);
    deploy();
    expect([kept, cut, quiet].map(verdict)).to.deep.equal(['wait', 'wait', 'wait']);
    pass(PATIENCE.start);
    expect([kept, cut, quiet].map(verdict)).to.deep.equal(['wait', 'return', 'return']);
    expect(verdict(start('new'))).to.equal('wait');
  });

  it('given back: when its time has come, also while the flows are stopped; a loss stays a loss', () => {
    const { flights, runtime, start, verdict, pass } = scene();
    const flight = start('m1');
    runtime.running = false;
    giveBack(flights, flight, true, 100);
    expect(verdict(flight)).to.equal('wait');
    giveBack(flights, flight, false, 100);
    pass(100);
    expect(verdict(flight)).to.equal('lost');
    expect(isAtRest(flight)).to.equal(false);
  });

  /** A message as it may be in a flow: parts on wires and at nodes, each of which ends some time. */
  it('never at rest while anything of it is under way, always when all has ended, in whatever order things happen', () => {
    type Event = 'send' | 'arrive' | 'complete' | 'fail' | 'enter' | 'leave' | 'wait';
    const event = fc.constantFrom<Event>('send', 'arrive', 'complete', 'fail', 'enter', 'leave', 'wait');
    fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const { flights, start, verdict, pass } = scene();
      const flight = start('m1');
      let [wires, nodes, stages, quiet] = [0, 0, 0, 0];
      const step: Record<Event, () => void> = {
        send: () => { wires += 1; dispatched(flights, flight); },
        arrive: () => { if (wires > 0) { wires -= 1; nodes += 1; received(flights, flight, NODE, 'n', true); arrived(flight); } },
        complete: () => { if (nodes > 0) { nodes -= 1; completed(flights, flight, NODE, null); } },
        fail: () => { if (nodes > 0) { nodes -= 1; completed(flights, flight, NODE, 'n'); } },
        enter: () => { stages += 1; enter(flights, flight.direct, 'x', 'stage'); },
        leave: () => { if (stages > 0) { stages -= 1; leave(flights, flight); } },
        wait: () => { pass(PATIENCE.rest); },
      };
      for (const one of events) {
        step[one]();
        quiet = one === 'wait' ? quiet + 1 : 0;
        const under = wires + nodes + stages;
        if (isAtRest(flight) !== (under === 0)) return false;
        if (under > 0 && ['rest', 'failed', 'return'].includes(verdict(flight))) return false;
        if (under === 0 && quiet > 0 && quiet * PATIENCE.rest < LEASE && !['rest', 'failed'].includes(verdict(flight))) return false;
      }
      return true;
    }), { numRuns: 500 });
  });
});
