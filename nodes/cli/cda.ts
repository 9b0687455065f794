// `direct-courier cda check FILE`
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkDocument } from '../4-cda/check.ts';
import { type Command, UsageError } from './command.ts';

export const cda: Command = async (args, { cwd }) => {
  const { values, positionals } = parseArgs({ args, options: { json: { type: 'boolean' } }, allowPositionals: true });
  const [verb, file, ...more] = positionals;
  if (verb !== 'check' || file === undefined || more.length > 0) throw new UsageError('cda check FILE');
  const answer = checkDocument(await readFile(resolve(cwd, file)));
  const lines = answer.findings.map(({ severity, code, xpath, text }) => `${severity}  ${code}  ${xpath}  ${text}`);
  process.stdout.write(values.json ? `${JSON.stringify(answer)}\n` : `${[answer.verdict, ...lines].join('\n')}\n`);
  return answer.verdict === 'errors' ? 2 : 0;
};
