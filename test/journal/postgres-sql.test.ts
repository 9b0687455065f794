import { expect } from 'chai';
import fc from 'fast-check';
import { createStatements, translated, valuesOf } from '../../nodes/journal/postgres/sql.ts';

const NAME = /^[A-Za-z_]\w*$/;

/** Pieces of SQL, each with the parameters that stand in it. */
const piece: fc.Arbitrary<{ sql: string; names: string[]; expected: (next: () => number) => string }> = fc.oneof(
  fc.constantFrom('SELECT ', ' a + b ', ' (', ') ', ', ', ' a.b = ', '\n', ' CAST(x AS TEXT) ', ' x::bigint ', ' x::text::bytea ', '$1 ')
    .map((sql) => ({ sql, names: [], expected: () => sql })),
  fc.string().map((text) => `'${text.replaceAll('\'', '\'\'')}' `).map((sql) => ({ sql, names: [], expected: () => sql })),
  fc.string().map((text) => ` "${text.replaceAll('"', '""')}" `).map((sql) => ({ sql, names: [], expected: () => sql })),
  fc.string().map((text) => ` E'${text.replaceAll('\\', '\\\\').replaceAll('\'', '\\\'')}' `).map((sql) => ({ sql, names: [], expected: () => sql })),
  fc.string().filter((text) => !text.includes('\n')).map((text) => `--${text}\n`).map((sql) => ({ sql, names: [], expected: () => sql })),
  fc.string().filter((text) => !text.includes('*/') && !text.endsWith('*')).map((text) => `/*${text}*/ `).map((sql) => ({ sql, names: [], expected: () => sql })),
  fc.string().filter((text) => !text.includes('$')).map((text) => ` $q$${text}$q$ `).map((sql) => ({ sql, names: [], expected: () => sql })),
  fc.stringMatching(NAME).map((name) => ({ sql: ` :${name} `, names: [name], expected: (next: () => number) => ` $${next()} ` })),
  fc.stringMatching(NAME).map((name) => ({ sql: `=:${name}::bigint `, names: [name], expected: (next: () => number) => `=$${next()}::bigint ` })),
);

describe('named parameters for PostgreSQL', () => {
  it('become numbered ones everywhere but in strings, quoted names, comments and casts', () => {
    fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      let last = 0;
      const expected = pieces.map((part) => part.expected(() => ++last)).join('');
      const { text, parameters } = translated(pieces.map(({ sql }) => sql).join(''));
      expect(text).to.equal(expected);
      expect(parameters).to.deep.equal(pieces.flatMap(({ names }) => names));
    }), { numRuns: 400 });
  });

  it('each occurrence has a number of its own, so that its type is that of its place', () => {
    expect(translated('SELECT CAST(:at AS TEXT) IS NULL OR stored_at > :at')).to.deep.equal({
      text: 'SELECT CAST($1 AS TEXT) IS NULL OR stored_at > $2', parameters: ['at', 'at'],
    });
  });

  it('a value that is missing is refused, not made NULL', () => {
    const statement = translated('UPDATE message SET code = :code WHERE id = :id');
    expect(valuesOf(statement, { id: 'a', code: null })).to.deep.equal([null, 'a']);
    expect(() => valuesOf(statement, { id: 'a' })).to.throw('no value for :code').with.property('code', 'JOURNAL_FAILED');
  });

  it('a statement keeps its name, and names run out before the server\'s memory does', () => {
    const { named, numbered } = createStatements('test');
    expect(named('SELECT :a')).to.equal(named('SELECT :a'));
    expect(named('SELECT :a').name).to.be.a('string').that.does.not.equal(numbered('SELECT $1').name);
    const names = new Set(Array.from({ length: 3_000 }, (_, n) => named(`SELECT ${n}`).name));
    expect(names.size).to.be.below(1_100).and.above(900);
    expect(named('SELECT :later')).to.deep.equal({ text: 'SELECT $1', parameters: ['later'] });
  });
});
