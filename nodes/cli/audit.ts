// `direct-courier audit verify|list`: the chain of who did what.
import type { AuditEntry } from '../journal/port.ts';
import { type Command, say } from './command.ts';
import { looking } from './journal-access.ts';
import { type Call, readCall, wrong } from './journal-call.ts';
import { verifyChain } from './journal-house.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';
import { align } from './table.ts';

const cells = ({ seq, at, actor, action, target, reason, detail }: AuditEntry): string[] =>
  [String(seq), new Date(at).toISOString(), actor, action, target, detail, reason];

const COLUMNS = ['ENTRY', 'AT', 'WHO', 'ACTION', 'OF', 'DETAIL', 'REASON'];

const LARGEST_PAGE = 500;
const USUAL_PAGE = 50;

const print = (rows: AuditEntry[], json: boolean): void => {
  if (json) for (const entry of rows) say(JSON.stringify(entry));
  else say(rows.length === 0 ? JOURNAL_TEXTS.nothing : align([COLUMNS, ...rows.map(cells)]));
};

/** Oldest first. */
const list = async (args: string[], cwd: string): Promise<number> => {
  const call: Call<'after' | 'limit', 'all'> = readCall(args, cwd, ['after', 'limit'], ['all']);
  const limit = call.flag('all') ? LARGEST_PAGE : call.number('limit', 1, LARGEST_PAGE) ?? USUAL_PAGE;
  let after = call.number('after', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  await looking(call, async (journal) => {
    for (;;) {
      const { rows, next } = await journal.audit({ after, limit });
      print(rows, call.json);
      if (next === null || !call.flag('all')) return;
      after = rows.at(-1)!.seq;
    }
  });
  return 0;
};

export const audit: Command = async ([verb, ...args], { cwd }) => {
  if (verb === 'verify') return await verifyChain(args, cwd);
  if (verb === 'list') return await list(args, cwd);
  throw wrong(JOURNAL_TEXTS.unknownAudit(verb));
};
