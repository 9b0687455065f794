// A shell that stays: runs one command after the other, as `bin/direct-courier` would, and tells what each said. Saves the tests the start of
// a process for each. One JSON object a line, both ways.
import { createInterface } from 'node:readline';
import { main } from '../../nodes/cli/main.ts';

const write = process.stdout.write.bind(process.stdout);
const said = { stdout: '', stderr: '' };
for (const name of ['stdout', 'stderr'] as const) {
  process[name].write = ((chunk: string | Uint8Array, ...more: unknown[]) => {
    said[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const then = more.find((value) => typeof value === 'function') as (() => void) | undefined;
    then?.();
    return true;
  }) as typeof process.stdout.write;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { args, cwd } = JSON.parse(line) as { args: string[]; cwd: string };
  Object.assign(said, { stdout: '', stderr: '' });
  process.env['COURIER_CWD'] = cwd;
  const exit = await main(args);
  write(`${JSON.stringify({ exit, ...said })}\n`);
}
