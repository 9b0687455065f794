// The stages in hot loops, each beside its floor, in a process of their own on the measured core.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as RenderModule from '../../nodes/3-pdf/render.ts';
import type * as BuildModule from '../../nodes/4-cda/build.ts';
import type * as OpenModule from '../../nodes/5-smime/open.ts';
import type * as SealModule from '../../nodes/5-smime/seal.ts';
import type * as TransportModule from '../../nodes/6-hisp/smtp-transport.ts';
import type { HispAccount, Transport } from '../../nodes/6-hisp/types.ts';
import { built } from './built.ts';
import { base64Floor, fileFloor, openFloor, sealFloor, socketFloor } from './floor.ts';
import { benchJournal } from './journal/scene.ts';
import { journey } from './journey.ts';
import { prepareScene, RECIPIENT, type Scene, SENDER } from './scene.ts';
import { compare, type Timing, type Work } from './timing.ts';

export interface StagesInput {
  folder: string; pki: string; privateFolder: string; smtpPort: number; user: string; password: string;
  /** Of the sink that answers the bare socket. */
  sinkPort: number;
}

export interface StageTiming { stage: string; own: Timing; floor: Timing | null }

export interface StagesAnswer { stages: StageTiming[]; sizes: { pdf: number; cda: number; mail: number } }

const ROUNDS = { rounds: 5, times: 15, warmUp: 40 };

const openTransport = async ({ pki, smtpPort, user, password }: StagesInput): Promise<Transport> => {
  const { smtpTransport } = await built<typeof TransportModule>('6-hisp/smtp-transport');
  const account: HispAccount = {
    name: 'bench', host: '127.0.0.1', port: smtpPort, security: 'starttls', user, password, anyFrom: true, serverName: 'localhost',
    sealing: 'courier', simulated: true, imap: { host: '127.0.0.1', port: 993, security: 'implicit' },
    authorities: await readFile(join(pki, 'ca.pem'), 'utf8'), connections: 1, retryFirstMs: 1, retryMaxMs: 1, maxAttempts: 1,
    maxAgeMs: 1, answers: [], unknown: 'retry', probeFirstMs: 1, probeMaxMs: 1, deadlines: { routine: 1, urgent: 1, emergent: 1 },
  };
  return smtpTransport(account);
};

const submission = (transport: Transport, { mail }: Scene): Work => async () => {
  const outcome = await transport.send({ from: SENDER, to: RECIPIENT, raw: mail });
  if (outcome.kind !== 'accepted') throw new Error(`the simulated HISP did not accept: ${outcome.code}`);
};

const measured = async (stage: string, own: Work, floor: Work | null): Promise<StageTiming> => {
  const timings = await compare<'own' | 'floor'>({ own, floor: floor ?? (() => undefined) }, ROUNDS);
  return { stage, own: timings.own, floor: floor === null ? null : timings.floor };
};

const run = async (input: StagesInput): Promise<StagesAnswer> => {
  const scene = await prepareScene(input.pki, input.privateFolder);
  const { renderReport } = await built<typeof RenderModule>('3-pdf/render');
  const { buildInWorker } = await built<typeof BuildModule>('4-cda/build');
  const { sealMail } = await built<typeof SealModule>('5-smime/seal');
  const { openMail } = await built<typeof OpenModule>('5-smime/open');
  const journal = await benchJournal(join(input.folder, 'stages.sqlite'));
  const transport = await openTransport(input);
  const socket = await socketFloor(scene, input.sinkPort);
  const openKeys = { keys: [scene.identity], anchors: scene.anchors, now: new Date() };
  const openAll = (): void => {
    for (const raw of scene.notifications) if (openMail(raw, openKeys).verdict !== 'accept') throw new Error('a notification was refused');
  };
  const stages = [
    await measured('PDF', () => renderReport(scene.render), null),
    await measured('CDA, with its check', () => buildInWorker(scene.document), base64Floor(scene)),
    await measured('journal, fsync before each answer', journey(journal, scene), fileFloor(scene, join(input.folder, 'floor'))),
    await measured('S/MIME, signed and encrypted', () => sealMail(scene.seal), sealFloor(scene)),
    await measured('SMTP with STARTTLS', submission(transport, scene), socket.work),
    await measured('S/MIME, two notifications opened', openAll, openFloor(scene)),
  ];
  socket.socket.destroy();
  transport.close(true);
  await journal.close();
  return { stages, sizes: { pdf: scene.pdf.length, cda: scene.cda.length, mail: scene.mail.length } };
};

process.once('message', (input) => {
  void run(input as StagesInput).then((answer) => { process.send?.(answer); });
});
