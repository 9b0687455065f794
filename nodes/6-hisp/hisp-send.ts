import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { asCourierError, CourierError, sentence } from '../errors.ts';
import type { Journal } from '../journal/port.ts';
import { type JournalNode, requireJournal, stage, statusOf } from '../stage.ts';
import { accountBook } from './account-book.ts';
import type { AccountNode } from './account-config.ts';
import { type AccountTrouble, watchTrouble } from './account-trouble.ts';
import { alertMessage, handoffMessage } from './alarm-messages.ts';
import { readRepeat, tellAlarms } from './alarm-teller.ts';
import { type DeployedNodes, idsOf, organizationIn } from './deployed.ts';
import { drained, senderOf } from './sender.ts';
import { outputOf, receiptMessage, submitMail } from './submission.ts';

interface HispSendDef extends NodeDef { journal: string; account: string; alertEvery?: string; unconfirmed?: boolean }

const HANDOFF = 1;
const ALERT = 3;

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-hisp-send', function (this: Node, def: HispSendDef) {
    RED.nodes.createNode(this, def);
    const chosen = (): AccountNode['account'] => (RED.nodes.getNode(def.account) as AccountNode | null)?.account;
    const ends: (() => unknown)[] = [];
    const nodes = RED.nodes as unknown as DeployedNodes;
    let closed = false;

    const tell = (output: number, message: object): void => {
      const fresh = { ...message, _msgid: RED.util.generateId() } as NodeMessage;
      this.send([0, 1, 2, 3].map((index) => index === output ? fresh : null));
    };
    let warned = '';
    const show = (trouble: AccountTrouble | null): void => {
      const incident = trouble?.code == null ? '' : `${trouble.code} ${trouble.name}`;
      if (incident !== '' && incident !== warned) this.warn(`direct: ${trouble!.name}: ${sentence(trouble!.code!)}`);
      warned = incident;
      if (trouble === null) return this.status({});
      const words = { name: trouble.name, code: trouble.code ?? '', more: trouble.more === 0 ? '' : ` +${trouble.more}` };
      this.status(trouble.code === null
        ? { fill: 'yellow', shape: 'ring', text: RED._('hisp-send.status.paused', words) }
        : { fill: 'red', shape: 'ring', text: RED._('hisp-send.status.fault', words) });
    };
    const follow = (journal: Journal): void => {
      if (closed) return;
      const onFault = (fault: unknown): void => { RED.log.error(`direct: ${asCourierError(fault, 'JOURNAL_FAILED').message}`); };
      const sender = senderOf(journal, onFault);
      ends.push(journal.subscribe((change) => { if (change.node === this.id) tell(outputOf(change), receiptMessage(change, def.journal)); }));
      const deployed = (): string[] => accountBook.all().map(({ name }) => name);
      ends.push(watchTrouble({ journal, watch: sender.watch, deployed, own: () => chosen()?.name, show }));
      ends.push(tellAlarms({
        journal, node: this.id, repeatMs: readRepeat(def.alertEvery, (error) => { this.error(error); }),
        unconfirmed: def.unconfirmed === true, onFault, now: Date.now, random: Math.random,
        otherNodes: () => idsOf(nodes, ({ id, type, journal: of }) => type === this.type && of === def.journal && id !== this.id),
        onAlert: (alert) => tell(ALERT, alertMessage(alert, def.journal, organizationIn(nodes, alert.organization))),
        onHandoff: (handoff) => tell(HANDOFF, handoffMessage(handoff, def.journal, organizationIn(nodes, handoff.organization))),
      }));
    };

    const journal = RED.nodes.getNode(def.journal) as JournalNode | null;
    if (journal === null) {
      const fault = new CourierError('JOURNAL_MISSING');
      statusOf(this)({ fill: 'red', shape: 'ring', text: fault.code });
      this.error(fault);
    }
    // The journal's own node says when it cannot be opened, and tries again.
    void journal?.opened.then(follow);
    this.on('close', (_removed: boolean, done: () => void) => {
      closed = true;
      for (const end of ends.splice(0)) end();
      void drained().then(done);
    });

    stage(RED, this, {
      name: 'hisp-send',
      needs: ['organization'],
      run: async (msg) => {
        const journal = await requireJournal(RED, def.journal);
        await submitMail(msg, { journal, book: accountBook, chosen: chosen(), node: this.id });
      },
    });
  });
};
