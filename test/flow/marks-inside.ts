// What can be read by whoever has the keys: opened mails, the documents and reports in them, and every sealed value of a journal.
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { extractText, getDocumentProxy } from 'unpdf';
import { openMail } from '../../nodes/5-smime/open.ts';
import type { Network } from '../../nodes/6-hisp/simulator/network.ts';
import { resolveKey } from '../../nodes/journal/keys.ts';
import { isSealed } from '../../nodes/journal/sealed.ts';
import { createVault, type DataKeyRow, type Vault } from '../../nodes/journal/vault.ts';
import { leafParts } from '../../nodes/mail/leaf-parts.ts';
import { temporaryFolder } from '../support/demo.ts';

/** The mail within a sealed one; null when it is not sealed for its recipient. */
export const openedMail = async (network: Network, to: string, raw: Buffer): Promise<Buffer | null> => {
  const holder = await network.certificateFor(to);
  const anchors = [new X509Certificate(network.authorityPem).raw];
  return holder && openMail(raw, { keys: [{ privateKey: createPrivateKey(holder.keyPem) }], anchors, now: new Date() }).message;
};

const reportText = async (pdf: Uint8Array): Promise<string> =>
  (await extractText(await getDocumentProxy(new Uint8Array(pdf)), { mergePages: true })).text;

const EMBEDDED = /<text[^>]*representation="B64"[^>]*>([^<]+)/;

/** The bytes as text, and the text of what they hold: the document in a mail, the report in a document. */
export const textsIn = async (bytes: Uint8Array): Promise<string[]> => {
  const buffer = Buffer.from(bytes);
  const text = buffer.toString();
  if (text.startsWith('%PDF')) return [await reportText(buffer)];
  const embedded = EMBEDDED.exec(text)?.[1];
  if (embedded !== undefined) return [text, await reportText(Buffer.from(embedded, 'base64'))];
  if (!/^[A-Za-z-]+: /.test(text)) return [text];
  const within = await Promise.all(leafParts(buffer).map(({ body }) => (body.equals(buffer) ? [] : textsIn(body))));
  return [text, ...within.flat()];
};

/**
 * As it is now, copied by another process: whoever opens and closes a database's file in the engine's own process takes away its locks
 * (POSIX fcntl), and the next one who comes removes the log under it.
 */
export const copyOf = (folder: string): string => {
  const copy = join(temporaryFolder(), 'copy');
  execFileSync('cp', ['-a', folder, copy]);
  return copy;
};

/** Every file below a folder, and its name. */
export const filesBelow = (folder: string): { name: string; text: string }[] => readdirSync(folder, { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name)).map((name) => ({ name, text: readFileSync(name, 'latin1') }));

const CONTEXTS = ['input', 'order', 'result', 'delivery', 'attempt', 'notice', 'blocked', 'incident'];

type Row = Record<string, unknown>;

const openBlob = (vault: Vault, sealed: Uint8Array, row: Row): Uint8Array => {
  const id = row['id'] instanceof Uint8Array ? [`content ${Buffer.from(row['id']).toString('hex')}`] : [];
  for (const context of [...id, ...CONTEXTS]) {
    try {
      return vault.open(sealed, context);
    } catch { /* sealed as something else */ }
  }
  throw new Error('a sealed value that nothing opens');
};

/** Every sealed value of a copied SQLite journal, opened, and every other one as it stands. */
export const openedJournal = (file: string): { sealed: Uint8Array[]; plain: string[] } => {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const rowsOf = (table: string): Row[] => db.prepare(`SELECT * FROM "${table}"`).all();
    const vault = createVault({ key: resolveKey({ location: file, demo: true, env: process.env }) });
    vault.learn(rowsOf('data_key') as unknown as DataKeyRow[]);
    const tables = db.prepare('SELECT name FROM sqlite_master WHERE type = \'table\' AND name <> \'data_key\'').all();
    const rows = tables.flatMap(({ name }) => rowsOf(String(name)));
    const isBlob = (value: unknown): value is Uint8Array => value instanceof Uint8Array && isSealed(value);
    return {
      sealed: rows.flatMap((row) => Object.values(row).filter(isBlob).map((value) => openBlob(vault, value, row))),
      plain: rows.map((row) => JSON.stringify(Object.values(row).filter((value) => !(value instanceof Uint8Array)))),
    };
  } finally {
    db.close();
  }
};
