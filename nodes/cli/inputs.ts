// The inputs of a demo run: found, told apart by content, put in order, handed in by HTTP as every sender would.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './command.ts';
import { TEXTS } from './texts.ts';

export interface InputFile { name: string; bytes: Buffer; turn: number }

/** NW, XO, CA, then results, then resends; what cannot be read goes with the results, to be rejected there. */
const TURNS: Record<string, number> = { nw: 0, '1': 0, xo: 1, '2': 1, ca: 2, '4': 2, resendresult: 4, '11': 4 };
const RESULTS = 3;

/** When a file has its turn, by content alone. Property names in any case. */
export const turnOf = (bytes: Buffer): number => {
  try {
    const root = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, '')) as Record<string, unknown>;
    const control = Object.entries(root).find(([key]) => key.toLowerCase() === 'ordercontrolcode')?.[1];
    return control === undefined || control === null || control === '' ? RESULTS : TURNS[String(control).toLowerCase()] ?? 0;
  } catch {
    return RESULTS;
  }
};

/** Every .json file of the folder but those that are options of the run, in the order in which they are handed in. */
export const readInputs = async (folder: string, optionFiles: string[] = []): Promise<InputFile[]> => {
  const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => !entry.isDirectory());
  const names = entries.map(({ name }) => name)
    .filter((name) => name.toLowerCase().endsWith('.json') && !optionFiles.includes(join(folder, name))).sort();
  if (names.length === 0) throw new UsageError(TEXTS.noInputs(folder));
  const files = await Promise.all(names.map(async (name) => {
    const bytes = await readFile(join(folder, name));
    return { name, bytes, turn: turnOf(bytes) };
  }));
  return files.sort((a, b) => a.turn - b.turn || (a.name < b.name ? -1 : 1));
};

/** Posts each input and waits for its answer: the next one is sent only after the journal has this one. */
export const handIn = async (url: string, inputs: InputFile[]): Promise<void> => {
  for (const { name, bytes } of inputs) {
    const answer = await fetch(`${url}iris`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-file-name': encodeURIComponent(name) },
      body: new Uint8Array(bytes),
    });
    await answer.arrayBuffer();
    if (answer.status >= 500 || answer.status === 404) throw new Error(`${name}: the flow answered ${answer.status}`);
  }
};
