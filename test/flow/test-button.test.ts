// The button beside a row of the route table: what it asks of a running Node-RED, and what it is told.
import { expect } from 'chai';
import type { FlowNode } from '../../nodes/cli/engine.ts';
import { removeTemporaryFolders } from '../support/demo.ts';
import { startTestLab, type TestLab } from '../support/lab.ts';
import { CLINIC } from '../support/samples.ts';

const TABLE = 'iris-route-table';
const TO = 'desk@processed.lakeside.sim.example';

interface Answer { status: number; body: Record<string, unknown> | Record<string, unknown>[] }

/** Whoever comes without log-in. */
const permitted = (permissions: string): Record<string, unknown> => ({ adminAuth: { type: 'credentials', users: [], default: { permissions } } });

const answerOf = async (answer: Response): Promise<Answer> =>
  ({ status: answer.status, body: answer.headers.get('content-type')?.includes('json') === true ? await answer.json() as Answer['body'] : {} });

const send = async (lab: TestLab, body: object): Promise<Answer> => answerOf(await fetch(`${lab.engine.url}direct/tests`, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
}));

const results = async (lab: TestLab, table = TABLE): Promise<Answer> => answerOf(await fetch(`${lab.engine.url}direct/tests?table=${table}`));

describe('the test button of the route table', function () {
  this.timeout(60_000);
  let lab: TestLab;
  before(async () => { lab = await startTestLab((flows): FlowNode[] => flows, permitted('*')); });
  after(async () => {
    await lab.stop();
    removeTemporaryFolders();
  });

  it('sends over the journal of the flow that uses the table, and tells what became of it', async () => {
    expect(await results(lab)).to.deep.equal({ status: 200, body: [] });
    for (const site of ['', 'SITE01']) {
      const { status, body } = await send(lab, { table: TABLE, organization: CLINIC.toUpperCase(), site, address: TO.toUpperCase(), finalDelivery: false });
      expect(status, JSON.stringify(body)).to.equal(200);
      await lab.until('the test to end', async (journal) => (await journal.deliveries({ messageId: String((body as Record<string, unknown>)['messageId']) }))
        .some(({ state }) => state === 'PROCESSED'));
    }
    const { body } = await results(lab);
    expect(body).to.have.length(2);
    expect((body as Record<string, unknown>[]).map(({ site }) => site)).to.deep.equal(['SITE01', '']);
    for (const one of body as object[]) {
      expect(one).to.include({ organization: CLINIC, address: TO, state: 'PROCESSED', code: null, says: '', actor: 'editor without log-in' });
    }
  });

  it('says what a code means', async () => {
    await lab.journal.act({ kind: 'block', block: 'address', value: TO, actor: 'A. Person', reason: 'left' });
    await send(lab, { table: TABLE, organization: CLINIC, site: '', address: TO, finalDelivery: true });
    const [latest] = (await results(lab)).body as Record<string, unknown>[];
    expect(latest).to.include({ state: 'SUPPRESSED', code: 'DO_NOT_SEND' });
    expect(latest!['says']).to.match(/do-not-send list/);
  });

  it('tells of a test for an organization that nobody knows that it is held', async () => {
    const organization = '00000000-0000-4000-8000-00000000dead';
    const { body } = await send(lab, { table: TABLE, organization, site: '', address: 'desk@good.lakeside.sim.example', finalDelivery: true });
    const { messageId } = body as Record<string, unknown>;
    await lab.until('the test to be held', async (journal) => (await journal.message(String(messageId)))!.state === 'HELD');
    expect(((await results(lab)).body as object[])[0]).to.include({ organization, state: 'HELD', code: 'ORGANIZATION_UNKNOWN' });
  });

  for (const [what, change, code] of [
    ['a table that no flow uses', { table: 'other' }, 'ROUTE_NODE_MISSING'], ['no table', { table: undefined }, 'ROUTE_NODE_MISSING'],
    ['no address', { address: '' }, 'ADDRESS_INVALID'], ['several addresses', { address: [TO, TO] }, 'ADDRESS_INVALID'],
    ['header injection', { address: `${TO}\r\nBcc: x@y.example` }, 'ADDRESS_INVALID'],
    ['no ClientGuid', { organization: 'our clinic' }, 'REQUEST_INVALID'], ['an organization that is no text', { organization: { a: 1 } }, 'REQUEST_INVALID'],
    ['a site that is no text', { site: 7 }, 'REQUEST_INVALID'],
  ] as const) {
    it(`refuses ${what} with ${code}, and sends nothing`, async () => {
      const before = await lab.journal.messages();
      const { status, body } = await send(lab, { table: TABLE, organization: CLINIC, site: '', address: TO, ...change });
      expect([status, (body as Record<string, unknown>)['code']]).to.deep.equal([400, code]);
      expect(await lab.journal.messages()).to.deep.equal(before);
    });
  }

  it('knows of no test for a table that no flow uses', async () => {
    expect(await results(lab, 'other')).to.deep.equal({ status: 200, body: [] });
  });
});

describe('the test button for whoever may only read', function () {
  this.timeout(60_000);
  let lab: TestLab;
  before(async () => {
    lab = await startTestLab((flows): FlowNode[] => flows, permitted('read'));
  });
  after(async () => {
    await lab.stop();
    removeTemporaryFolders();
  });

  it('shows results and sends nothing', async () => {
    expect((await results(lab)).status).to.equal(200);
    expect((await send(lab, { table: TABLE, organization: CLINIC, site: '', address: TO })).status).to.equal(401);
    expect(await lab.journal.messages()).to.deep.equal([]);
  });
});
