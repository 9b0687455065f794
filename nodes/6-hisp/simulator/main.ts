// The simulated network as a process of its own.
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type NetworkOptions, startNetwork } from './network.ts';
import { recordFile } from './record.ts';

const OPTIONS = {
  folder: { type: 'string' }, private: { type: 'string' }, 'smtp-port': { type: 'string' }, 'service-port': { type: 'string' },
  'notify-port': { type: 'string' }, 'edge-user': { type: 'string' }, 'imap-port': { type: 'string' },
  user: { type: 'string' }, 'delay-ms': { type: 'string' }, 'answer-ms': { type: 'string' },
  keep: { type: 'string' }, record: { type: 'string' }, control: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

const untilStopped = async (): Promise<void> => await new Promise((resolvePromise) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => { resolvePromise(); });
  // Whoever started this process holds its standard input; when they are gone, so is the need.
  process.stdin.once('end', () => { resolvePromise(); }).resume();
});

type NumberOption = 'smtp-port' | 'service-port' | 'notify-port' | 'imap-port' | 'delay-ms' | 'answer-ms' | 'keep';

const numberIn = (values: Values, name: NumberOption): number | undefined =>
  values[name] === undefined ? undefined : Number(values[name]);

/** The edge log-in's password is its own, from SIMULATOR_EDGE_PASSWORD or made up. */
const edgeOptions = (values: Values, password: string): NetworkOptions['edge'] => {
  const [user, imapPort] = [values['edge-user'], numberIn(values, 'imap-port')];
  return user === undefined ? undefined : { user, password, ...(imapPort !== undefined && { imapPort }) };
};

const networkOptions = (values: Values, cwd: string, password: string): NetworkOptions => {
  const [notifyPort, delayMs, answerMs, keep] = (['notify-port', 'delay-ms', 'answer-ms', 'keep'] as const).map((name) => numberIn(values, name));
  return {
    folder: resolve(cwd, values.folder ?? 'simulated-network'),
    ...(values.private !== undefined && { privateFolder: resolve(cwd, values.private) }),
    smtpPort: numberIn(values, 'smtp-port') ?? 0,
    servicePort: numberIn(values, 'service-port') ?? 0,
    user: values.user ?? 'courier',
    password,
    control: values.control ?? false,
    ...(notifyPort !== undefined && { notifyPort }),
    ...(delayMs !== undefined && { delayMs }),
    ...(answerMs !== undefined && { faults: { answerMs } }),
    ...(keep !== undefined && { keep }),
  };
};

/**
 * Starts the network, prints one JSON line `{smtpPort, servicePort, certificateUrl}` (with `--edge-user` also `imapPort`) and runs
 * until SIGTERM, SIGINT or the end of standard input. The log-in's password comes from SIMULATOR_PASSWORD, never from the command line; without
 * one it is made up and stands in the line too; the edge log-in's from SIMULATOR_EDGE_PASSWORD likewise. Resolves to the exit code.
 */
export const runNetwork = async (argv: string[], cwd = process.cwd(), environment = process.env): Promise<number> => {
  const { values } = parseArgs({ args: argv, options: OPTIONS });
  const given = environment['SIMULATOR_PASSWORD'];
  const password = given || randomBytes(12).toString('base64url');
  const edgeGiven = environment['SIMULATOR_EDGE_PASSWORD'];
  const edgePassword = edgeGiven || randomBytes(12).toString('base64url');
  const edge = edgeOptions(values, edgePassword);
  const record = values.record === undefined ? undefined : recordFile(resolve(cwd, values.record));
  const network = await startNetwork({ ...networkOptions(values, cwd, password), ...(edge && { edge }), ...(record && { record: record.write }) });
  const { smtpPort, servicePort, certificateUrl, imapPort } = network;
  const edgeLine = edge && { imapPort, ...(!edgeGiven && { edgePassword }) };
  process.stdout.write(`${JSON.stringify({ smtpPort, servicePort, certificateUrl, ...(!given && { password }), ...edgeLine })}\n`);
  await untilStopped();
  await network.stop();
  record?.close();
  return 0;
};
