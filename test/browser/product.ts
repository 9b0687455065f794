// The product as a person starts it: the command in a process of its own, its address and password read from what it prints.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from '../support/demo.ts';

export interface Product {
  /** Ends with a slash. */
  url: string;
  password: string;
  printed(): string;
  /** Exit code after SIGTERM. */
  stop(): Promise<number | null>;
}

const PATIENCE_MS = 60_000;

/** Resolves when the eight samples have gone through the flow and the table is printed. */
export const startProduct = async (folder: string): Promise<Product> => {
  const child = spawn(process.execPath, [join(ROOT, 'bin/direct-courier'), 'start', '--user-dir', 'user', '--port', '0'], {
    env: { ...process.env, COURIER_CWD: folder }, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  let printed = '';
  const stopping = AbortSignal.timeout(PATIENCE_MS);
  const ready = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      if (printed.includes('Ctrl-C')) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', () => reject(new Error(`the product ended:\n${printed}`)));
    stopping.addEventListener('abort', () => reject(new Error(`the product is not ready:\n${printed}`)));
  });
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    return (await exit)[0];
  };
  try {
    await ready;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  const [, url] = /ready at (http\S+)/.exec(printed) ?? [];
  const [, password] = /with the password (\S+) \(/.exec(printed) ?? [];
  return { url: url!, password: password!, printed: () => printed, stop };
};
