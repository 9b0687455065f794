// The running flow explains itself: the button in resolve route asks here. Nothing is sent and nothing is stored; whoever may read flows may ask.
import type { NodeAPI } from 'node-red';
import { asCourierError } from '../../errors.ts';
import type { FlowNode } from '../engine.ts';
import { liveConfigs, type LiveNode, withEnvironment } from './configs.ts';
import { explain } from './explain.ts';
import { settingOf } from './setting.ts';

interface Asked { node?: unknown; order?: unknown; result?: unknown }

const bytesOf = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value) ?? '', 'utf8');

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

export default (RED: NodeAPI): void => {
  const deployed = (): FlowNode[] => {
    const nodes: FlowNode[] = [];
    RED.nodes.eachNode((node) => { nodes.push(node as unknown as FlowNode); });
    return nodes;
  };

  RED.httpAdmin.post('/direct/route/explain', RED.auth.needsPermission('direct.read'), (request, response) => {
    const { node, order, result } = (request.body ?? {}) as Asked;
    const answer = async (): Promise<object> => {
      const nodes = withEnvironment(deployed(), process.env);
      const configs = liveConfigs(nodes, (id) => RED.nodes.getNode(id) as LiveNode | null);
      const setting = settingOf(nodes, configs, typeof node === 'string' ? node : undefined);
      return await explain({ order: bytesOf(order), ...(isGiven(result) && { result: bytesOf(result) }) }, setting, new Date());
    };
    answer().then((explanation) => { response.json(explanation); }, (error: unknown) => {
      const { code, path, message } = asCourierError(error);
      response.status(400).json({ code, path, text: message });
    });
  });
};
