// `npm run docs`: writes docs/routing.md.
import { writeFile } from 'node:fs/promises';
import { closePool } from '../../nodes/pool.ts';
import { openBench } from './decisions.ts';
import { routingPage } from './page.ts';

const bench = await openBench();
await writeFile(new URL('../../docs/routing.md', import.meta.url), await routingPage(bench));
await bench.end();
await closePool();
