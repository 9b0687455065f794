// A start with a long queue: how soon the first mail goes, and what the queue costs in memory.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fill } from './fill.ts';
import { inFolder, tell } from './scene.ts';

export interface QueuedFigures { queued: number; firstSendMs: number; rssGrowthMb: number; perSecond: number }

const { values } = parseArgs({ options: { queued: { type: 'string', default: '100000' }, seconds: { type: 'string', default: '15' } } });

await inFolder(async (folder) => {
  const file = join(folder, 'journal.sqlite');
  const queued = Number(values.queued);
  await fill({ file, messages: queued, state: 'QUEUED', mail: 4_000 });
  rmSync(`${file}.sum`, { force: true });
  // A process of its own: what filling took is not counted.
  const child = fork(fileURLToPath(new URL('sending.ts', import.meta.url)), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send({ location: file, seconds: Number(values.seconds) });
  await once(child, 'message');
  const [answer] = await once(child, 'message') as [Omit<QueuedFigures, 'queued'>];
  await once(child, 'exit');
  tell({ queued, ...answer } satisfies QueuedFigures);
});
