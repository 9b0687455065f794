// `direct-courier demo`: the same flow in a real Node-RED without the browser, from a folder to a folder.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readExpectations, missed } from './expect.ts';
import { demoFlows } from './demo-flows.ts';
import { readDemoOptions } from './demo-options.ts';
import { prepareOut, writeOut } from './demo-output.ts';
import { handIn, readInputs } from './inputs.ts';
import { startLab } from './lab.ts';
import type { Command } from './command.ts';
import { allWell, waitForRest } from './outcome.ts';
import { outcomeTable } from './table.ts';
import { TEXTS } from './texts.ts';

const say = (text: string): void => { process.stdout.write(`${text}\n`); };

/** Exit codes of a demo run. */
const EXIT = { well: 0, couldNotRun: 1, notWell: 3 } as const;

export const demo: Command = async (args, { cwd }) => {
  const options = await readDemoOptions(args, cwd);
  const inputs = await readInputs(options.input, options.files);
  const expectations = options.expect === undefined ? [] : readExpectations(options.expect);
  await prepareOut(options.out);
  // A fresh journal each time: everything but the output goes with the run.
  const userDir = await mkdtemp(join(tmpdir(), 'direct-courier-demo-'));
  try {
    const lab = await startLab({
      userDir,
      pki: join(options.out, 'pki'),
      port: 0,
      settings: { disableEditor: true, credentialSecret: 'demo', logging: { console: { level: 'fatal', metrics: false, audit: false } } },
      flows: async (network) => await demoFlows(options, network),
    });
    try {
      await handIn(lab.engine.url, inputs);
      const outcome = await waitForRest(lab.journal, (options.deadlineSeconds + 60) * 1000);
      await writeOut(options.out, lab.journal, outcome);
      say(outcomeTable(outcome));
      if (!outcome.settled) {
        say(TEXTS.stuck);
        return EXIT.couldNotRun;
      }
      const unmet = missed(outcome, expectations);
      if (unmet.length > 0) say([TEXTS.expectationsMissed(unmet.length), ...unmet.map((entry) => JSON.stringify(entry))].join('\n'));
      const well = allWell(outcome) && unmet.length === 0;
      say(well ? TEXTS.endedWell : TEXTS.endedBadly);
      return well ? EXIT.well : EXIT.notWell;
    } finally {
      await lab.stop();
    }
  } finally {
    await rm(userDir, { recursive: true, force: true });
  }
};
