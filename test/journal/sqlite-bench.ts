// A journal in an SQLite file of its own, for the contract.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Bench, openFile } from './fixtures.ts';

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A file that is not there yet, in a folder that goes when the tests have run. */
export const freshFile = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'courier-journal-'));
  folders.push(folder);
  return join(folder, 'deep', 'journal.sqlite');
};

export const sqliteBench = async (): Promise<Bench> => {
  const file = await freshFile();
  let instant = Date.UTC(2026, 0, 6);
  const clock = { now: () => instant, turn: (ms: number) => { instant += ms; } };
  const bench: Bench = {
    journal: await openFile(file, clock),
    clock,
    reopen: async () => {
      await bench.journal.close();
      bench.journal = await openFile(file, clock);
    },
    tamper: async (sql) => {
      await bench.journal.close();
      // Whoever is at the database is at the file that tells of it, too.
      await rm(`${file}.sum`, { force: true });
      const db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
      db.exec(sql);
      db.close();
      bench.journal = await openFile(file, clock);
    },
    end: () => bench.journal.close(),
  };
  return bench;
};
