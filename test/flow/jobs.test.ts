import { expect } from 'chai';
import { errorsLogged, helper, startServer, stopServer, until } from '../1-route/running-flow.ts';
import { number, type Scene, startScene, type Step, watched } from './running-jobs.ts';

const fn = (id: string, func: string, more: object = {}): Step => ({ id, type: 'function', func, outputs: 1, timeout: 0, noerr: 0, initialize: '', finalize: '', libs: [], ...more });
const delay = (more: object = {}): Step => ({
  id: 'delay', type: 'delay', name: 'wait', pauseType: 'delay', timeout: '10', timeoutUnits: 'milliseconds', rate: '1', nbRateUnits: '1', rateUnits: 'second',
  randomFirst: '1', randomLast: '5', randomUnits: 'seconds', drop: false, allowrate: false, outputs: 1, ...more });
const drop: Step = { id: 'filter', type: 'switch', name: 'only urgent', property: 'payload', propertyType: 'msg', rules: [{ t: 'eq', v: 'never', vt: 'str' }],
  checkall: 'true', repair: false, outputs: 1 };

describe('a message in the flow is a job', function () {
  this.timeout(60_000);
  let scene: Scene;
  const start = async (options: Parameters<typeof startScene>[0]): Promise<Scene> => { scene = await startScene(options); return scene; };

  before(startServer);
  after(stopServer);
  beforeEach(() => { Object.assign(watched, { now: 0, most: 0, seen: [], holdMs: 0 }); });
  afterEach(() => scene.end());

  it('goes from the journal to the queue, and the job ends', async () => {
    const { journal, post, queued, message } = await start({});
    await post(1);
    expect(await queued(1)).to.include({ recipient: 'dr1@direct.lakeside.example', state: 'QUEUED' });
    const { id, runs } = await message(1);
    expect(runs).to.equal(1);
    expect(await journal.openFlows([{ messageId: id, run: 1 }])).to.deep.equal([]);
  });

  describe('keeps its identity', () => {
    const LOSERS: [string, Partial<Record<'between' | 'after', Step[]>>][] = [
      ['a Function that returns a new object', { between: [fn('new', 'return { payload: "x" };')] }],
      ['an async Function', { between: [fn('new', 'await new Promise((go) => setTimeout(go, 20)); return { payload: "x" };')] }],
      ['a Function that sends later', { between: [fn('new', 'setTimeout(() => { node.send({ payload: "x" }); node.done(); }, 20); return;')] }],
      ['a Function and a Delay', { between: [fn('new', 'return { payload: "x" };'), delay()] }],
      ['a Split and a Function', { between: [fn('one', 'return { payload: ["x"] };'), { id: 'split', type: 'split', splt: '\\n', spltType: 'str', arraySplt: 1, arraySpltType: 'len', property: 'payload' },
        fn('new', 'return { payload: "x" };')] }],
      ['a Change that deletes msg.direct', { between: [{ id: 'change', type: 'change', rules: [{ t: 'delete', p: 'direct', pt: 'msg' }] }] }],
      ['a node that makes messages of its own', { between: [{ id: 'fresh', type: 'test-fresh' }] }],
      ['a Function behind the route, its recipients too', { after: [fn('new', 'return { payload: "x" };')] }],
    ];
    for (const [what, steps] of LOSERS) {
      it(`past ${what}`, async () => {
        const { journal, post, queued } = await start(steps);
        await post(1);
        const { id } = await queued(1);
        expect(Buffer.from((await journal.mail(id))!).toString()).to.equal('for MRN1');
      });
    }

    it('also where one timer sends the messages of many', async () => {
      const limited = delay({ pauseType: 'rate', rate: '20', nbRateUnits: '1', rateUnits: 'second' });
      const { journal, post, queued } = await start({ between: [fn('new', 'return { payload: "x" };'), limited] });
      const all = [1, 2, 3, 4, 5];
      await Promise.all(all.map((n) => post(n)));
      for (const n of all) {
        const { id, recipient } = await queued(n);
        expect([recipient, Buffer.from((await journal.mail(id))!).toString()]).to.deep.equal([`dr${n}@direct.lakeside.example`, `for MRN${n}`]);
      }
    });
  });

  describe('without a certain identity', () => {
    const fresh: Step = { id: 'fresh', type: 'test-fresh', shared: true };

    it('never takes another\'s place: what a shared timer sends does nothing for the wrong one', async () => {
      const { journal, post, queued, state } = await start({ between: [fresh] });
      await post(1);
      await queued(1);
      await post(2);
      expect((await state(2, 'FILTERED')).why).to.contain('test-fresh');
      expect((await journal.deliveries()).map(({ recipient }) => recipient)).to.deep.equal(['dr1@direct.lakeside.example']);
    });

    it('is refused where it carries the work of a stage', async () => {
      const { post, state } = await start({ between: [{ ...fresh, shared: false, adds: { pdf: { data: Buffer.from('%PDF-'), source: 'result', warnings: [] } } }] });
      await post(1);
      expect(await state(1, 'ERROR')).to.include({ code: 'FLOW_FAILED' });
      expect(errorsLogged().filter((text) => text.includes('MESSAGE_INCOMPLETE') && text.includes('msg.direct'))).to.have.length(1);
    });
  });

  describe('comes to rest', () => {
    it('behind a Switch that lets nothing through: FILTERED, the node named', async () => {
      const { post, state, journal } = await start({ between: [drop] });
      await post(1);
      const { code, why, runs } = await state(1, 'FILTERED');
      expect([code, runs]).to.deep.equal(['FLOW_ENDED', 1]);
      expect(why).to.contain('only urgent');
      expect(await journal.deliveries()).to.deep.equal([]);
    });

    it('in a Function that returns nothing: FILTERED', async () => {
      const { post, state } = await start({ between: [fn('nothing', 'return;', { name: 'swallow' })] });
      await post(1);
      expect((await state(1, 'FILTERED')).why).to.contain('swallow');
    });

    it('when a node that is not ours fails: ERROR, the node named, nothing of its words', async () => {
      const { post, state } = await start({ between: [fn('broken', 'throw new Error("Testpatient");', { name: 'converter' })] });
      await post(1);
      const { code, why } = await state(1, 'ERROR');
      expect(code).to.equal('FLOW_FAILED');
      expect(why).to.contain('converter').and.not.contain('Testpatient');
    });

    it('on one wire while it goes on by another: nothing is FILTERED', async () => {
      const { post, queued, message } = await start({ between: [fn('both', 'return msg;', { wires: [['filter', 'route']] }), { ...drop, wires: [[]] }] });
      await post(1);
      await queued(1);
      await new Promise((go) => { setTimeout(go, 1500); });
      expect((await message(1)).state).to.equal('ROUTED');
    });

    it('and goes on all the same: a late part of it is taken back into the flow', async () => {
      const { post, state, queued, message } = await start({ between: [fn('late', 'setTimeout(() => node.send(msg), 2000); return;')] });
      await post(1);
      await state(1, 'FILTERED');
      await queued(1);
      expect(await message(1)).to.include({ state: 'ROUTED', runs: 1 });
    });
  });

  describe('is lost', () => {
    it('three times in a node that never says anything: ERROR FLOW_LOST with the last stage', async () => {
      const { post, state } = await start({ leaseMs: 300, after: [fn('hole', 'if (false) node.done(); return;')] });
      await post(1);
      const { code, why, runs, lastStage } = await state(1, 'ERROR');
      expect([code, runs, lastStage]).to.deep.equal(['FLOW_LOST', 3, 'lookup-npi']);
      expect(why).to.contain('lookup-npi');
    });

    for (const type of ['nodes', 'flows', 'full'] as const) {
      it(`in a Delay that a deploy of ${type} restarts: handed out again, and no loss is counted`, async () => {
        const { post, flow, deploy, queued, message } = await start({ between: [delay({ timeout: '60', timeoutUnits: 'seconds' })] });
        await post(1);
        await until('the Delay to have it', async () => (await message(1)).runs === 1);
        await new Promise((go) => { setTimeout(go, 50); });
        await deploy(flow.map((node) => (node as Step).id === 'delay' ? { ...node, timeout: '10', timeoutUnits: 'milliseconds' } : node), type);
        await queued(1);
        const { runs, events } = await message(1);
        expect(runs).to.equal(2);
        expect(events.filter(({ outcome }) => outcome === 'lost')).to.deep.equal([]);
      });
    }

    it('not in a Delay that a deploy leaves alone', async () => {
      const waiting = delay({ timeout: '1500', timeoutUnits: 'milliseconds' });
      const { post, flow, deploy, queued, message } = await start({ between: [waiting] });
      await post(1);
      await until('the Delay to have it', async () => (await message(1)).runs === 1);
      await deploy(flow.map((node) => (node as Step).id === 'rejected' ? { ...node, name: 'other' } : node), 'nodes');
      await queued(1);
      expect((await message(1)).runs).to.equal(1);
    });

    it('when everything is stopped, as at the end of the process: given back before that, and no loss is counted', async () => {
      const { post, journal, message } = await start({ between: [delay({ timeout: '60', timeoutUnits: 'seconds' })] });
      await post(1);
      await until('the Delay to have it', async () => (await message(1)).runs === 1);
      await helper.clearFlows();
      const { id, events } = await message(1);
      expect(await journal.openFlows([{ messageId: id, run: 1 }])).to.deep.equal([]);
      const [again] = await journal.claimFlow(['in'], 5);
      expect([again?.direct.id, again?.direct.run]).to.deep.equal([id, 2]);
      expect(events.filter(({ outcome }) => outcome === 'lost')).to.deep.equal([]);
    });

    it('while a stage works on it in a deploy: handed out again at once', async () => {
      let blocked: (() => void) | undefined;
      const { post, flow, deploy, queued, message } = await start({
        wrap: (journal) => ({ ...journal, settleRecipients: async (...given) => {
          await journal.settleRecipients(...given);
          if (blocked === undefined) await new Promise<void>((go) => { blocked = go; });
        } }),
      });
      await post(1);
      await until('the stage to be at work', () => blocked !== undefined);
      const deployed = deploy(flow.map((node) => (node as Step).id === 'lookup' ? { ...node, name: 'other' } : node), 'nodes');
      await until('the stage to be closed', () => !helper.getNode('lookup'));
      blocked!();
      await deployed;
      await queued(1);
      expect((await message(1)).runs).to.equal(2);
    });
  });

  it('that another emission has overtaken changes nothing, sends nothing on and is no fault', async () => {
    const { journal, post, queued, message, deliveries } = await start({ between: [delay({ timeout: '300', timeoutUnits: 'milliseconds' })] });
    await post(1);
    await until('the first emission', async () => (await message(1)).runs === 1);
    const { id } = await message(1);
    await journal.releaseFlow(id, 1, false);
    await queued(1);
    await new Promise((go) => { setTimeout(go, 400); });
    expect(errorsLogged()).to.deep.equal([]);
    expect((await deliveries(1)).map(({ state }) => state)).to.deep.equal(['QUEUED']);
    expect((await message(1)).runs).to.equal(2);
  });

  describe('order in', () => {
    const watch: Step = { id: 'watch', type: 'test-watch' };

    it('lets so many into the flow at once, and all of them through', async () => {
      watched.holdMs = 5;
      const { post, journal } = await start({ between: [watch], orderInput: { inFlow: '3' } });
      const all = Array.from({ length: 60 }, (_, index) => index + 1);
      await Promise.all(all.map((n) => post(n)));
      await until('all to be queued', async () => (await journal.deliveries({ state: 'QUEUED' })).length === all.length);
      expect(watched.most).to.equal(3);
      expect(new Set(watched.seen.map(({ _msgid }) => _msgid)).size).to.equal(all.length);
    });

    it('answers before the flow has begun, however busy that is', async () => {
      watched.holdMs = 60_000;
      const { post, message } = await start({ between: [watch], orderInput: { inFlow: '1' } });
      for (const n of [1, 2, 3]) await post(n);
      await until('the first to be in the flow', async () => (await message(1)).runs === 1);
      expect(await Promise.all([2, 3].map(async (n) => (await message(n)).runs))).to.deep.equal([0, 0]);
    });

    it('rests while the journal cannot be reached, and goes on when it can', async () => {
      let [down, asked] = [false, 0];
      const { post, queued, journal } = await start({
        wrap: (open) => ({ ...open, claimFlow: async (...given) => {
          asked += 1;
          if (down) throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
          return open.claimFlow(...given);
        } }),
      });
      down = true;
      await post(1);
      const before = asked;
      await new Promise((go) => { setTimeout(go, 1000); });
      expect(asked - before).to.be.lessThan(4);
      expect((await journal.messages())[0]).to.include({ state: 'RECEIVED', orderLocalId: number(1) });
      down = false;
      await queued(1);
    });

    it('a stage that cannot write to the journal ends nothing: the message comes again', async () => {
      let [down, refused] = [true, 0];
      const { post, queued, message } = await start({
        wrap: (open) => ({ ...open, planRecipients: async (...given) => {
          const { CourierError } = await import('../../nodes/errors.ts');
          if (down) {
            refused += 1;
            throw new CourierError('JOURNAL_FULL');
          }
          return open.planRecipients(...given);
        } }),
      });
      await post(1);
      await until('the first try', () => refused === 1);
      down = false;
      await queued(1);
      expect(await message(1)).to.include({ runs: 2, state: 'ROUTED' });
    });
  });
});
