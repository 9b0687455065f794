// Reading what the journal's form saved: where the journal is, where its key comes from, how long things are kept and waited for.
import { resolve } from 'node:path';
import { CourierError } from '../errors.ts';
import type { Environment } from './keys.ts';
import { BACKENDS, type Backend, type JournalLocation } from './location.ts';
import { RETENTION, type RetentionSettings } from './port.ts';

/** What the form saves; everything may be text, because `${NAME}` is replaced by text. Flows of the first version have `file` alone. */
export interface JournalForm extends Partial<Record<keyof typeof KEEP_FIELDS, number | string>> {
  storage?: string; file?: string; backend?: string; schema?: string; keyFile?: string; keyBackup?: string; lease?: number | string;
}

export interface JournalSettings {
  location: JournalLocation;
  key: { keyFile?: string; keyBackup?: string };
  /** How long a message may stay in the flow without reaching another stage. */
  leaseMs: number;
  retention: RetentionSettings;
}

const DEFAULT_FILE = 'direct-courier/journal.sqlite';
const DEFAULT_LEASE_S = 300;

/** What holds while the form cannot be read, and so no journal is open. */
export const STANDARD: Pick<JournalSettings, 'leaseMs' | 'retention'> = { leaseMs: DEFAULT_LEASE_S * 1000, retention: RETENTION };

/** The form's fields of days. */
const KEEP_FIELDS = { keepOpenOrders: 'openOrders', keepCorrection: 'correction', keepContent: 'content', keepLedger: 'ledger' } as const satisfies
  Record<`keep${Capitalize<keyof RetentionSettings>}`, keyof RetentionSettings>;

const LONGEST_DAYS = 36_500;
const LONGEST_LEASE_S = 86_400;

const text = (value: unknown): string => typeof value === 'string' ? value.trim() : '';

interface Limits { standard: number; least: number; most: number; whole: boolean }

const number = (value: unknown, path: string, { standard, least, most, whole }: Limits): number => {
  if (value === undefined || value === null || String(value).trim() === '') return standard;
  const read = Number(value);
  if (!Number.isFinite(read) || read < least || read > most || (whole && !Number.isInteger(read))) {
    throw new CourierError('FIELD_INVALID', { path, detail: `a ${whole ? 'whole ' : ''}number from ${least} to ${most}` });
  }
  return read;
};

const isBackend = (name: string): name is Backend => (BACKENDS as readonly string[]).includes(name);

const readLocation = (form: JournalForm, url: string, userDir: string): JournalLocation => {
  if ((text(form.storage) || 'sqlite') === 'sqlite') return resolve(userDir, text(form.file) || DEFAULT_FILE);
  if (form.storage !== 'postgres') throw new CourierError('FIELD_INVALID', { path: 'storage', detail: 'sqlite or postgres' });
  const backend = text(form.backend) || 'postgres';
  const schema = text(form.schema);
  if (!isBackend(backend)) throw new CourierError('FIELD_INVALID', { path: 'backend', detail: BACKENDS.join(', ') });
  if (schema !== '' && !/^[a-z_][a-z0-9_]{0,40}$/.test(schema)) {
    throw new CourierError('FIELD_INVALID', { path: 'schema', detail: 'lower-case letters, digits and _' });
  }
  if (url === '') throw new CourierError('FIELD_MISSING', { path: 'url' });
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new CourierError('FIELD_INVALID', { path: 'url', detail: 'postgresql://user:password@host:5432/database' });
  }
  return { kind: 'postgres', url, backend, ...(schema !== '' && { schema }) };
};

const readRetention = (form: JournalForm): RetentionSettings => {
  const days = Object.entries(KEEP_FIELDS).map(([field, name]) =>
    [name, number(form[field as keyof typeof KEEP_FIELDS], field, { standard: RETENTION[name], least: 1, most: LONGEST_DAYS, whole: true })]);
  return Object.fromEntries(days) as unknown as RetentionSettings;
};

/**
 * Relative paths are taken from `userDir`. `url` (a credential) goes before DIRECT_JOURNAL_URL.
 * Throws FIELD_MISSING or FIELD_INVALID with the field's name as path and nothing of what stands in it.
 */
export const readJournalForm = (form: JournalForm, url: string | undefined, userDir: string, env: Environment): JournalSettings => {
  const keyFile = text(form.keyFile);
  const keyBackup = text(form.keyBackup);
  return {
    location: readLocation(form, text(url) || text(env['DIRECT_JOURNAL_URL']), userDir),
    key: { ...(keyFile !== '' && { keyFile: resolve(userDir, keyFile) }), ...(keyBackup !== '' && { keyBackup }) },
    leaseMs: number(form.lease, 'lease', { standard: DEFAULT_LEASE_S, least: 0.1, most: LONGEST_LEASE_S, whole: false }) * 1000,
    retention: readRetention(form),
  };
};
