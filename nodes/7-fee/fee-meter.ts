import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { OrganizationsNode } from '../0-order/organizations-config.ts';
import { asCourierError } from '../errors.ts';
import { requireJournal, stage, statusOf } from '../stage.ts';
import { createFeeMeter, type Metered, meterFees } from './meter.ts';
import { priceOf } from './money.ts';
import { NO_PAYERS, priceListOf } from './prices.ts';

interface FeeMeterDef extends NodeDef { journal: string; organizations: string; price: string; currency: string; testPrice?: string }

const SWEEP_MS = 60_000;

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-fee-meter', function (this: Node, def: FeeMeterDef) {
    RED.nodes.createNode(this, def);
    const show = statusOf(this);

    const sweep = async (): Promise<Metered> => {
      const payers = def.organizations ? RED.nodes.getNode(def.organizations) as OrganizationsNode | null : NO_PAYERS;
      const currency = def.currency || 'USD';
      const prices = priceListOf(payers, priceOf(def.price || '0.25', currency), priceOf(def.testPrice || '0.00', currency));
      return meterFees(await requireJournal(RED, def.journal), prices, Date.now);
    };
    const meter = createFeeMeter(sweep, ({ lines, unrated }) => {
      show(unrated > 0 ? { fill: 'yellow', shape: 'ring', text: `PRICE_INVALID ${unrated}` } : {});
      if (lines.length > 0) this.send([lines.map((fee) => ({ fee }))] as never);
    });
    // The same fault every minute is told once.
    let told: string | undefined;
    const sweepAlone = (): Promise<void> => meter.wake().then(() => { told = undefined; }, (error: unknown) => {
      const fault = asCourierError(error);
      show({ fill: 'red', shape: 'ring', text: fault.code });
      if (fault.code !== told) this.error(fault.message);
      told = fault.code;
    });

    stage(RED, this, { name: 'fee-meter', run: () => meter.wake() });
    const timer = setInterval(() => void sweepAlone(), SWEEP_MS).unref();
    const first = setImmediate(() => void sweepAlone());
    this.on('close', () => {
      clearInterval(timer);
      clearImmediate(first);
    });
  });
};
