// Who gets this result, and why: the order's provider and the table's rows, weighed by the policy.
import type { Level, Recipient, RouteExplanation } from '../0-order/message.ts';
import type { Result, StoredOrder, Warning } from '../0-order/model.ts';
import type { Organization } from '../0-order/organization.ts';
import { effectiveOrganization } from '../0-order/organizations.ts';
import { withDomainRules } from '../0-order/recipient-domains.ts';
import { type Candidate, considered, named, switchedOff, unusable, unused } from './candidate.ts';
import { type Wishes, wishesOf } from './delivery-wishes.ts';
import { type DomainRules, judgeDomain } from './direct-domain.ts';
import { orderLevel } from './order-level.ts';
import { displacedBy, type PolicyChoice, policyFor } from './policy.ts';
import type { RouteRow } from './route-row.ts';
import { orderSwitch } from './route-table.ts';

export interface RouteQuestion extends DomainRules {
  order: Pick<StoredOrder, 'organization' | 'site' | 'primaryCareProvider'> & Partial<Pick<StoredOrder, 'standIn' | 'warnings'>>;
  /** Its site decides, the order's where there is no result yet. */
  result?: Pick<Result, 'site'> & Partial<Pick<Result, 'warnings'>> | undefined;
  /** Asked for its settings; rows are matched by the order's ClientGuid. */
  organization?: Organization | undefined;
  table: readonly RouteRow[];
  policy: PolicyChoice;
}

export interface Route { recipients: Recipient[]; route: RouteExplanation }

const rowCandidate = (row: RouteRow & { address: string }, wishes: Wishes, rules: DomainRules): Candidate => {
  const source = `route:${row.line}`;
  const scope = row.level === 'site' ? 'for this site' : 'for all sites';
  const who = { level: row.level, source, address: row.address, ...wishes };
  if (!row.enabled) {
    return switchedOff({ ...who, why: `The ${row.level} level names an address ${scope} (${source}), but the row is disabled, so nothing is sent.` });
  }
  const verdict = judgeDomain(row.address, rules);
  if (verdict === 'direct') return named({ ...who, why: `The ${row.level} level names a Direct address ${scope} (${source}), so it is used.` });
  const says = verdict === 'free-mail' ? 'is ordinary e-mail, not a Direct address' : 'is not on a trusted Direct domain';
  return unusable({ ...who, why: `The ${row.level} level's address ${scope} (${source}) ${says}, so nothing is sent.` }, 'ADDRESS_NOT_DIRECT');
};

const hasAddress = (row: RouteRow): row is RouteRow & { address: string } => row.address !== null;

const candidatesOf = ({ order, result, organization, table, trustedDomains, freeMailDomains }: RouteQuestion): Candidate[] => {
  const rules = { trustedDomains, freeMailDomains };
  const site = result?.site.localId ?? order.site.localId;
  const submitter = organization && effectiveOrganization(organization, site);
  const rows = table.filter((row) => row.organization === order.organization.toLowerCase() && (row.site === null || row.site === site))
    .sort((one, other) => one.line - other.line);
  const switches = rows.filter(({ level }) => level === 'order');
  const [narrow, wide] = [switches.filter((row) => row.site !== null), switches.filter((row) => row.site === null)];
  const [switching, ...more] = narrow.length > 0 ? narrow : wide;
  const orderRow = switching && orderSwitch([switching, ...more]);
  const addressed = (level: Level): Candidate[] =>
    rows.filter((row) => row.level === level).filter(hasAddress).map((row) => rowCandidate(row, wishesOf(row, submitter), rules));
  const named = orderLevel(order.primaryCareProvider, orderRow, wishesOf(orderRow, submitter), rules);
  return [...named, ...addressed('site'), ...addressed('organization')];
};

const STOOD_IN = 'The order of this result never came, so that only the site and the organization can be asked who gets it.';

/** What the reader found odd in order and result travels with each recipient; order and result may both say it. */
const inputWarnings = ({ order, result }: RouteQuestion): Warning[] =>
  [...new Map([...order.warnings ?? [], ...result?.warnings ?? []].map((warning) => [`${warning.code} ${warning.path ?? ''}`, warning])).values()];

/**
 * The recipients of one result, ordered by level (order, site, organization) and then by line. The same address may stand
 * twice: every planned recipient stays visible until look-up merges them. Whoever the policy leaves out is no recipient and
 * stands in `route.considered`; whoever is switched off is SUPPRESSED, whose address cannot be used UNRESOLVED.
 */
export const resolveRoute = (question: RouteQuestion): Route => {
  const { order, result, organization } = question;
  const policy = policyFor(question.policy, organization, result?.site.localId ?? order.site.localId);
  const said = order.standIn === true ? ` ${STOOD_IN}` : '';
  const candidates = candidatesOf(question).map(({ recipient, ...candidate }) =>
    ({ ...candidate, recipient: withDomainRules({ ...recipient, why: `${recipient.why}${said}` }, organization) }));
  const naming = new Set(candidates.filter(({ off }) => !off).map(({ recipient }) => recipient.level));
  const decided = candidates.map((candidate) => ({
    ...candidate,
    displacing: candidate.off ? undefined : displacedBy(policy, candidate.recipient.level, naming),
  }));
  const warnings = inputWarnings(question);
  return {
    recipients: decided.filter(({ displacing }) => displacing === undefined).map(({ recipient }) => ({ ...recipient, warnings })),
    route: {
      policy,
      considered: decided.flatMap(({ recipient, displacing, aside }) => [
        displacing === undefined ? considered(recipient) : unused(recipient.level, recipient.source,
          `The ${recipient.level} level names a recipient (${recipient.source}), but the policy ${policy} puts the ${displacing} level first.`),
        ...aside,
      ]),
    },
  };
};
