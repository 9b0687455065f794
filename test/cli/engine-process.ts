// An engine without its flow, as a process of its own: opens a journal as Node-RED would, fills it, and goes on writing until it is ended.
// `node engine-process.ts FILE [urgent]`; prints the ids of what it made as one line of JSON.
import { closeJournals, openJournal } from '../../nodes/journal/open.ts';
import { exam, fill } from './filling.ts';

let busy = true;
process.once('SIGTERM', () => { busy = false; });
const journal = await openJournal(process.argv[2]!, { demo: true });
const made = (await journal.stats()).messages['HELD'] === undefined ? await fill(journal, process.argv[3] === 'urgent') : null;
process.stdout.write(`${JSON.stringify(made)}\n`);

for (let n = 1000; busy; n += 1) {
  await exam(journal, n);
  await new Promise((resolve) => { setTimeout(resolve, 50); });
}
await closeJournals();
