// Where a run takes place: its folder, the simulated HISP as a process of its own beside it, and what the flow's properties stand for.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type * as EngineModule from '../../nodes/cli/engine.ts';
import type * as PkiModule from '../../nodes/6-hisp/simulator/pki.ts';
import type { MailRecord } from '../../nodes/6-hisp/simulator/record.ts';
import { built } from './product.ts';

export interface Place {
  /** Of the run alone. */
  folder: string;
  /** The built product. */
  root: string;
  /** Where notifications are brought. */
  notifyPort: number;
  environment: Record<string, string>;
  /** Every mail that the HISP took. */
  taken(): MailRecord[];
  stop(): Promise<void>;
}

export interface PlaceOptions {
  folder: string;
  /** Certificates, which one network at a time uses, and compiled code, which all use. */
  pki: string;
  shared: string;
  root: string;
}

const SENDER_DOMAIN = 'direct.courier.example';
/** How long the HISP takes to answer a mail that it has: long enough to be killed in. */
const ANSWER_MS = '15';

export const freePort = async (root: string): Promise<number> => await (await built<typeof EngineModule>(root, 'cli/engine')).freePort();

const startNetwork = async (root: string, args: string[], password: string) => {
  const child = spawn(process.execPath, [join(root, 'bin/direct-courier'), 'simulator', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, SIMULATOR_PASSWORD: password },
  });
  const ended = once(child, 'exit');
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'), ended.then(() => { throw new Error('the simulated HISP did not start'); }),
  ]) as [string];
  return {
    ...JSON.parse(line) as { smtpPort: number; certificateUrl: string },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
};

const readRecord = (file: string): MailRecord[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as MailRecord) : [];

export const openPlace = async ({ folder, pki: kept, shared, root }: PlaceOptions): Promise<Place> => {
  const [pki, privateFolder, record] = [join(kept, 'shown'), join(kept, 'private'), join(folder, 'taken.jsonl')];
  mkdirSync(folder, { recursive: true });
  const { openPki } = await built<typeof PkiModule>(root, '6-hisp/simulator/pki');
  const sender = await (await openPki({ folder: pki, privateFolder })).senderIdentity(SENDER_DOMAIN);
  const [user, password, notifyPort] = ['courier', randomBytes(12).toString('base64url'), await freePort(root)];
  const { smtpPort, certificateUrl, stop } = await startNetwork(root, [
    '--folder', pki, '--private', privateFolder, '--notify-port', String(notifyPort), '--user', user, '--record', record, '--answer-ms', ANSWER_MS,
    '--keep', '10',
  ], password);
  return {
    folder, root, notifyPort, stop,
    environment: {
      CRASH_CACHE: shared,
      DIRECT_HISP_PORT: String(smtpPort), DIRECT_HISP_USER: user, DIRECT_HISP_PASSWORD: password, DIRECT_NOTIFY_PORT: String(notifyPort),
      DIRECT_ANCHORS: join(pki, 'ca.pem'), DIRECT_CERTIFICATE_SERVICE: certificateUrl,
      DIRECT_SENDER_CERTIFICATE: sender.certificatePem, DIRECT_SENDER_KEY: sender.keyPem,
    },
    taken: () => readRecord(record),
  };
};
