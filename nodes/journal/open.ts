// One open journal per place and process: all that ask get the same one. It stays open a while after the last user has let go,
// because a redeploy closes every node before it starts the new ones, and as long as somebody listens, because the sender does.
import { resolve } from 'node:path';
import { asCourierError } from '../errors.ts';
import { openDriver } from './driver.ts';
import { resolveKey } from './keys.ts';
import type { DriverOptions, JournalLocation } from './location.ts';
import { attended } from './owner.ts';
import type { Journal } from './port.ts';

/** What the first who opens a journal decides for all. What is absent is taken from the environment. */
export interface OpenOptions {
  /** Of the journal's key; else DIRECT_JOURNAL_KEY or DIRECT_JOURNAL_KEY_FILE. */
  keyFile?: string;
  /** Else DIRECT_JOURNAL_KEY_BACKUP. */
  keyBackup?: string;
  /** Else whether DIRECT_JOURNAL_DEMO is 1. */
  demo?: boolean;
  /** Epoch ms. */
  now?: () => number;
}

/** Longer than Node-RED gives a node to close. */
const LINGER_MS = 30_000;

interface Shared { opening: Promise<Journal>; users: number; listeners: number; lingering: NodeJS.Timeout | undefined; shut: () => Promise<void> }

const shared = new Map<string, Shared>();

/** Journals on their way to being closed: the next opening of the same place waits for that. */
const closing = new Map<string, Promise<void>>();

const linger = (entry: Shared): void => {
  clearTimeout(entry.lingering);
  entry.lingering = setTimeout(() => {
    if (entry.users > 0) return;
    if (entry.listeners > 0) linger(entry);
    else void entry.shut();
  }, LINGER_MS).unref();
};

/** Whoever listens keeps the journal open. */
const counted = <Listener>(entry: Shared, subscribe: (listener: Listener) => () => void) => (listener: Listener): (() => void) => {
  const stop = subscribe(listener);
  let stopped = false;
  entry.listeners += 1;
  return () => {
    if (!stopped) entry.listeners -= 1;
    stopped = true;
    stop();
  };
};

const share = (journal: Journal, entry: Shared): Journal => ({
  ...journal,
  subscribe: counted(entry, journal.subscribe),
  subscribeWork: counted(entry, journal.subscribeWork),
  close: async () => {
    entry.users = Math.max(0, entry.users - 1);
    if (entry.users === 0) linger(entry);
  },
});

const withKey = (location: JournalLocation, { keyFile, keyBackup, demo, now = Date.now }: OpenOptions): DriverOptions => {
  const { env } = process;
  const isDemo = demo ?? env['DIRECT_JOURNAL_DEMO'] === '1';
  const backup = keyBackup || env['DIRECT_JOURNAL_KEY_BACKUP'];
  const key = resolveKey({ location, demo: isDemo, env, ...(keyFile !== undefined && { keyFile }) });
  return { key, demo: isDemo, now, ...(backup !== undefined && { keyBackup: backup }) };
};

const start = (name: string, location: JournalLocation, options: OpenOptions): Shared => {
  const earlier = closing.get(name) ?? Promise.resolve();
  const opened = earlier.then(() => openDriver(location, withKey(location, options))).then((journal) => attended(journal, location));
  const shut = (): Promise<void> => {
    clearTimeout(entry.lingering);
    shared.delete(name);
    const closed = opened.then((journal) => journal.close()).catch(() => undefined).finally(() => {
      if (closing.get(name) === closed) closing.delete(name);
    });
    closing.set(name, closed);
    return closed;
  };
  const opening = opened.then((journal) => share(journal, entry), (error: unknown) => { throw asCourierError(error, 'JOURNAL_FAILED'); });
  const entry: Shared = { opening, users: 0, listeners: 0, lingering: undefined, shut };
  shared.set(name, entry);
  // What could not be opened is tried again by the next one who asks.
  entry.opening.catch(() => { if (shared.get(name) === entry) shared.delete(name); });
  return entry;
};

const nameOf = (place: JournalLocation): string => typeof place === 'string' ? place : JSON.stringify([place.url, place.schema ?? '']);

/**
 * Opens the journal, or shares the open one. Each user calls `close` once, which gives back this one share. Throws what the driver
 * and the key do: JOURNAL_* and KEY_*.
 */
export const openJournal = (location: JournalLocation, options: OpenOptions = {}): Promise<Journal> => {
  const place = typeof location === 'string' ? resolve(location) : location;
  const name = nameOf(place);
  const entry = shared.get(name) ?? start(name, place, options);
  clearTimeout(entry.lingering);
  entry.users += 1;
  return entry.opening;
};

/** Closes every open journal at once, whoever shares it: for the end of a process and for tests. */
export const closeJournals = async (): Promise<void> => {
  await Promise.all([...[...shared.values()].map(({ shut }) => shut()), ...closing.values()]);
};
