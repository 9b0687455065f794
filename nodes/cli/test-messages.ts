// Test messages from the editor: the button beside a row of the route table sends here, and shows what became of the last one.
import type { NodeAPI } from 'node-red';
import { CourierError, refusalOf, sentence } from '../errors.ts';
import { NO_SITE } from '../journal/engine/test-message.ts';
import type { Journal, TestResult } from '../journal/port.ts';
import { requireJournal } from '../stage.ts';
import { hasEnded } from './at-rest.ts';
import type { FlowNode } from './engine.ts';
import { behind, deployedFlow } from './explain/wires.ts';

interface Asked { table?: unknown; organization?: unknown; site?: unknown; address?: unknown; finalDelivery?: unknown }

/** The order in node of the flow that looks into this route table. */
const entranceOf = (nodes: readonly FlowNode[], table: unknown): FlowNode | undefined =>
  nodes.find((node) => node.type === 'direct-order-in' && behind(node, nodes).get('direct-resolve-route')?.['table'] === table);

/** What the form shows beside a row; `site` is empty for the organization's own address. */
const shown = ({ organization, site, address, state, code, at, actor }: TestResult): object => ({
  organization, site: site === NO_SITE ? '' : site, address, state, code, at: new Date(at).toISOString(), actor,
  says: code === null ? '' : sentence(code), ended: hasEnded(state),
});

/** Who is logged in to the editor. */
const personOf = (request: object): string => {
  const { user } = request as { user?: { username?: unknown } };
  return typeof user?.username === 'string' ? user.username : 'editor without log-in';
};

interface Answerer { status(code: number): { json(body: object): void } }

const refuse = (response: Answerer) => (error: unknown): void => {
  response.status(400).json(refusalOf(error));
};

export default (RED: NodeAPI): void => {
  /** Null: no deployed flow looks into the table. */
  const open = async (table: unknown): Promise<Journal | null> => {
    const entrance = entranceOf(deployedFlow(RED), table);
    return entrance === undefined ? null : await requireJournal(RED, String(entrance['journal'] ?? ''));
  };

  RED.httpAdmin.get('/direct/tests', RED.auth.needsPermission('direct.read'), (request, response) => {
    open(request.query['table']).then(async (journal) => (await journal?.testResults() ?? []).map(shown))
      .then((results) => { response.json(results); }, refuse(response));
  });

  RED.httpAdmin.post('/direct/tests', RED.auth.needsPermission('direct.write'), (request, response) => {
    const { table, organization, site, address, finalDelivery } = (request.body ?? {}) as Asked;
    const test = {
      kind: 'test', organization, address, finalDelivery: finalDelivery !== false, ...(site !== '' && { site }),
      actor: personOf(request), reason: 'test of a row of the route table',
    };
    // What is not as it should be, the journal refuses.
    open(table).then((journal) => {
      if (journal === null) throw new CourierError('ROUTE_NODE_MISSING');
      return journal.act(test as Parameters<Journal['act']>[0]);
    }).then(({ created }) => { response.json({ messageId: created }); }, refuse(response));
  });
};
