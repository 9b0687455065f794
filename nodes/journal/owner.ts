// The owner's door: a socket of mode 0600 by which commands on this machine reach the process that has the journal open.
// Nothing that comes in by it may harm that process; a door that cannot be opened keeps nobody from the journal.
import { once } from 'node:events';
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { asCourierError, CourierError, isCourierError } from '../errors.ts';
import type { JournalLocation } from './location.ts';
import { methodsOf } from './owner-methods.ts';
import { forgetSocket, placeSocket } from './owner-path.ts';
import { readRequest } from './owner-requests.ts';
import { type Answer, asFault, fromLine, GREETING_LIMIT, linesOf, OWNER_VERSION, type OwnerMethods, REQUEST_LIMIT, toLine } from './owner-wire.ts';
import type { Journal } from './port.ts';

const MOST_CALLERS = 16;
/** Whoever says nothing for so long is hung up on, in ms. A request under way takes the time it takes. */
const GREETING_WITHIN = 5_000;
const IDLE = 60_000;
/** Requests under way get so long when the door is shut, in ms. */
const LAST_WORDS = 5_000;

export interface Owner {
  path: string;
  /** Finishes what is under way, takes no more, removes the socket. */
  close(): Promise<void>;
}

const greeted = (line: string): string => {
  if (fromLine(line)['hello'] !== OWNER_VERSION) throw new CourierError('OWNER_VERSION', { detail: `${OWNER_VERSION} is spoken here` });
  return toLine({ hello: OWNER_VERSION, pid: process.pid });
};

interface Caller { socket: Socket; underWay: boolean }
interface Door { methods: OwnerMethods; callers: Set<Caller>; closing: boolean }

/** One request after the other; the next one is not read before this one is answered. */
const converse = async (caller: Caller, door: Door): Promise<void> => {
  const { socket } = caller;
  let known = false;
  for await (const line of linesOf(socket, () => known ? REQUEST_LIMIT : GREETING_LIMIT)) {
    if (!known) {
      socket.write(greeted(line));
      socket.setTimeout(IDLE);
      known = true;
      continue;
    }
    const perform = readRequest(fromLine(line));
    caller.underWay = true;
    socket.setTimeout(0);
    const answer = await perform(door.methods).then((output): Answer => ({ output: output ?? null }), (error: unknown): Answer =>
      ({ error: asFault(asCourierError(error, 'JOURNAL_FAILED')) }));
    caller.underWay = false;
    socket.setTimeout(IDLE);
    if (!socket.write(toLine(answer)) && !socket.destroyed) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    if (door.closing) return;
  }
};

/** Never rejects. */
const attend = async (caller: Caller, door: Door): Promise<void> => {
  const { socket } = caller;
  // Also after the conversation: a connection may break at any moment.
  socket.on('error', () => undefined);
  socket.on('timeout', () => socket.destroy());
  socket.setTimeout(GREETING_WITHIN);
  try {
    await converse(caller, door);
    socket.end();
  } catch (error) {
    // A broken connection is no news to anybody.
    if (isCourierError(error)) socket.end(toLine({ error: asFault(error) } satisfies Answer));
    else socket.destroy();
  }
  // What still comes in is thrown away, for as long as the time limit lets it.
  socket.resume();
};

/** Whether somebody answers at a socket that was left lying. */
const answers = async (path: string): Promise<boolean> => {
  const caller = connect(path);
  try {
    await once(caller, 'connect');
    return true;
  } catch (error) {
    return !['ECONNREFUSED', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '');
  } finally {
    caller.destroy();
  }
};

const PATIENCE = 10;

/** Removes the socket of a process that is gone. False: something else is there, or a living process. */
const cleared = async (path: string): Promise<boolean> => {
  for (let looks = 0; looks < PATIENCE; looks += 1) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return true;
    if (!found.isSocket()) return false;
    if (!await answers(path)) {
      rmSync(path, { force: true });
      return true;
    }
    await pause(200);
  }
  return false;
};

/** The socket is nobody else's from its first instant on: the system makes it under this mask. */
const listen = async (server: Server, path: string): Promise<void> => {
  const listening = once(server, 'listening');
  const before = process.umask(0o077);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await listening;
  chmodSync(path, 0o600);
};

/** Waits for answers that are due, then hangs up on everybody. */
const shut = async (server: Server, door: Door): Promise<void> => {
  door.closing = true;
  const closed = new Promise<void>((resolve) => { server.close(() => resolve()); });
  for (const { socket, underWay } of door.callers) if (!underWay) socket.destroySoon();
  await Promise.race([closed, pause(LAST_WORDS, undefined, { ref: false })]);
  for (const { socket } of door.callers) socket.destroy();
  await closed;
};

const openDoor = async (journal: Journal, path: string): Promise<() => Promise<void>> => {
  const door: Door = { methods: methodsOf(journal), callers: new Set(), closing: false };
  const server = createServer((socket) => {
    const caller: Caller = { socket, underWay: false };
    door.callers.add(caller);
    socket.once('close', () => door.callers.delete(caller));
    void attend(caller, door);
  });
  server.maxConnections = MOST_CALLERS;
  await listen(server, path);
  server.on('error', () => undefined);
  // Not the door keeps the process alive.
  server.unref();
  return () => shut(server, door);
};

/**
 * Lets commands reach this open journal. `file` is the journal's file. Null where that cannot be: then a warning of the process says why, and
 * commands that change something have to wait until this process ends. Windows has no such sockets and gets none.
 */
export const startOwner = async (journal: Journal, file: string): Promise<Owner | null> => {
  if (process.platform === 'win32') return null;
  try {
    const path = placeSocket(file);
    if (path === null || !await cleared(path)) throw new CourierError('OWNER_SILENT', { detail: 'the place of the socket is taken' });
    const shutDoor = await openDoor(journal, path);
    const close = async (): Promise<void> => {
      await shutDoor();
      forgetSocket(file, path);
    };
    let closed: Promise<void> | undefined;
    return { path, close: () => (closed ??= close()) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    process.emitWarning(`The journal takes no commands from other processes: ${code ?? 'its socket cannot be made'}.`);
    return null;
  }
};

/** An open journal with its owner's door; a database that several processes share needs none. The door is shut before the journal is. */
export const attended = async (journal: Journal, location: JournalLocation): Promise<Journal> => {
  const owner = typeof location === 'string' ? await startOwner(journal, location) : null;
  if (owner === null) return journal;
  return {
    ...journal,
    close: async () => {
      await owner.close();
      await journal.close();
    },
  };
};
