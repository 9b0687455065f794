// `direct-courier open MAIL`: decrypt, verify and judge one Direct mail with a key and anchors at hand.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readOpenKeys } from '../5-smime/identity.ts';
import { openMail } from '../5-smime/open.ts';
import { readPem } from '../5-smime/pem.ts';
import type { OpenedMail } from '../5-smime/types.ts';
import { CourierError } from '../errors.ts';
import { leafParts, type LeafPart } from '../mail/leaf-parts.ts';
import { type Command, UsageError } from './command.ts';
import { TEXTS } from './texts.ts';

const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** A name of its own for each part; what a sender wrote is used only where it is harmless. */
const fileName = (part: LeafPart, index: number): string =>
  `${index + 1}-${part.fileName !== undefined && SAFE_NAME.test(part.fileName) ? part.fileName : 'part.bin'}`;

const describe = (opened: OpenedMail, parts: LeafPart[]) => ({
  verdict: opened.verdict,
  code: opened.code,
  explanation: opened.explanation,
  signer: opened.signer === null ? null : (({ certificate: _certificate, ...shown }) => shown)(opened.signer),
  recipients: opened.recipients,
  parts: parts.map(({ contentType, fileName: name, body }) => ({ contentType, fileName: name ?? null, bytes: body.length })),
});

const save = async (folder: string, message: Buffer, parts: LeafPart[]): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'message.eml'), message);
  for (const [index, part] of parts.entries()) await writeFile(join(folder, fileName(part, index)), part.body);
};

const text = ({ verdict, code, explanation, parts }: ReturnType<typeof describe>): string =>
  [code === null ? verdict : `${verdict}  ${code}`, ...explanation.map((line) => `  ${line}`),
    ...parts.map(({ contentType, fileName: name, bytes }) => `  ${contentType}  ${name ?? ''}  ${bytes} bytes`)].join('\n');

export const open: Command = async (args, { cwd }) => {
  const option = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args,
    options: { recipient: option, anchors: option, 'passphrase-file': option, out: option, json: { type: 'boolean' } },
    allowPositionals: true,
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('open MAIL --recipient KEY --anchors PEM');
  for (const name of ['recipient', 'anchors'] as const) if (values[name] === undefined) throw new UsageError(TEXTS.missingOption(name));
  const read = async (path: string): Promise<Buffer> => await readFile(resolve(cwd, path));
  const secret = values['passphrase-file'];
  const passphrase = secret === undefined ? undefined : (await read(secret)).toString('utf8').replace(/\r?\n$/, '');
  const keys = readOpenKeys(await read(values.recipient!), passphrase);
  const anchors = readPem(await read(values.anchors!));
  if (anchors.length === 0) throw new CourierError('TRUST_INVALID', { detail: 'no certificate in the file of --anchors' });
  const opened = openMail(await read(file), { keys, anchors, now: new Date() });
  const parts = opened.message === null ? [] : leafParts(opened.message);
  if (opened.verdict === 'accept' && values.out !== undefined) await save(resolve(cwd, values.out), opened.message!, parts);
  const answer = describe(opened, parts);
  process.stdout.write(values.json ? `${JSON.stringify(answer)}\n` : `${text(answer)}\n`);
  return opened.verdict === 'accept' ? 0 : 2;
};
