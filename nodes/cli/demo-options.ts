// The options of a demo run, read and checked before anything starts: a bad row stops the run here, with its line.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Organization, PatientIdentifier, RoutePolicy } from '../0-order/organization.ts';
import { readOrganizationsJson } from '../0-order/organizations.ts';
import type { RouteRow } from '../1-route/route-row.ts';
import { readRouteText } from '../1-route/route-table.ts';
import { readDirectoryText } from '../2-npi/directory.ts';
import type { Sealing } from '../5-smime/types.ts';
import { BUNDLE, bundleFolder } from './bundle.ts';
import { UsageError } from './command.ts';
import { TEXTS } from './texts.ts';

export interface DemoOptions {
  input: string;
  out: string;
  route?: { file: string; rows: RouteRow[] };
  organizations?: Organization[];
  directory?: { file: string };
  patientId?: PatientIdentifier;
  policy?: RoutePolicy;
  pdf?: 'absent' | 'render' | 'pass';
  /** Who seals in this run. */
  edge: Sealing;
  deadlineSeconds: number;
  /** The summary as one line of JSON instead of the table. */
  json: boolean;
  /** Text of the --expect file. */
  expect?: string;
  /** Files given as options, which are no inputs even where they lie among them. */
  files: string[];
}

const CHOICES = {
  'patient-id': ['none', 'null', 'mrn'],
  policy: ['union', 'site-over-organization', 'most-specific'],
  pdf: ['absent', 'render', 'pass'],
  edge: ['courier', 'hisp'],
} as const;

const choice = <Name extends keyof typeof CHOICES>(name: Name, value: string | undefined): (typeof CHOICES)[Name][number] | undefined => {
  const choices: readonly string[] = CHOICES[name];
  if (value !== undefined && !choices.includes(value)) throw new UsageError(TEXTS.wrongChoice(name, choices));
  return value as (typeof CHOICES)[Name][number] | undefined;
};

const seconds = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 1) throw new UsageError('--deadline takes a number of seconds, 1 or more.');
  return value;
};

const string = { type: 'string' } as const;
const OPTIONS = {
  input: string, out: string, route: string, organizations: string, directory: string,
  'patient-id': string, policy: string, pdf: string, edge: string, deadline: string, expect: string, json: { type: 'boolean' },
} as const;

export const readDemoOptions = async (args: string[], cwd: string): Promise<DemoOptions> => {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.out === undefined) throw new UsageError(TEXTS.missingOption('out'));
  const path = (file: string | undefined): string | undefined => file === undefined ? undefined : resolve(cwd, file);
  const [route, organizations, directory, expect] = [values.route, values.organizations, values.directory, values.expect].map(path);
  if (directory !== undefined) readDirectoryText(await readFile(directory, 'utf8'));
  const [patientId, policy, pdf] = [choice('patient-id', values['patient-id']), choice('policy', values.policy), choice('pdf', values.pdf)];
  return {
    input: path(values.input) ?? resolve(bundleFolder(BUNDLE), 'samples'),
    out: resolve(cwd, values.out),
    ...(route !== undefined && { route: { file: route, rows: readRouteText(await readFile(route, 'utf8')) } }),
    ...(organizations !== undefined && { organizations: readOrganizationsJson(await readFile(organizations, 'utf8')) }),
    ...(directory !== undefined && { directory: { file: directory } }),
    ...(patientId !== undefined && { patientId }),
    ...(policy !== undefined && { policy }),
    ...(pdf !== undefined && { pdf }),
    edge: choice('edge', values.edge) ?? 'courier',
    json: values.json ?? false,
    deadlineSeconds: seconds(values.deadline ?? '15'),
    ...(expect !== undefined && { expect: await readFile(expect, 'utf8') }),
    files: [route, organizations, directory, expect].filter((file) => file !== undefined),
  };
};
