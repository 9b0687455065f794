// What is measured is the built product, as it is installed.
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A module of `dist/`, by its path under `nodes/` without extension; its types are those of the source. */
export const built = async <Module>(path: string): Promise<Module> =>
  await import(new URL(`../../dist/${path}.js`, import.meta.url).href) as Module;
