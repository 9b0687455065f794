import { expect } from 'chai';
import fc from 'fast-check';
import { follow, genesisOf, hashOf } from '../../nodes/journal/engine/audit.ts';
import type { AuditEntry } from '../../nodes/journal/port.ts';

const text = fc.string({ maxLength: 20 });
const written = fc.array(fc.record({ at: fc.integer(), actor: text, action: text, target: text, reason: text, detail: text }), { minLength: 2, maxLength: 12 });

const chained = (entries: Omit<AuditEntry, 'seq' | 'hash'>[]): AuditEntry[] => entries.reduce<AuditEntry[]>((chain, entry) => {
  const numbered = { ...entry, seq: chain.length + 1 };
  return [...chain, { ...numbered, hash: hashOf(chain.at(-1)?.hash ?? genesisOf('journal').hash, numbered) }];
}, []);

describe('a chain of hashes', () => {
  it('follows from its beginning to its end, in pages of any size', () => {
    fc.assert(fc.property(written, fc.integer({ min: 1, max: 5 }), (entries, page) => {
      const chain = chained(entries);
      let mark = genesisOf('journal');
      for (let from = 0; from < chain.length; from += page) {
        const next = follow(mark, chain.slice(from, from + page));
        expect(next.broken).to.equal(null);
        mark = next.mark;
      }
      expect(mark).to.deep.equal({ seq: chain.length, hash: chain.at(-1)!.hash });
    }));
  });

  it('breaks at the first entry that is not as it was written', () => {
    const change = fc.constantFrom('at', 'actor', 'action', 'target', 'reason', 'detail', 'hash', 'removed', 'swapped', 'repeated');
    fc.assert(fc.property(written, fc.nat(), change, (entries, place, kind) => {
      const chain = chained(entries);
      const index = place % (chain.length - 1);
      const entry = chain[index]!;
      const changed = [...chain];
      if (kind === 'removed') changed.splice(index, 1);
      else if (kind === 'swapped') [changed[index], changed[index + 1]] = [chain[index + 1]!, chain[index]!];
      else if (kind === 'repeated') changed.splice(index + 1, 0, entry);
      else changed[index] = { ...entry, [kind]: kind === 'at' ? entry.at + 1 : `${entry[kind as 'actor']}!` };
      const { broken } = follow(genesisOf('journal'), changed);
      expect(broken).to.equal(kind === 'repeated' ? entry.seq : index + 1);
    }));
  });

  it('of one journal is none of another\'s', () => {
    const chain = chained([{ at: 1, actor: 'a', action: 'b', target: 'c', reason: 'd', detail: 'e' }]);
    expect(follow(genesisOf('another'), chain).broken).to.equal(1);
  });

  it('does not take what ends one field for the beginning of the next', () => {
    const entry = { seq: 1, at: 1, actor: 'ab', action: 'c', target: '', reason: '', detail: '' };
    expect(hashOf('', entry)).to.not.equal(hashOf('', { ...entry, actor: 'a', action: 'bc' }));
  });
});
