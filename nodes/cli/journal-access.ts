// How a command comes to a journal: looking, by a connection that can only read, beside whoever has it open; changing, by the process that
// has it open, or by opening it where none does.
import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { CourierError, isCourierError } from '../errors.ts';
import { openDriver } from '../journal/driver.ts';
import { resolveKey } from '../journal/keys.ts';
import type { DriverOptions } from '../journal/location.ts';
import { methodsOf } from '../journal/owner-methods.ts';
import type { OwnerMethods } from '../journal/owner-wire.ts';
import type { Journal, MessageRecord } from '../journal/port.ts';
import { SCHEMA, versionOf } from '../journal/sqlite/migrate.ts';
import { refused } from './command.ts';
import { requireDatabaseJournal } from './database-journal.ts';
import type { Call } from './journal-call.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';
import { callOwner } from './owner-client.ts';

/** What a changing command works with; `journal` is for looking, opened when first asked for. */
export interface Changer { methods: OwnerMethods; journal(): Promise<Journal> }

type Place = Pick<Call, 'location' | 'keyFile'>;

/** What is no database is found out when it is opened. */
const schemaOf = (file: string): number | undefined => {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true });
    return versionOf(db);
  } catch {
    return undefined;
  } finally {
    db?.close();
  }
};

/** A command never makes a journal nor a key for one, and brings no old one up to date: that takes somebody who has a backup of the key. */
const requireJournal = async ({ location }: Place): Promise<void> => {
  if (typeof location !== 'string') return await requireDatabaseJournal(location);
  if ((statSync(location, { throwIfNoEntry: false })?.size ?? 0) === 0) throw refused(JOURNAL_TEXTS.noJournal(location));
  const found = schemaOf(location);
  if (found !== undefined && found < SCHEMA) throw new CourierError('JOURNAL_OLDER', { detail: `schema ${found}` });
};

/** Who started the journal was asked whether its key is backed up; a command is not asked again. */
const driverOptions = ({ location, keyFile }: Place): DriverOptions => {
  const besideIt = typeof location === 'string' && existsSync(`${location}.key`);
  const key = resolveKey({ location, demo: besideIt, env: process.env, ...(keyFile !== undefined && { keyFile }) });
  return { key, demo: true, now: Date.now };
};

const openReading = async (place: Place): Promise<Journal> => await openDriver(place.location, driverOptions(place), true);

export const looking = async <Found>(place: Place, use: (journal: Journal) => Promise<Found>): Promise<Found> => {
  await requireJournal(place);
  const journal = await openReading(place);
  try {
    return await use(journal);
  } finally {
    await journal.close();
  }
};

type Opened = Changer & { close(): Promise<void> };

const byOwner = async (place: Place): Promise<Opened | null> => {
  const owner = typeof place.location === 'string' ? await callOwner(place.location) : null;
  if (owner === null) return null;
  let reading: Promise<Journal> | undefined;
  return {
    methods: owner,
    journal: () => (reading ??= openReading(place)),
    close: async () => {
      owner.close();
      await (await reading)?.close();
    },
  };
};

const bySelf = async (place: Place): Promise<Opened> => {
  const journal = await openDriver(place.location, driverOptions(place));
  return { methods: methodsOf(journal), journal: async () => journal, close: journal.close };
};

const LOCKED_FOR = 5_000;

/** An engine that is just starting or ending has the file before or after it answers: looked for again, a while. */
const openChanging = async (place: Place): Promise<Opened> => {
  const since = Date.now();
  for (;;) {
    const found = await byOwner(place);
    if (found !== null) return found;
    try {
      return await bySelf(place);
    } catch (error) {
      if (!isCourierError(error) || error.code !== 'JOURNAL_LOCKED') throw error;
      if (Date.now() - since > LOCKED_FOR) throw new CourierError('OWNER_SILENT', { cause: error });
      await pause(250);
    }
  }
};

export const changing = async <Done>(place: Place, use: (changer: Changer) => Promise<Done>): Promise<Done> => {
  await requireJournal(place);
  const opened = await openChanging(place);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
};

export const requireMessage = async (journal: Pick<Journal, 'message'>, id: string): Promise<MessageRecord> => {
  const message = await journal.message(id);
  if (message === null) throw new CourierError('MESSAGE_UNKNOWN', { detail: id });
  return message;
};
