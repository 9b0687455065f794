// `direct-courier start`: Node-RED with the flow on the canvas, the simulated network, and eight made-up results.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BUNDLE, bundleFolder, configure, readBundle } from './bundle.ts';
import { isFree, freePort } from './engine.ts';
import { handIn, readInputs } from './inputs.ts';
import { locationOf } from './journal-call.ts';
import { startLab } from './lab.ts';
import { checkPassword, EDITOR_USER, readKeys, renewPassword } from './login.ts';
import type { Command } from './command.ts';
import { readOutcome, waitForRest } from './outcome.ts';
import { outcomeTable } from './table.ts';
import { TEXTS } from './texts.ts';

const say = (text: string): void => { process.stdout.write(`${text}\n`); };

const EDITOR_PORT = 1880;
const PATIENCE_MS = 60_000;

const choosePort = async (asked: string | undefined): Promise<number> => {
  const wanted = Number(asked ?? process.env['PORT'] ?? EDITOR_PORT);
  if (await isFree(wanted)) return wanted;
  const port = await freePort();
  say(TEXTS.portTaken(wanted, port));
  return port;
};

const untilSignal = async (): Promise<void> =>
  await new Promise((resolve) => { for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve()); });

export const start: Command = async (args, { cwd }) => {
  const { values } = parseArgs({
    args,
    options: {
      fresh: { type: 'boolean' }, 'new-password': { type: 'boolean' }, port: { type: 'string' }, 'user-dir': { type: 'string' },
      journal: { type: 'string' }, backend: { type: 'string' }, schema: { type: 'string' },
    },
  });
  const userDir = resolve(cwd, values['user-dir'] ?? '.direct-courier');
  if (values.fresh) await rm(userDir, { recursive: true, force: true });
  const first = !existsSync(join(userDir, 'flows.json'));
  const password = first || values['new-password'] ? randomBytes(9).toString('base64url') : null;
  const keys = password === null ? await readKeys(userDir) : await renewPassword(userDir, password);
  const samples = join(bundleFolder(BUNDLE), 'samples');
  const lab = await startLab({
    userDir,
    pki: join(userDir, 'pki'),
    port: await choosePort(values.port),
    ...(values.journal !== undefined && { journal: locationOf(values, cwd) }),
    settings: {
      credentialSecret: keys.credentialSecret,
      adminAuth: {
        type: 'credentials',
        users: async (name: string) => name === EDITOR_USER ? { username: EDITOR_USER, permissions: '*' } : null,
        authenticate: async (name: string, given: string) =>
          name === EDITOR_USER && checkPassword(keys, given) ? { username: EDITOR_USER, permissions: '*' } : null,
      },
      logging: { console: { level: 'error', metrics: false, audit: false } },
    },
    flows: async () => first ? configure(await readBundle(BUNDLE), 'direct-render-pdf', { imageFolder: samples }) : null,
  });
  try {
    say(TEXTS.started(lab.engine.url));
    say(password === null ? TEXTS.passwordKept(EDITOR_USER) : TEXTS.password(EDITOR_USER, password));
    say(TEXTS.network(lab.network.smtpPort));
    if (first) {
      say(TEXTS.running);
      await handIn(lab.engine.url, await readInputs(samples));
      const outcome = await waitForRest(lab.journal, PATIENCE_MS);
      if (!outcome.settled) say(TEXTS.stuck);
      say(outcomeTable(outcome));
    } else {
      say(TEXTS.stored);
      say(outcomeTable(await readOutcome(lab.journal)));
    }
    const asked = untilSignal();
    say(TEXTS.stop);
    await asked;
  } finally {
    await lab.stop();
  }
  return 0;
};
