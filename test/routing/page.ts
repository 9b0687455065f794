// docs/routing.md, made from the decisions.
import type { Level } from '../../nodes/0-order/message.ts';
import { CODES_OF_ROUTING } from '../../nodes/codes-of-routing.ts';
import { sentence } from '../../nodes/errors.ts';
import { allDecisions, type Bench, CERTIFICATES, type Decision, LOOK_UPS, type Row } from './decisions.ts';
import { POLICIES } from './world.ts';

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const outcome = ({ state, code, warnings }: Decision): string => JSON.stringify([state, code, warnings]);

/** Values of a dimension as one cell: `any` where all of them come to the same. */
const cell = (values: readonly string[], all: readonly string[]): string => values.length === all.length ? 'any' : values.join(' · ');

const shownState = ({ state, code, warnings }: Decision): string[] => [
  state === 'QUEUED' ? 'sent' : state ?? 'not used', code === null ? '' : `\`${code}\``, warnings.map((warning) => `\`${warning}\``).join(' '),
];

const grouped = <Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] => {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...groups.get(keyOf(item)) ?? [], item]);
  return [...groups.values()];
};

/** What the directory may say, as one row each: what comes to the same whatever the certificate is stands together. */
const rowsOf = (decisions: readonly Decision[]): string[][] => {
  const answers = grouped(decisions, ({ lookUp }) => lookUp ?? '');
  const alike = grouped(answers, (answer) => JSON.stringify(answer.map((decision) => [decision.certificate, outcome(decision)])));
  return alike.flatMap((answersAlike) => {
    const lookUps = answersAlike.map(([first]) => first!.lookUp).filter((lookUp) => lookUp !== null);
    return grouped(answersAlike[0]!, outcome).map((group) => {
      const [first] = group as [Decision];
      const asked = lookUps.length === 0 ? '–' : cell(lookUps, LOOK_UPS);
      return [first.name, first.on ? 'on' : 'off', asked, cell(group.map(({ certificate }) => certificate), CERTIFICATES), ...shownState(first)];
    });
  });
};

/** The policy never makes a difference for one level alone. */
const singleRows = (decisions: readonly Decision[]): string[][] =>
  grouped(decisions.filter(({ policy }) => policy === 'union'), ({ name, on }) => `${name} ${on}`).flatMap(rowsOf);

const LEVELS: readonly Level[] = ['order', 'site', 'organization'];
const SAYS = ['nothing', 'on', 'off'] as const;
const ADDRESSES: Record<Level, string> = {
  order: 'dr.lee@good.lakeside.sim.example', site: 'desk@good.lakeside.sim.example', organization: 'results@good.hillview.sim.example',
};

/** Who gets it when several levels say something. */
const together = async ({ ask }: Bench): Promise<string[][]> => {
  const rows: string[][] = [];
  for (const order of SAYS) for (const site of SAYS) for (const organization of SAYS) {
    const says = { order, site, organization };
    const table: Row[] = [
      ...(order === 'off' ? [{ level: 'order', address: '', on: false } as Row] : []),
      ...(['site', 'organization'] as const).filter((level) => says[level] !== 'nothing')
        .map((level): Row => ({ level, address: ADDRESSES[level], on: says[level] === 'on' })),
    ];
    const naming = order === 'nothing' ? { what: 'nobody' } : { what: 'an address', address: ADDRESSES.order };
    const who = await Promise.all(POLICIES.map(async (policy) => {
      const { message, candidates } = await ask(naming, table, policy);
      const getting = candidates.filter(({ used }) => used).map(({ level }) => level);
      return getting.length > 0 ? getting.join(', ') : message.code === null ? 'nobody' : `nobody: ${message.state} \`${message.code}\``;
    }));
    rows.push([...LEVELS.map((level) => says[level]), ...who]);
  }
  return rows;
};

const codesIn = (rows: readonly string[][]): string[] =>
  [...new Set(rows.flat().flatMap((text) => [...text.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code!)))].sort();

export const routingPage = async (bench: Bench): Promise<string> => {
  const single = singleRows(await allDecisions(bench));
  const several = await together(bench);
  const others = Object.keys(CODES_OF_ROUTING).filter((code) => !codesIn([...single, ...several]).includes(code)).sort();
  return `# Who gets a result, and why

This page is made by \`npm run docs\` from the same cases that the tests decide, by the same functions as the running flow. For one result of yours ask
\`direct-courier route explain ORDER.json RESULT.json\`, or the button in the *resolve route* node: nothing is sent and nothing is stored.

## One level alone

How a level names its recipient, whether it is switched on, what the directory says of the NPI, what becomes of the recipient's certificate. The policy makes
no difference where one level alone says something.

${table(['named by', 'switch', 'directory', 'certificate', 'state', 'code', 'warnings'], single)}

## Several levels together

\`union\`: everybody who is named. \`site-over-organization\`: the organization's address only where the site names none. \`most-specific\`: the order's provider, else
the site, else the organization. A level that is switched off takes no part. One address that several levels name gets one mail.

${table(['order', 'site', 'organization', ...POLICIES], several)}

## What the codes say

${table(['code', 'what it means, and what to do next'], codesIn([...single, ...several]).map((code) => [`\`${code}\``, sentence(code)]))}

## Other codes about orders, results and routes

${table(['code', 'what it means, and what to do next'], others.map((code) => [`\`${code}\``, sentence(code)]))}
`;
};

