// The running flow explains itself: the button in resolve route asks here. Nothing is sent and nothing is stored; whoever may read flows may ask.
import type { NodeAPI } from 'node-red';
import { refusalOf } from '../../errors.ts';
import { liveConfigs, type LiveNode, withEnvironment } from './configs.ts';
import { explain } from './explain.ts';
import { settingOf } from './setting.ts';
import { deployedFlow } from './wires.ts';

interface Asked { node?: unknown; order?: unknown; result?: unknown }

const bytesOf = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value) ?? '', 'utf8');

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

export default (RED: NodeAPI): void => {
  RED.httpAdmin.post('/direct/route/explain', RED.auth.needsPermission('direct.read'), (request, response) => {
    const { node, order, result } = (request.body ?? {}) as Asked;
    const answer = async (): Promise<object> => {
      const nodes = withEnvironment(deployedFlow(RED), process.env);
      const configs = liveConfigs(nodes, (id) => RED.nodes.getNode(id) as LiveNode | null);
      const set = settingOf(nodes, configs, typeof node === 'string' ? node : undefined);
      const setting = { ...set, pdf: set.pdf && { ...set.pdf, logoFolder: RED.settings.userDir ?? '.' } };
      return await explain({ order: bytesOf(order), ...(isGiven(result) && { result: bytesOf(result) }) }, setting, new Date());
    };
    answer().then((explanation) => { response.json(explanation); }, (error: unknown) => { response.status(400).json(refusalOf(error)); });
  });
};
