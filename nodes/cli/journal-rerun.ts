// A message once more: from a stage, from what came in, as an edited copy, or as a new mail with the same documents.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AcceptOutcome } from '../journal/owner-wire.ts';
import { type RerunOutcome, STAGES } from '../journal/port.ts';
import { refused, say } from './command.ts';
import { changing } from './journal-access.ts';
import { type Call, readCall, wrong } from './journal-call.ts';
import { choiceOf } from './journal-find.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';

const told = ({ json }: Pick<Call, 'json'>, outcome: RerunOutcome | AcceptOutcome): number => {
  if (json) {
    say(JSON.stringify(outcome));
    return 0;
  }
  say(outcome.linked ? JOURNAL_TEXTS.created(outcome.messageId) : JOURNAL_TEXTS.same(outcome.messageId));
  if ('outcome' in outcome) say(JOURNAL_TEXTS.joined(outcome.outcome, outcome.code));
  return 0;
};

const again = async (call: Call<'message' | 'only'>, from: typeof STAGES[number]): Promise<number> => {
  const [messageId, only, person] = [call.needed('message'), call.list('only'), call.byPerson()];
  const request = { messageId, from, ...(only !== undefined && { only }), ...person };
  return told(call, await changing(call, async ({ methods }) => await methods.rerun(request)));
};

const fromRaw = async (call: Call<'message' | 'only' | 'edited'>): Promise<number> => {
  const file = call.text('edited');
  const edited = file === undefined ? null : new Uint8Array(await readFile(resolve(call.cwd, file)));
  if (edited !== null && edited.byteLength > LARGEST_EDIT) throw refused(JOURNAL_TEXTS.editTooLarge);
  const only = call.list('only');
  const request = { messageId: call.needed('message'), edited, ...(only !== undefined && { only }), ...call.byPerson() };
  return told(call, await changing(call, async ({ methods }) => await methods.accept(request)));
};

const LARGEST_EDIT = 25 * 1024 * 1024;

export const rerun = async (args: string[], cwd: string): Promise<number> => {
  const call: Call<'message' | 'from' | 'only' | 'edited'> = readCall(args, cwd, ['message', 'from', 'only', 'edited']);
  const from = choiceOf('from', call.needed('from'), ['raw', ...STAGES]);
  if (from === 'raw') return await fromRaw(call);
  if (call.text('edited') !== undefined) throw wrong(JOURNAL_TEXTS.editedFromRaw);
  return await again(call, from!);
};

export const resend = async (args: string[], cwd: string): Promise<number> => await again(readCall(args, cwd, ['message', 'only']), 'seal-mail');
