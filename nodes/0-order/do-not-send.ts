// Whom nothing is sent to, whoever names them: addresses, domains with all below them, and NPIs. Pure: the journal and explanations ask the same.
import { normalizeAddress } from './direct-address.ts';
import { readNpi } from './npi.ts';

export const BLOCK_KINDS = ['address', 'domain', 'npi'] as const;
export type BlockKind = typeof BLOCK_KINDS[number];

/** `value` as it is compared: an address or domain in lower case, or the ten digits of an NPI. `at`: epoch ms. */
export interface DoNotSendEntry { id: string; kind: BlockKind; value: string; at: number; actor: string; reason: string }

type Key = Pick<DoNotSendEntry, 'kind' | 'value'>;

/** RFC 1123 labels, at least two: a top-level domain alone would be everybody. `@` and `*.` before it are what people write. */
const readDomain = (text: string): string | null => normalizeAddress(`x@${text.trim().replace(/^(?:@|\*?\.)/, '')}`)?.slice(2) ?? null;

/** The value in the one form that is stored and compared; null when it is none of its kind. */
export const readBlocked = (kind: BlockKind, text: string): string | null => {
  switch (kind) {
    case 'address': return normalizeAddress(text);
    case 'domain': return readDomain(text);
    case 'npi': {
      const { npi, valid } = readNpi(text);
      return valid ? npi : null;
    }
  }
};

const domainsOf = (address: string): string[] => {
  const labels = address.slice(address.lastIndexOf('@') + 1).split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
};

/** Everything under which a recipient may be blocked, the most exact first. */
export const blockingKeys = ({ address, npi }: { address: string | null; npi: string | null }): Key[] => {
  const known = address === null ? null : normalizeAddress(address);
  return [
    ...(known === null ? [] : [{ kind: 'address', value: known } as const, ...domainsOf(known).map((value) => ({ kind: 'domain', value } as const))]),
    ...(npi === null ? [] : [{ kind: 'npi', value: readNpi(npi).npi } as const]),
  ];
};

/** The entry that keeps a recipient from getting anything; null: there is none. */
export const findBlocked = <Entry extends Key>(
  recipient: { address: string | null; npi: string | null }, entries: readonly Entry[],
): Entry | null => {
  for (const { kind, value } of blockingKeys(recipient)) {
    const found = entries.find((entry) => entry.kind === kind && entry.value === value);
    if (found !== undefined) return found;
  }
  return null;
};

const WHAT: Record<BlockKind, string> = { address: 'This address', domain: 'The domain of this address', npi: 'This NPI' };

/** Who entered it, when and why, as it stands on the delivery. */
export const whyBlocked = ({ kind, actor, at, reason }: Pick<DoNotSendEntry, 'kind' | 'actor' | 'at' | 'reason'>): string =>
  `${WHAT[kind]} is on the do-not-send list: entered by ${actor} on ${new Date(at).toISOString().slice(0, 10)}: ${reason}`;
