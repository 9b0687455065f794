import { expect } from 'chai';
import fc from 'fast-check';
import { CsvError, readCsv, writeCsv } from '../../nodes/0-order/csv.ts';

const refusal = (text: string): CsvError => {
  try {
    readCsv(text);
  } catch (error) {
    expect(error).to.be.instanceOf(CsvError);
    return error as CsvError;
  }
  throw new Error('was read');
};

describe('CSV', () => {
  it('reads cells by column with the line they stand on', () => {
    const { header, rows } = readCsv('npi,name\n1,a\n2,b\n');
    expect(header).to.deep.equal(['npi', 'name']);
    expect(rows).to.deep.equal([{ line: 2, values: { npi: '1', name: 'a' } }, { line: 3, values: { npi: '2', name: 'b' } }]);
  });

  for (const [name, ending] of [['LF', '\n'], ['CRLF', '\r\n'], ['CR', '\r']] as const) {
    it(`reads ${name} line ends, with and without the last one`, () => {
      for (const last of ['', ending]) {
        expect(readCsv(`a,b${ending}1,2${ending}3,4${last}`).rows.map(({ line }) => line)).to.deep.equal([2, 3]);
      }
    });
  }

  it('reads past a byte order mark and blanks around column names', () => {
    expect(readCsv('\uFEFF a , b\n1, 2 ').rows[0]!.values).to.deep.equal({ a: '1', b: ' 2 ' });
  });

  it('reads commas, quotation marks and line breaks inside quotation marks, and counts their lines', () => {
    const { rows } = readCsv('a,b\n"x, ""y""\r\nz",1\n2,3');
    expect(rows).to.deep.equal([{ line: 2, values: { a: 'x, "y"\r\nz', b: '1' } }, { line: 4, values: { a: '2', b: '3' } }]);
  });

  it('passes over blank lines but keeps a row of empty cells and a quoted blank', () => {
    expect(readCsv('a,b\n\n  \n,\n').rows).to.deep.equal([{ line: 4, values: { a: '', b: '' } }]);
    expect(readCsv('a\n""\n').rows).to.deep.equal([{ line: 2, values: { a: '' } }]);
  });

  it('keeps a column called __proto__ harmless', () => {
    const { rows } = readCsv('__proto__,b\nx,1');
    expect(Object.keys(rows[0]!.values)).to.deep.equal(['__proto__', 'b']);
    expect(({} as Record<string, unknown>)['x']).to.equal(undefined);
  });

  for (const [name, text, line] of [
    ['too few cells', 'a,b\n1,2\n3', 3], ['too many cells', 'a,b\n1,2,3', 2], ['a quotation mark that is never closed', 'a,b\n1,"2\n3,4', 2],
    ['text behind a closing quotation mark', 'a\n"1"2', 2], ['a quotation mark inside an unquoted cell', 'a\n1"2"', 2],
    ['a column that stands twice', 'a,b, a\n', 1], ['a column without a name', 'a,,b\n', 1], ['an empty file', '', 1],
  ] as const) {
    it(`refuses ${name} with its line`, () => {
      expect(refusal(text).line).to.equal(line);
      expect(refusal(text).message).to.match(new RegExp(`^Line ${line}: .*\\.$`));
    });
  }

  it('quotes no cell of the file in an error', () => {
    expect(refusal('a,b\nSECRET').message).not.to.include('SECRET');
  });

  it('reads back whatever it wrote', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'B', '"', ',', '\n', 'é', '_'), minLength: 1,
      maxLength: 6 }).filter((text) => text.trim() === text);
    const cell = fc.string({ unit: fc.constantFrom('x', '"', ',', '\r', '\n', ' ', 'ß', '\uFEFF', '\t'), maxLength: 8 });
    const table = fc.uniqueArray(name, { minLength: 1, maxLength: 5 }).chain((header) =>
      fc.tuple(fc.constant(header), fc.array(fc.tuple(...header.map(() => cell)), { maxLength: 6 })));
    fc.assert(fc.property(table, ([header, cells]) => {
      const rows = cells.map((row) => Object.fromEntries(header.map((column, index) => [column, row[index]!])));
      const read = readCsv(writeCsv(header, rows));
      expect(read.header).to.deep.equal(header);
      expect(read.rows.map(({ values }) => values)).to.deep.equal(rows);
    }));
  });

  it('throws nothing but CsvError, whatever comes', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',', '\r', '\n') }), (text) => {
      try {
        readCsv(text);
      } catch (error) {
        expect(error).to.be.instanceOf(CsvError);
      }
    }));
  });
});
