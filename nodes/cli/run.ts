// The command's front door. It imports nothing that an old Node lacks, so that it can still hand over to the project's own Node.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * engines.node: 22.20, or 24.5 and later. What counts is their OpenSSL 3.5: under an older one Node refuses to decrypt
 * PKCS#1 v1.5 key transport, which is what HISPs use.
 */
const FIT: Record<string, number> = { 22: 20, 24: 5 };
const FIT_FROM = 25;

const tooOld = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < FIT_FROM && !(minor >= (FIT[major] ?? Infinity));
};

/** Runs the same command under the Node that the development dependency `node` brought, and passes signals on to it. */
const handOver = async (args: string[]): Promise<number> => {
  const own = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
  const command = fileURLToPath(new URL('../../bin/direct-courier', import.meta.url));
  if (!existsSync(own) || process.env['DIRECT_COURIER_HANDED_OVER'] !== undefined) {
    process.stderr.write(`direct-courier needs Node 22.20, or 24.5 or newer; this is ${process.versions.node}.\n`);
    return 1;
  }
  const child = spawn(own, [command, ...args], { stdio: 'inherit', env: { ...process.env, DIRECT_COURIER_HANDED_OVER: '1' } });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
};

/** Whoever reads what is printed (`| head`) may have had enough. */
const untilNobodyReads = (): void => {
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
};

/** Exit code of the command. */
export const run = async (args: string[]): Promise<number> => {
  if (tooOld(process.versions.node)) return await handOver(args);
  untilNobodyReads();
  const { main } = await import('./main.ts');
  return await main(args);
};
