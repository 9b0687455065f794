// `direct-courier demo`: the same flow in a real Node-RED without the browser, from a folder to a folder.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadImap } from '../6-hisp/imap-driver.ts';
import { type Expectation, missed, readExpectations } from './expect.ts';
import { demoFlows, demoOrganizations, senderDomains } from './demo-flows.ts';
import { readDemoOptions } from './demo-options.ts';
import { prepareOut, writeOut } from './demo-output.ts';
import { handIn, readInputs } from './inputs.ts';
import { startLab } from './lab.ts';
import type { Command } from './command.ts';
import { allWell, type Outcome, summaryJson, waitForRest } from './outcome.ts';
import { outcomeTable } from './table.ts';
import { TEXTS } from './texts.ts';

const say = (text: string): void => { process.stdout.write(`${text}\n`); };

/** Exit codes of a demo run. */
const EXIT = { well: 0, couldNotRun: 1, notWell: 3 } as const;

/** What a person reads at the end. */
const told = (outcome: Outcome & { settled: boolean }, unmet: Expectation[], well: boolean): string => [
  outcomeTable(outcome),
  ...(unmet.length > 0 ? [TEXTS.expectationsMissed(unmet.length), ...unmet.map((entry) => JSON.stringify(entry))] : []),
  !outcome.settled ? TEXTS.stuck : well ? TEXTS.endedWell : TEXTS.endedBadly,
].join('\n');

export const demo: Command = async (args, { cwd }) => {
  const options = await readDemoOptions(args, cwd);
  // Said before anything starts: it is an optional package.
  if (options.edge === 'hisp') await loadImap();
  const inputs = await readInputs(options.input, options.files);
  const expectations = options.expect === undefined ? [] : readExpectations(options.expect);
  const organizations = await demoOrganizations(options);
  const [senderDomain] = senderDomains(organizations);
  await prepareOut(options.out);
  // A fresh journal each time: everything but the output goes with the run.
  const userDir = await mkdtemp(join(tmpdir(), 'direct-courier-demo-'));
  try {
    const lab = await startLab({
      userDir,
      pki: join(options.out, 'pki'),
      port: 0,
      settings: { disableEditor: true, credentialSecret: 'demo', logging: { console: { level: 'fatal', metrics: false, audit: false } } },
      ...(senderDomain !== undefined && { senderDomain }),
      flows: async (network) => await demoFlows(options, organizations, network),
    });
    try {
      await handIn(lab.engine.url, inputs);
      const outcome = await waitForRest(lab.journal, (options.deadlineSeconds + 60) * 1000);
      await writeOut(options.out, lab.journal, outcome);
      const unmet = missed(outcome, expectations);
      const well = allWell(outcome) && unmet.length === 0;
      say(options.json ? JSON.stringify({ ...summaryJson(outcome), unmet }) : told(outcome, unmet, well));
      if (!outcome.settled) return EXIT.couldNotRun;
      return well ? EXIT.well : EXIT.notWell;
    } finally {
      await lab.stop();
    }
  } finally {
    await rm(userDir, { recursive: true, force: true });
  }
};
