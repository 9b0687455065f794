import { resolve } from 'node:path';
import type { NodeAPI, NodeDef } from 'node-red';
import type { JournalNode } from '../stage.ts';
import { openJournal } from './open.ts';
import type { Journal } from './port.ts';

interface JournalDef extends NodeDef { file: string }

const DEFAULT_FILE = 'direct-courier/journal.sqlite';

export default (RED: NodeAPI): void => {
  RED.nodes.registerType('direct-journal', function (this: JournalNode, def: JournalDef) {
    RED.nodes.createNode(this, def);
    const file = resolve(RED.settings.userDir ?? '.', def.file || DEFAULT_FILE);
    let journal: Promise<Journal> | undefined;
    this.open = () => {
      // A file that could not be opened is tried again when the next message asks.
      journal ??= openJournal(file).catch((error: unknown) => {
        journal = undefined;
        throw error;
      });
      return journal;
    };
    this.on('close', (_removed: boolean, done: () => void) => {
      const used = journal ?? Promise.resolve(undefined);
      journal = undefined;
      used.then((open) => open?.close()).then(done, () => done());
    });
  });
};
