// The wrong-provider guard: what the directory says of the provider whom the order names, held against what the order says.
import type { Recipient } from '../0-order/message.ts';
import type { PersonName, Warning } from '../0-order/model.ts';
import { type Code, sentence } from '../errors.ts';
import type { AddressCandidate, LookUp } from './directory.ts';
import { compareNames, namesOrganization } from './name-guard.ts';

/** What is done about another name: the delivery waits for a person, or goes with a warning. */
export type OnMismatch = 'hold' | 'warn';

const PATH = 'HealthPlan.PrimaryCareProvider';

const warning = (code: Code): Warning => ({ code, path: PATH, text: sentence(code) });

const isOrganization = ({ type, name }: AddressCandidate): boolean => type === 'organization' || (type === undefined && namesOrganization(name));

/** Rows that can be held against the name, and whether there are others that cannot. */
const comparable = (rows: readonly AddressCandidate[]): { people: AddressCandidate[]; exempt: AddressCandidate[] } => ({
  people: rows.filter((row) => !row.shared && !isOrganization(row)), exempt: rows.filter((row) => row.shared || isOrganization(row)),
});

/** The rows that speak of this recipient: that of its address, where the directory has it, else all of the NPI. */
const rowsFor = ({ address }: Recipient, { candidates }: LookUp): AddressCandidate[] => {
  const own = candidates.filter((row) => row.address === address);
  return own.length > 0 ? own : candidates;
};

const MISMATCH = 'The directory has another family name for this NPI than the order.';

interface Finding { warnings: Warning[]; mismatch: boolean }

const compare = (recipient: Recipient, name: PersonName, answer: LookUp): Finding => {
  const { people, exempt } = comparable(rowsFor(recipient, answer));
  if (people.some((row) => compareNames(name, row.name) !== 'differs')) return { warnings: [], mismatch: false };
  if (people.length > 0) return { warnings: [warning('NAME_MISMATCH')], mismatch: true };
  return { warnings: exempt.some((row) => compareNames(name, row.name) !== 'agrees') ? [warning('NAME_NOT_COMPARED')] : [], mismatch: false };
};

/**
 * A recipient of the order level with what the directory's answer for its NPI says about it. An address that the order gives itself is compared
 * with the directory's; names are compared where the order names the provider and the row is one person's. Others come back as they are.
 */
export const guarded = (recipient: Recipient, answer: LookUp, name: PersonName | undefined, onMismatch: OnMismatch): Recipient => {
  const { candidates, outcome } = answer;
  if (recipient.level !== 'order' || recipient.address === null) return recipient;
  if (outcome === 'deactivated') return { ...recipient, warnings: [...recipient.warnings, warning('NPI_DEACTIVATED')] };
  if (candidates.length === 0) return recipient;
  const elsewhere = candidates.every(({ address }) => address !== recipient.address);
  const { warnings, mismatch } = name === undefined ? { warnings: [], mismatch: false } : compare(recipient, name, answer);
  const held = mismatch && onMismatch === 'hold';
  return {
    ...recipient,
    ...(mismatch && { why: `${recipient.why} ${MISMATCH}` }),
    ...(held && { hold: 'NAME_MISMATCH' }),
    warnings: [...recipient.warnings, ...(elsewhere ? [warning('ADDRESS_DIFFERS')] : []), ...warnings],
  };
};
