import { expect } from 'chai';
import type { FlowNode } from '../../nodes/cli/engine.ts';
import { removeTemporaryFolders } from '../support/demo.ts';
import { setOn, startTestLab, type TestLab } from '../support/lab.ts';
import { inputPair } from '../support/samples.ts';

const MESSAGES = 1000;
const IN_FLOW = 20;

interface Runtime { runtime: { flows: { setFlows(options: { flows: { flows: FlowNode[] }; deploymentType: string }): Promise<unknown> } } }

/** What an editor's deploy button does. */
const deploy = async (flows: FlowNode[], deploymentType: 'full' | 'nodes' | 'flows'): Promise<void> => {
  const { default: RED } = await import('node-red') as unknown as { default: Runtime };
  await RED.runtime.flows.setFlows({ flows: { flows }, deploymentType });
};

/** Straight to the journal: how fast HTTP is matters nothing here. */
const handIn = async ({ journal }: TestLab): Promise<void> => {
  const { acceptInput } = await import('../../dist/0-order/accept.js' as string) as typeof import('../../nodes/0-order/accept.ts');
  // With a report of its own, as most results have.
  const result = { ResultsDocument: { Content: Buffer.from('%PDF-1.7 synthetic').toString('base64') } };
  const all = Array.from({ length: MESSAGES }, (_, index) => inputPair(index + 1, { address: `dr.${index + 1}@good.lakeside.sim.example`, result }));
  const accept = (input: unknown) => acceptInput(JSON.stringify(input), {
    journal, bound: null, organization: (clientGuid) => ({ clientGuid, name: 'Any' }), today: '2026-01-06', maxBytes: 1e7, source: 'test', name: undefined,
    entry: 'order-in' });
  for (const kind of ['order', 'result']) {
    await Promise.all(all.map((pair) => Promise.all(Object.entries(pair).filter(([name]) => name.includes(kind)).map(([, body]) => accept(body)))));
  }
};

describe('deploys in the middle of everything', function () {
  this.timeout(180_000);
  let lab: TestLab | undefined;
  afterEach(async () => { await lab?.stop(); lab = undefined; });
  after(removeTemporaryFolders);

  it(`of every type, with ${MESSAGES} results queued and ${IN_FLOW} in the flow: each goes out once, and none counts as lost`, async () => {
    const running = lab = await startTestLab((flows) => setOn(flows, 'direct-order-in', { inFlow: String(IN_FLOW) }));
    const { journal, engine, network } = running;
    await handIn(running);
    /** Not with the HISP yet. */
    const left = async (): Promise<number> => {
      const { messages, deliveries } = await journal.counts();
      return (messages['RECEIVED'] ?? 0) + ['RESOLVING', 'QUEUED', 'SENDING'].reduce((sum, state) => sum + (deliveries[state] ?? 0), 0);
    };
    const types = ['nodes', 'flows', 'full'] as const;
    const changed = [['direct-seal-mail', 'direct-render-pdf'], ['direct-build-cda'], ['direct-order-in', 'direct-hisp-send']];
    let deploys = 0;
    for (; await left() > 0; deploys += 1) {
      await new Promise((go) => { setTimeout(go, 700); });
      if (deploys >= 12) continue;
      const touched = changed[deploys % changed.length]!;
      const flows = (await engine.flows()).map((node) => touched.includes(node.type) ? { ...node, name: `after deploy ${deploys}` } : node);
      await deploy(flows, types[deploys % types.length]!);
    }
    expect(network.count()).to.equal(MESSAGES);
    const messages = await journal.messages();
    expect(messages.filter(({ state }) => !['ROUTED', 'DONE'].includes(state))).to.deep.equal([]);
    expect(new Set((await journal.deliveries()).map(({ messageId }) => messageId)).size).to.equal(MESSAGES);
    expect(messages.flatMap(({ events }) => events).filter(({ outcome }) => outcome === 'lost')).to.deep.equal([]);
    expect(deploys).to.be.greaterThan(2);
    expect(messages.filter(({ runs }) => runs > 1)).to.not.deep.equal([]);
  });
});
