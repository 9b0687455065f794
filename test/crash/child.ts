// The process that is killed: the real Node-RED with the shipped flow, and an ear at its journal. It can end itself at a named point.
import { openSync, writeSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import type * as BundleModule from '../../nodes/cli/bundle.ts';
import type * as EngineModule from '../../nodes/cli/engine.ts';
import type * as LabModule from '../../nodes/cli/lab.ts';
import type * as OpenModule from '../../nodes/journal/open.ts';
import type { DeliveryRecord, InputRecord, Journal, LedgerLine, MessageRecord, VerifyOutcome } from '../../nodes/journal/port.ts';
import type { JournalPlace } from './drivers.ts';
import { flowFor } from './flow.ts';
import { isAt, type JournalEvent, type Point } from './points.ts';
import { built } from './product.ts';
import { tapJournal } from './tap.ts';

/** `skip`: how often the point is passed before it is the end. */
export interface Aim { point: Point; skip: number }

export interface ChildInput {
  root: string; userDir: string; port: number; journal: JournalPlace;
  /** One line per thing that passed between the process and its journal. */
  trace: string;
  aim: Aim | null;
  /** Whether people look at things meanwhile, which the audit chain records. */
  watched: boolean;
}

export interface Outcome {
  inputs: InputRecord[]; messages: MessageRecord[]; deliveries: DeliveryRecord[]; ledger: LedgerLine[]; verified: VerifyOutcome;
  /** Entries of the audit chain that are about people's looks. */
  looks: number;
}
export type Counts = Awaited<ReturnType<Journal['counts']>>;

export type Question = 'counts' | 'outcome';
export type Told = { kind: 'ready' } | { kind: 'counts'; counts: Counts } | { kind: 'outcome'; outcome: Outcome };

const say = (told: Told): void => { process.send?.(told); };

/** Nothing of this process may go on: SIGKILL is on its way to all of its threads. */
const endHere = (): never => {
  process.kill(process.pid, 'SIGKILL');
  for (;;) { /* until it is here */ }
};

const listen = ({ trace, aim }: ChildInput): void => {
  const file = openSync(trace, 'a');
  let left = aim?.skip ?? 0;
  tapJournal((event: JournalEvent) => {
    writeSync(file, `${JSON.stringify(event)}\n`);
    if (aim !== null && isAt(aim.point, event) && left-- === 0) endHere();
  }, Date.now);
};

const WATCHER = 'crash test';

const countLooks = async (journal: Journal, after = 0): Promise<number> => {
  const { rows } = await journal.audit({ after, limit: 500 });
  const looks = rows.filter(({ actor }) => actor === WATCHER).length;
  return rows.length === 0 ? looks : looks + await countLooks(journal, rows.at(-1)!.seq);
};

const outcomeOf = async (journal: Journal): Promise<Outcome> => ({
  inputs: await journal.inputs(), messages: await journal.messages(), deliveries: await journal.deliveries(), ledger: await journal.ledger(),
  verified: await journal.verify(), looks: await countLooks(journal),
});

const LOOK_EVERY_MS = 120;

/** What fails is not told as kept, which is all that counts here. */
const watch = (journal: Journal): void => {
  let looks = 0;
  setInterval(() => {
    journal.act({ kind: 'viewed', actor: WATCHER, reason: `look ${looks += 1}`, target: 'outcome' }).catch(() => undefined);
  }, LOOK_EVERY_MS);
};

/** The flow is deployed once; later starts find it. */
const isEmpty = async (engine: EngineModule.Engine): Promise<boolean> => !(await engine.flows()).some(({ type }) => type === 'direct-order-in');

const start = async (input: ChildInput): Promise<void> => {
  const { root, userDir, port, watched, journal: { location, node } } = input;
  listen(input);
  const { startEngine } = await built<typeof EngineModule>(root, 'cli/engine');
  const { BUNDLE, readBundle } = await built<typeof BundleModule>(root, 'cli/bundle');
  const { withCredentials } = await built<typeof LabModule>(root, 'cli/lab');
  const { openJournal } = await built<typeof OpenModule>(root, 'journal/open');
  const settings = { disableEditor: true, credentialSecret: 'crash', logging: { console: { level: 'error', metrics: false, audit: false } } };
  const engine = await startEngine({ userDir, port, settings });
  if (await isEmpty(engine)) await engine.deploy(withCredentials(flowFor(await readBundle(BUNDLE), node)));
  const journal = await openJournal(location);
  if (watched) watch(journal);
  process.on('message', (question: Question) => {
    const answer = question === 'counts'
      ? journal.counts().then((counts) => say({ kind: 'counts', counts }))
      : outcomeOf(journal).then((outcome) => say({ kind: 'outcome', outcome }));
    // Whoever asked sees that this process ended, and why.
    answer.catch((error: unknown) => { throw error; });
  });
  say({ kind: 'ready' });
};

enableCompileCache(join(process.env['CRASH_CACHE'] ?? '', 'compiled'));
process.once('message', (input) => { void start(input as ChildInput); });
process.once('disconnect', () => { process.exit(); });
