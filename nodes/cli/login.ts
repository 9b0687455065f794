// The editor's log-in and the secret that encrypts Node-RED's credentials, kept in one file of mode 0600.
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const EDITOR_USER = 'admin';

export interface Keys { credentialSecret: string; salt: string; passwordHash: string }

const fileOf = (userDir: string): string => join(userDir, 'courier.json');

const hash = (password: string, salt: string): Buffer => scryptSync(password, salt, 32);

export const readKeys = async (userDir: string): Promise<Keys> => JSON.parse(await readFile(fileOf(userDir), 'utf8')) as Keys;

export const checkPassword = (keys: Keys, password: string): boolean =>
  timingSafeEqual(hash(password, keys.salt), Buffer.from(keys.passwordHash, 'hex'));

/** Sets a password; the credential secret stays, or Node-RED could not read its credentials any more. */
export const renewPassword = async (userDir: string, password: string): Promise<Keys> => {
  const before = await readKeys(userDir).catch(() => null);
  const salt = randomBytes(16).toString('hex');
  const keys = {
    credentialSecret: before?.credentialSecret ?? randomBytes(32).toString('hex'),
    salt,
    passwordHash: hash(password, salt).toString('hex'),
  };
  await mkdir(userDir, { recursive: true, mode: 0o700 });
  await writeFile(fileOf(userDir), JSON.stringify(keys), { mode: 0o600 });
  return keys;
};
