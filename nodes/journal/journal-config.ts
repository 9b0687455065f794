import type { Node, NodeAPI, NodeDef } from 'node-red';
import { asCourierError, type CourierError } from '../errors.ts';
import type { JournalNode } from '../stage.ts';
import { startHousekeeping } from './housekeeping.ts';
import { type JournalForm, type JournalSettings, readJournalForm, STANDARD } from './journal-settings.ts';
import { openJournal } from './open.ts';
import { createOpener } from './opener.ts';

interface JournalCredentials { url?: string }

/** `users` is what Node-RED asks a config node for when its status is to reach the Status nodes of those that use it. */
type ConfigNode = JournalNode & { credentials?: JournalCredentials; users?: Record<string, Node> };

const readOnce = (read: () => JournalSettings): { settings?: JournalSettings; fault?: CourierError } => {
  try {
    return { settings: read() };
  } catch (error) {
    return { fault: asCourierError(error, 'FIELD_INVALID') };
  }
};

const usersOf = (RED: NodeAPI, id: string): Record<string, Node> => {
  const users: Record<string, Node> = {};
  RED.nodes.eachNode((def) => {
    const node = Object.values(def).includes(id) && def.id !== id ? RED.nodes.getNode(def.id) : null;
    if (node !== null) users[def.id] = node;
  });
  return users;
};

export default (RED: NodeAPI): void => {
  RED.nodes.registerType<ConfigNode, JournalForm & NodeDef, object, JournalCredentials>(
    'direct-journal', function (this, def) {
      RED.nodes.createNode(this, def);
      const { settings, fault } = readOnce(() => readJournalForm(def, this.credentials?.url, RED.settings.userDir ?? '.', process.env));
      const opener = createOpener({
        open: async () => {
          if (settings === undefined) throw fault!;
          return await openJournal(settings.location, settings.key);
        },
        tell: (found) => {
          this.users = usersOf(RED, this.id);
          this.status(found === null ? {} : { fill: 'red', shape: 'ring', text: found.code });
          if (found !== null) this.error(found);
        },
      });
      const { leaseMs, retention } = settings ?? STANDARD;
      Object.assign(this, { open: opener.open, opened: opener.opened, leaseMs, retention });
      const stopKeeping = startHousekeeping(opener.opened, retention, { tell: (found) => { if (found !== null) this.error(found); } });
      // Not before all nodes are there: a Status node is to hear of a journal that cannot be opened.
      RED.events.once('flows:started', opener.begin);
      this.on('close', (_removed: boolean, done: () => void) => {
        RED.events.removeListener('flows:started', opener.begin);
        stopKeeping();
        void opener.close().then(done);
      });
    }, { credentials: { url: { type: 'password' } } });
};
