// A PostgreSQL for tests: the one that is named or runs here, else one of our own from the system's binaries. Each test has its own schema.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const BINARIES = '/usr/lib/postgresql';

const NEARBY = ['root@127.0.0.1:5432/test', 'root@127.0.0.1:5432/postgres', 'postgres@127.0.0.1:5432/postgres'].map((rest) => `postgres://${rest}`);

/** One statement or several, on a connection of their own. */
export const query = async <Row extends pg.QueryResultRow = Record<string, unknown>>(url: string, sql: string, values?: unknown[]): Promise<Row[]> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
};

const answers = (url: string): Promise<boolean> => query(url, 'SELECT 1').then(() => true, () => false);

/** Nothing listens on it just now. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
};

/** The newest that is installed; null where there is none. */
export const binaries = (): string | null => {
  const versions = existsSync(BINARIES) ? readdirSync(BINARIES).filter((name) => existsSync(join(BINARIES, name, 'bin', 'initdb'))) : [];
  const [newest] = versions.sort((one, other) => Number(other) - Number(one));
  return newest === undefined ? null : join(BINARIES, newest, 'bin');
};

// PostgreSQL refuses to run as root.
const unprivileged = (): { uid: number; gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => {
    try {
      return Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }));
    } catch {
      return 65_534;
    }
  };
  return { uid: id('-u'), gid: id('-g') };
};

export interface OwnServer {
  url: string;
  /** Where files of the server's own may lie. */
  folder: string;
  start(): Promise<void>;
  /** `crash`: as if the power had gone. */
  stop(how?: 'orderly' | 'crash'): Promise<void>;
  /** Stops it and deletes its data. */
  remove(): Promise<void>;
  /** The same at once, for the end of the process. */
  discard(): void;
}

/** A cluster of its own, not started yet. Null where the binaries are missing. `settings`: lines of its configuration. */
export const ownServer = async (settings: Record<string, string> = {}): Promise<OwnServer | null> => {
  const bin = binaries();
  if (bin === null) return null;
  const folder = mkdtempSync(join(tmpdir(), 'courier-postgres-'));
  const user = unprivileged();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const as = { ...user, cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C' } };
  execFileSync(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-locale', '--no-sync'], { ...as, stdio: 'ignore' });
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const flags = Object.entries({ listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '', ...settings })
    .flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let running: ChildProcess | undefined;

  const stop = async (how: 'orderly' | 'crash' = 'orderly'): Promise<void> => {
    const server = running;
    running = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const exited = once(server, 'exit');
    server.kill(how === 'crash' ? 'SIGQUIT' : 'SIGINT');
    await exited;
  };
  return {
    url, folder, stop,
    async start() {
      if (running !== undefined) return;
      running = spawn(join(bin, 'postgres'), ['-D', data, ...flags], { ...as, stdio: 'ignore' });
      for (let tries = 0; !await answers(url); tries += 1) {
        if (tries > 200 || running.exitCode !== null) throw new Error('the PostgreSQL of the test did not start');
        await sleep(50);
      }
    },
    async remove() {
      await stop('crash');
      rmSync(folder, { recursive: true, force: true });
    },
    discard() {
      running?.kill('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** A small filesystem in a new folder, for the server to fill. Null where none may be mounted. */
export const smallDisk = (server: OwnServer, megabytes: number): { folder: string; grow(megabytes: number): void; remove(): void } | null => {
  const folder = mkdtempSync(join(server.folder, 'disk-'));
  const user = unprivileged();
  const owner = user === undefined ? '' : `,uid=${user.uid},gid=${user.gid}`;
  const mount = (command: string, ...rest: string[]): void => { execFileSync(command, rest, { stdio: 'ignore' }); };
  try {
    mount('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700${owner}`, 'tmpfs', folder);
  } catch {
    return null;
  }
  return { folder, grow: (to) => mount('mount', '-o', `remount,size=${to}m`, folder), remove: () => mount('umount', '-l', folder) };
};

const found = async (): Promise<string | null> => {
  for (const url of [process.env['DIRECT_TEST_POSTGRES'], ...NEARBY]) if (url !== undefined && await answers(url)) return url;
  const server = await ownServer();
  if (server === null) return null;
  await server.start();
  // The process that runs the tests ends it, however that ends.
  process.once('exit', server.discard);
  return server.url;
};

let finding: Promise<string | null> | undefined;

/** Null where there is no PostgreSQL and none can be started. */
export const findPostgres = (): Promise<string | null> => (finding ??= found());

export interface FreshSchema { url: string; schema: string; drop(): Promise<void> }

const UNFINISHED = 'SET lock_timeout = 8000;';

/** A name that nothing has yet; a journal opened with it makes it. */
export const freshSchema = (url: string): FreshSchema => {
  const schema = `t_${randomBytes(6).toString('hex')}`;
  return { url, schema, drop: async () => { await query(url, `${UNFINISHED} DROP SCHEMA IF EXISTS ${schema} CASCADE; DROP SCHEMA IF EXISTS ${schema}_jobs CASCADE`); } };
};

/** A suite that needs PostgreSQL, or the word that there is none. Await it at the top of a spec. */
export const describePostgres = async (title: string, suite: (url: string) => void): Promise<void> => {
  const url = await findPostgres();
  if (url === null) describe.skip(`PostgreSQL: not available (${title})`, () => { it('was not run'); });
  else describe(title, () => suite(url));
};

/** The same for a suite that starts and stops a server of its own. */
export const describeOwnPostgres = (title: string, suite: () => void): void => {
  if (binaries() === null) describe.skip(`PostgreSQL: not available (${title})`, () => { it('was not run'); });
  else describe(title, suite);
};
