// One open journal per file and process: all that ask get the same one. It stays open a while after the last user has let go,
// because a redeploy closes every node before it starts the new ones, and as long as somebody listens, because the sender does.
import { resolve } from 'node:path';
import type { Journal } from './port.ts';
import { openSqliteJournal } from './sqlite/driver.ts';

/** Longer than Node-RED gives a node to close. */
const LINGER_MS = 30_000;

interface Shared { opening: Promise<Journal>; users: number; listeners: number; lingering: NodeJS.Timeout | undefined; shut: () => Promise<void> }

const shared = new Map<string, Shared>();

/** Journals on their way to being closed: the next opening of the file waits for that. */
const closing = new Map<string, Promise<void>>();

const linger = (entry: Shared): void => {
  clearTimeout(entry.lingering);
  entry.lingering = setTimeout(() => {
    if (entry.users > 0) return;
    if (entry.listeners > 0) linger(entry);
    else void entry.shut();
  }, LINGER_MS).unref();
};

const share = (journal: Journal, entry: Shared): Journal => ({
  ...journal,
  subscribe: (listener) => {
    const stop = journal.subscribe(listener);
    let stopped = false;
    entry.listeners += 1;
    return () => {
      if (!stopped) entry.listeners -= 1;
      stopped = true;
      stop();
    };
  },
  close: async () => {
    entry.users = Math.max(0, entry.users - 1);
    if (entry.users === 0) linger(entry);
  },
});

const start = (path: string): Shared => {
  const earlier = closing.get(path) ?? Promise.resolve();
  const opened = earlier.then(() => openSqliteJournal(path));
  const shut = (): Promise<void> => {
    clearTimeout(entry.lingering);
    shared.delete(path);
    const closed = opened.then((journal) => journal.close()).catch(() => undefined).finally(() => {
      if (closing.get(path) === closed) closing.delete(path);
    });
    closing.set(path, closed);
    return closed;
  };
  const entry: Shared = { opening: opened.then((journal) => share(journal, entry)), users: 0, listeners: 0, lingering: undefined, shut };
  shared.set(path, entry);
  // A file that could not be opened is tried again by the next one who asks.
  entry.opening.catch(() => { if (shared.get(path) === entry) shared.delete(path); });
  return entry;
};

/** Opens the journal in `file`, or shares the open one. Each user calls `close` once, which gives back this one share. */
export const openJournal = (file: string): Promise<Journal> => {
  const path = resolve(file);
  const entry = shared.get(path) ?? start(path);
  clearTimeout(entry.lingering);
  entry.users += 1;
  return entry.opening;
};

/** Closes every open journal at once, whoever shares it: for the end of a process and for tests. */
export const closeJournals = async (): Promise<void> => {
  await Promise.all([...[...shared.values()].map(({ shut }) => shut()), ...closing.values()]);
};
