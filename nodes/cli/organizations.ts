// `direct-courier organizations check NEW --current OLD`
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseOrganizations } from '../0-order/organizations.ts';
import { organizationChanges } from '../1-route/organization-changes.ts';
import { readRouteText, type RouteRow } from '../1-route/route-table.ts';
import { type Command, say, UsageError } from './command.ts';
import { TEXTS } from './texts.ts';

const OPTIONS = {
  current: { type: 'string' }, route: { type: 'string' }, 'new-route': { type: 'string' }, json: { type: 'boolean' },
} as const;

/** Exit codes: 0 nothing would change, 4 something would. */
const CHANGES = 4;

export const organizations: Command = async (args, { cwd }) => {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [verb, file, ...more] = positionals;
  if (verb !== 'check' || file === undefined || more.length > 0) throw new UsageError('organizations check NEW --current OLD');
  if (values.current === undefined) throw new UsageError(TEXTS.missingOption('current'));
  const text = (path: string): Promise<string> => readFile(resolve(cwd, path), 'utf8');
  const rows = async (path: string | undefined): Promise<RouteRow[]> => path === undefined ? [] : readRouteText(await text(path));
  const routeBefore = await rows(values.route);
  const changes = organizationChanges(parseOrganizations(await text(values.current)), parseOrganizations(await text(file)), {
    routeBefore, routeAfter: values['new-route'] === undefined ? routeBefore : await rows(values['new-route']),
  });
  if (values.json) say(JSON.stringify({ changes }));
  else say(changes.length === 0 ? TEXTS.nothingChanges : changes.map(({ code, text: sentence }) => `${code}  ${sentence}`).join('\n'));
  return changes.length === 0 ? 0 : CHANGES;
};
