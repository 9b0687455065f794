// `direct-courier npi check NUMBER`
import { parseArgs } from 'node:util';
import { readNpi } from '../0-order/npi.ts';
import { type Command, UsageError } from './command.ts';

export const npi: Command = async (args) => {
  const { values, positionals } = parseArgs({ args, options: { json: { type: 'boolean' } }, allowPositionals: true });
  const [verb, number, ...more] = positionals;
  if (verb !== 'check' || number === undefined || more.length > 0) throw new UsageError('npi check NUMBER');
  const answer = readNpi(number);
  process.stdout.write(values.json ? `${JSON.stringify(answer)}\n` : `${answer.text}\n`);
  return answer.valid ? 0 : 2;
};
