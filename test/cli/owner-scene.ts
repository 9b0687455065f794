// A journal's stand-in behind a real door, and raw callers at it. The journal itself is tested elsewhere; here it only notes what reaches it.
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { findSocket } from '../../nodes/journal/owner-path.ts';
import { type Owner, startOwner } from '../../nodes/journal/owner.ts';
import type { Action, Journal } from '../../nodes/journal/port.ts';
import { temporaryFolder } from '../support/demo.ts';

export interface Scene { file: string; path: string; owner: Owner; calls: [string, unknown][]; close(): Promise<void> }

/** A file in a folder of its own; `deep` makes its path too long for a socket. */
export const journalFile = (deep = false): string => {
  const folder = deep ? join(temporaryFolder(), 'x'.repeat(100)) : temporaryFolder();
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'journal.sqlite');
  writeFileSync(file, '');
  return file;
};

/** Notes each call; `answer` decides what it comes to. */
export const recorder = (calls: [string, unknown][], answer: (method: string, input: unknown) => Promise<unknown>): Journal => {
  const method = (name: string) => async (input: unknown) => { calls.push([name, input]); return await answer(name, input); };
  return Object.fromEntries(['act', 'rerun', 'prune', 'verify', 'rotateKey', 'acceptResult', 'message', 'rawInput', 'find', 'close', 'settleAttempt']
    .map((name) => [name, method(name)])) as unknown as Journal;
};

export const openScene = async (answer: (method: string, input: unknown) => Promise<unknown> = async () => ({}), file = journalFile()): Promise<Scene> => {
  const calls: [string, unknown][] = [];
  const owner = await startOwner(recorder(calls, answer), file);
  if (owner === null) throw new Error('no door');
  return { file, path: findSocket(file)!, owner, calls, close: async () => await owner.close() };
};

/** A caller that says what it likes; resolves to everything that was said to it until it was hung up on. */
export const say = async (path: string, ...chunks: (string | Uint8Array)[]): Promise<string> => {
  const socket = connect(path);
  let heard = '';
  socket.on('data', (chunk) => { heard += chunk.toString('utf8'); });
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => { socket.once('close', resolve); });
  for (const chunk of chunks) if (socket.writable) await new Promise<void>((resolve) => { socket.write(chunk, () => resolve()); });
  await closed;
  return heard;
};

/** A caller that stays. */
export const caller = async (path: string): Promise<{ socket: Socket; heard: () => string; answered: (count: number) => Promise<string[]> }> => {
  const socket = connect(path);
  await once(socket, 'connect');
  let heard = '';
  socket.on('error', () => undefined);
  const told = (): string[] => heard.split('\n').slice(0, -1);
  socket.on('data', (chunk) => { heard += chunk.toString('utf8'); });
  return {
    socket,
    heard: () => heard,
    answered: async (count) => {
      while (told().length < count) await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => { throw new Error(`hung up: ${heard}`); })]);
      return told();
    },
  };
};

export const GREETING = '{"hello":1}\n';

export const BY = { actor: 'tester', reason: 'a test' };
export const HOLD: Action = { kind: 'hold', deliveries: { ids: ['d1', 'd2'] }, ...BY };
