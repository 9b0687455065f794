import { randomUUID } from 'node:crypto';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { required, stage } from '../stage.ts';
import { type BuildChoices, buildDocuments } from './build.ts';

interface BuildCdaDef extends NodeDef, BuildChoices {}

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-build-cda', function (this: Node, def: BuildCdaDef) {
    RED.nodes.createNode(this, def);
    stage(RED, this, {
      name: 'build-cda',
      needs: ['organization', 'order', 'result', 'recipients', 'pdf'],
      alone: RED._('build-cda.status.alone'),
      run: async (msg, { journal }) => {
        const request = {
          order: required(msg, 'order'), result: required(msg, 'result'), organization: required(msg, 'organization'),
          pdf: required(msg, 'pdf').data, direct: msg.direct, recipients: msg.recipients ?? [],
        };
        const { cda, documents } = await buildDocuments(request, def, { journal, now: new Date(), newId: randomUUID });
        const { documents: _, ...rest } = msg;
        return [{ ...rest, cda, ...(Object.keys(documents).length > 0 && { documents }) }];
      },
    });
  });
};
