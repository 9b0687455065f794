import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { begin, createFlights, enter, type Flight, giveBack, leave } from '../../nodes/flow/flights.ts';
import { startKeeper } from '../../nodes/flow/keeper.ts';
import type { Runtime } from '../../nodes/flow/verdict.ts';
import type { FlowClaim, Journal } from '../../nodes/journal/port.ts';
import { accept, until } from '../1-route/running-flow.ts';
import { openFile } from '../journal/fixtures.ts';

describe('the keeper of the messages in the flow', () => {
  let folder: string;
  let journal: Journal;
  const faults: unknown[] = [];
  const runtime: Runtime = { running: true, closing: false, startedAt: 0, isDeployed: () => true };

  const scene = () => {
    const flights = createFlights(() => performance.now());
    flights.hooked = true;
    const keeper = startKeeper({ flights, runtime, onFault: (fault) => { faults.push(fault); } });
    const start = ({ direct }: FlowClaim, change: Partial<Flight> = {}): Flight =>
      begin(flights, { direct: { ...direct, journal: 'j' }, entry: 'in', organization: undefined, journal, leaseMs: 60_000, ...change })!;
    return { flights, keeper, start };
  };
  const claim = async (): Promise<FlowClaim> => {
    await accept(journal);
    return (await journal.claimFlow([''], 1))[0]!;
  };

  beforeEach(async () => {
    faults.length = 0;
    folder = await mkdtemp(join(tmpdir(), 'keeper-'));
    journal = await openFile(join(folder, 'journal.sqlite'));
  });
  afterEach(async () => {
    await journal.close();
    await rm(folder, { recursive: true });
  });

  it('forgets a message whose job has ended, however it ended', async () => {
    const { flights, keeper, start } = scene();
    const { direct } = start(await claim());
    enter(flights, direct, 'x', 'resolve-route');
    keeper.wake();
    await journal.stopMessage(direct.id, 'HELD', 'NO_ROUTE', 'test', direct.run);
    leave(flights, flights.byKey.values().next().value!);
    keeper.wake();
    await until('it to be forgotten', () => flights.byKey.size === 0);
    expect((await journal.message(direct.id))!.state).to.equal('HELD');
  });

  it('gives back what is to be given back, and says where it was lost', async () => {
    const { flights, keeper, start } = scene();
    for (const [run, lost] of [[1, false], [2, true]] as const) {
      const flight = start(run === 1 ? await claim() : (await journal.claimFlow([''], 1))[0]!);
      expect(flight.direct.run).to.equal(run);
      enter(flights, flight.direct, 'x', 'build-cda');
      leave(flights, flight);
      giveBack(flights, flight, lost);
      keeper.wake();
      await until('it to be given back', () => flights.byKey.size === 0);
    }
    const [message] = await journal.messages();
    expect(message).to.include({ lastStage: 'build-cda', runs: 2 });
    expect(message!.events.filter(({ outcome }) => outcome === 'lost').map(({ code }) => code)).to.deep.equal(['FLOW_LOST']);
  });

  it('goes over to the journal that took the place of a closed one', async () => {
    const { flights, keeper, start } = scene();
    const flight = start(await claim());
    await journal.close();
    giveBack(flights, flight, false);
    journal = await openFile(join(folder, 'journal.sqlite'));
    flights.journals.set('j', journal);
    keeper.wake();
    await until('it to be forgotten', () => flights.byKey.size === 0);
    expect(faults.filter((fault) => fault !== undefined)).to.have.length(1);
    expect((await journal.claimFlow([''], 1))[0]!.direct).to.include({ id: flight.direct.id, run: 2 });
  });
});
