// Where a journal is kept, and what opening it takes.

/** What the PostgreSQL family offers; pg-boss is told which one it has before it. */
export const BACKENDS = ['postgres', 'citus', 'cockroachdb'] as const;
export type Backend = typeof BACKENDS[number];

/** `url` holds a password: it is never shown. */
export interface PostgresLocation { kind: 'postgres'; url: string; backend: Backend; schema?: string }

/** The path of an SQLite file, or a database that several processes share. */
export type JournalLocation = string | PostgresLocation;

/** What a driver needs besides the place. */
export interface DriverOptions {
  /** 32 bytes, for the vault. */
  key: Uint8Array;
  /** A journal for demonstrations: nobody is asked for a backup of its key. */
  demo: boolean;
  /** The fingerprint with which somebody acknowledges that the key is backed up. */
  keyBackup?: string;
  /** Epoch ms. */
  now: () => number;
  /** Ticks in ms whatever happens to the clock; tells jumps of `now`. Default: the process's own, beside the system's clock only. */
  monotonic?: () => number;
}
