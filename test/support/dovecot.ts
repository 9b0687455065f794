// A dovecot of our own for tests: its own configuration and mailbox in a temporary folder, on free ports of this machine.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './postgres.ts';
import type { TestCertificate } from './pki.ts';

const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`;

const versionOf = (): string => {
  const { status, stdout } = spawnSync('dovecot', ['--version'], { env: { ...process.env, PATH }, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
};

const VERSION = versionOf();
export const HAS_DOVECOT = VERSION !== '';

// Nobody may read mail as root, and as root dovecot wants other users for its parts than the one that it was started by.
const ROOT = process.getuid?.() === 0;
const idOf = (flag: string, user: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
const OWNER = ROOT ? { uid: idOf('-u', 'nobody'), gid: idOf('-g', 'nobody') } : { uid: userInfo().uid, gid: userInfo().gid };

export interface Dovecot {
  /** TLS from the start, and STARTTLS. */
  ports: { implicit: number; starttls: number };
  /** Puts a mail into the INBOX, as a mail system would. */
  deliver(raw: Buffer): void;
  start(): Promise<void>;
  /** Connections are cut. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

interface Plan { folder: string; ports: Dovecot['ports']; password: string }

/** The two families of releases have different names for the same things. */
const versioned = ({ folder, password }: Plan): string[] => VERSION.startsWith('2.3.')
  ? [
    `mail_location = maildir:${folder}/mail`, 'ssl = required', `ssl_cert = <${folder}/server.pem`, `ssl_key = <${folder}/server.key`,
    'passdb {', '  driver = static', `  args = password=${password}`, '}',
    'userdb {', '  driver = static', `  args = uid=${OWNER.uid} gid=${OWNER.gid} home=${folder}/mail`, '}',
  ]
  : [
    'mail_driver = maildir', `mail_path = ${folder}/mail`, 'ssl = required',
    `ssl_server_cert_file = ${folder}/server.pem`, `ssl_server_key_file = ${folder}/server.key`,
    'passdb static {', `  password = ${password}`, '}',
    'userdb static {', '  fields {', `    uid = ${OWNER.uid}`, `    gid = ${OWNER.gid}`, `    home = ${folder}/mail`, '  }', '}',
  ];

const configuration = (plan: Plan): string => {
  const { folder, ports } = plan;
  const own = userInfo().username;
  return [
    ...(VERSION.startsWith('2.3.') ? [] : ['dovecot_config_version = 2.4.0', 'dovecot_storage_version = 2.4.0']),
    'protocols = imap', 'listen = 127.0.0.1', `base_dir = ${folder}/run`, `state_dir = ${folder}/state`, `log_path = ${folder}/log`,
    ...(ROOT ? [] : [`default_internal_user = ${own}`, `default_login_user = ${own}`, `default_internal_group = ${execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()}`]),
    `first_valid_uid = ${OWNER.uid}`, `first_valid_gid = ${OWNER.gid}`,
    ...versioned(plan),
    'namespace inbox {', '  inbox = yes', '}',
    'service anvil {', '  chroot =', '}',
    'service imap-login {', '  chroot =',
    '  inet_listener imap {', `    port = ${ports.starttls}`, '  }',
    '  inet_listener imaps {', `    port = ${ports.implicit}`, '    ssl = yes', '  }', '}', '',
  ].join('\n');
};

const answers = (port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); }).on('error', () => { resolve(false); });
});

export const makeDovecot = async (server: TestCertificate, password: string): Promise<Dovecot> => {
  const folder = mkdtempSync(join(tmpdir(), 'dovecot-'));
  const plan: Plan = { folder, password, ports: { implicit: await freePort(), starttls: await freePort() } };
  for (const part of ['', 'run', 'state', 'mail', 'mail/tmp', 'mail/new', 'mail/cur']) {
    mkdirSync(join(folder, part), { recursive: true });
    chmodSync(join(folder, part), 0o755);
    if (part.startsWith('mail')) chownSync(join(folder, part), OWNER.uid, OWNER.gid);
  }
  writeFileSync(join(folder, 'server.pem'), server.pem);
  writeFileSync(join(folder, 'server.key'), server.keyPem, { mode: 0o600 });
  writeFileSync(join(folder, 'dovecot.conf'), configuration(plan));
  let child: ChildProcess | undefined;
  let count = 0;

  const stop = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    // Its own processes, which serve connections that they have to their end.
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // All of them are gone.
    }
  };
  return {
    ports: plan.ports,
    deliver(raw) {
      const name = `${Date.now()}.${String(count += 1).padStart(5, '0')}.test`;
      const [before, after] = [join(folder, 'mail/tmp', name), join(folder, 'mail/new', name)];
      writeFileSync(before, raw);
      chownSync(before, OWNER.uid, OWNER.gid);
      renameSync(before, after);
    },
    async start() {
      let said = '';
      const started = child = spawn('dovecot', ['-F', '-c', join(folder, 'dovecot.conf')], {
        env: { ...process.env, PATH }, stdio: ['ignore', 'ignore', 'pipe'], detached: true,
      });
      started.stderr!.on('data', (chunk) => { said += chunk; });
      for (let tries = 0; !await answers(plan.ports.implicit); tries += 1) {
        if (started.exitCode !== null || tries > 100) throw new Error(`dovecot ${VERSION} does not start: ${said}`);
        await sleep(50);
      }
    },
    stop,
    async remove() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
