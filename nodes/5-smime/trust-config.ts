import type { Node, NodeAPI, NodeDef } from 'node-red';
import { type TrustStore, trustStore, type TrustStoreSettings } from './trust-store.ts';

type TrustDef = NodeDef & Partial<Omit<TrustStoreSettings, 'base'>>;

/** What config nodes of type `direct-trust` offer. */
export interface TrustNode extends Node, TrustStore {}

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-trust', function (this: TrustNode, def: TrustDef) {
    RED.nodes.createNode(this, def);
    const { anchors, source } = trustStore({
      anchors: def.anchors ?? '', anchorsFile: def.anchorsFile ?? '', certificateFolder: def.certificateFolder ?? '',
      certificateService: def.certificateService ?? '', base: RED.settings.userDir ?? '.',
    });
    this.anchors = anchors;
    this.source = source;
  });
};
