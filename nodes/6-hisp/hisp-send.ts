import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { asCourierError } from '../errors.ts';
import type { DeliveryChange } from '../journal/port.ts';
import { requireJournal, stage, statusOf } from '../stage.ts';
import { accountBook } from './account-book.ts';
import type { AccountNode } from './account-config.ts';
import { senderOf } from './sender.ts';
import { outputOf, receiptMessage, submitMail } from './submission.ts';

interface HispSendDef extends NodeDef { journal: string; account: string }

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-hisp-send', function (this: Node, def: HispSendDef) {
    RED.nodes.createNode(this, def);
    const show = statusOf(this);
    const complain = (error: unknown): void => {
      const fault = asCourierError(error, 'JOURNAL_FAILED');
      show({ fill: 'red', shape: 'ring', text: fault.code });
      this.error(fault);
    };

    const tell = (change: DeliveryChange): void => {
      const message = { ...receiptMessage(change, def.journal), _msgid: RED.util.generateId() };
      this.send([0, 1, 2].map((output) => output === outputOf(change) ? message as NodeMessage : null));
    };
    const following = requireJournal(RED, def.journal).then((journal) => {
      senderOf(journal, (fault) => { RED.log.error(`direct: ${asCourierError(fault, 'JOURNAL_FAILED').message}`); });
      return journal.subscribe((change) => { if (change.node === this.id) tell(change); });
    });
    following.catch(complain);
    this.on('close', (_removed: boolean, done: () => void) => { following.then((stop) => { stop(); }, () => undefined).then(done, done); });

    stage(RED, this, {
      name: 'hisp-send',
      run: async (msg) => {
        const journal = await requireJournal(RED, def.journal);
        const chosen = (RED.nodes.getNode(def.account) as AccountNode | null)?.account;
        await submitMail(msg, { journal, book: accountBook, chosen, node: this.id });
      },
    });
  });
};
