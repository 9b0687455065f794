// The built product that is put to the test: this repository, or a copy of it with something broken on purpose.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = resolve(fileURLToPath(new URL('../../', import.meta.url)));

/** A module of `dist/`, by its path under `nodes/` without extension; its types are those of the source. */
export const built = async <Module>(root: string, path: string): Promise<Module> =>
  await import(pathToFileURL(join(root, 'dist', `${path}.js`)).href) as Module;

export interface Damage { file: string; find: string | RegExp; put: string }

/** A copy of the built product, changed. Throws when a text to replace is not there exactly once: then the test would prove nothing. */
export const brokenCopy = (folder: string, damages: Damage[]): string => {
  mkdirSync(folder, { recursive: true });
  for (const part of ['bin', 'dist', 'flows', 'package.json', 'settings.cjs']) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, find, put } of damages) {
    const path = join(folder, 'dist', file);
    const parts = readFileSync(path, 'utf8').split(find);
    if (parts.length !== 2) throw new Error(`${file}: ${parts.length - 1} places fit what is to be broken, not one`);
    writeFileSync(path, parts.join(put));
  }
  return folder;
};
