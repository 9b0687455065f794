import { expect } from 'chai';
import fc from 'fast-check';
import { CourierError } from '../../nodes/errors.ts';
import { type Directory, readDirectoryCsv, readDirectoryJson, readDirectoryText, unavailableDirectory } from '../../nodes/2-npi/directory.ts';
import { directoryCells, writeDirectoryCsv } from '../../nodes/2-npi/directory-rows.ts';
import { NPI } from '../support/samples.ts';

const csv = (...rows: string[]): Directory => readDirectoryCsv(['npi,address,name,status', ...rows].join('\n'));
const LEE = 'lee@direct.lakeside.example';

const refusal = (read: () => unknown): CourierError => {
  try {
    read();
  } catch (error) {
    return error as CourierError;
  }
  throw new Error('was read');
};

describe('directory: outcomes of a look-up', () => {
  it('found: the one address, with name, row and release', () => {
    const directory = csv(`${NPI.orderer},other@direct.lakeside.example,Other,`,
      `${NPI.pcp}, MAILTO:Lee@Direct.Lakeside.example ,"Lee, Pria",active`);
    const answer = directory.lookUp(NPI.pcp);
    expect(answer).to.deep.include({ outcome: 'found', npi: NPI.pcp, address: LEE, name: 'Lee, Pria', row: 3, candidates: [{ address: LEE,
      name: 'Lee, Pria', row: 3, shared: false }] });
    expect(answer.why).to.contain('row 3').and.contain(directory.release);
  });

  it('found: the same address twice is one, the first row tells', () => {
    expect(csv(`${NPI.pcp},${LEE},A,`, `${NPI.pcp},LEE@direct.lakeside.EXAMPLE,B,`).lookUp(NPI.pcp))
      .to.include({ outcome: 'found', address: LEE, row: 2 });
  });

  it('found: in every form in which an NPI is written', () => {
    const directory = csv(`NPI:${NPI.pcp},${LEE},,`);
    for (const form of [NPI.pcp, ` NPI: ${NPI.pcp}`, `http://hl7.org/fhir/sid/us-npi|${NPI.pcp}`]) expect(directory.lookUp(form).outcome, form)
      .to.equal('found');
  });

  it('ambiguous: two different addresses, both named, none picked', () => {
    const answer = csv(`${NPI.pcp},${LEE},,`, `${NPI.pcp},lee@direct.hill.example,Hill,`).lookUp(NPI.pcp);
    expect(answer.outcome).to.equal('ambiguous');
    expect(answer).not.to.have.property('address');
    expect(answer.candidates.map(({ address, row }) => [address, row])).to.deep.equal([[LEE, 2], ['lee@direct.hill.example', 3]]);
    expect(answer.why).to.contain('rows 2, 3');
  });

  it('not found: no row', () => {
    expect(csv(`${NPI.orderer},${LEE},,`).lookUp(NPI.pcp)).to.deep.include({ outcome: 'not-found', candidates: [] });
  });

  it('not found: a row without an address, and the reason says so', () => {
    const answer = csv(`${NPI.pcp},,Lee,`).lookUp(NPI.pcp);
    expect(answer.outcome).to.equal('not-found');
    expect(answer.why).to.contain('no address').and.contain('row 2');
  });

  it('not found: ordinary e-mail only, and the reason says so', () => {
    const answer = csv(`${NPI.pcp},zz-not-a-user@gmail.com,Lee,`).lookUp(NPI.pcp);
    expect(answer.outcome).to.equal('not-found');
    expect(answer.why).to.contain('ordinary e-mail');
  });

  it('found: ordinary e-mail and blanks beside one Direct address do not make it ambiguous', () => {
    expect(csv(`${NPI.pcp},zz-not-a-user@gmail.com,,`, `${NPI.pcp},,,`, `${NPI.pcp},${LEE},,`).lookUp(NPI.pcp))
      .to.include({ outcome: 'found', row: 4 });
  });

  it('deactivated: deactivated rows only; active rows decide where there are any', () => {
    expect(csv(`${NPI.pcp},${LEE},,deactivated`, `${NPI.pcp},,,DEACTIVATED`).lookUp(NPI.pcp).outcome).to.equal('deactivated');
    expect(csv(`${NPI.pcp},lee@direct.hill.example,,deactivated`, `${NPI.pcp},${LEE},,active`).lookUp(NPI.pcp))
      .to.include({ outcome: 'found', address: LEE });
    expect(csv(`${NPI.pcp},${LEE},,deactivated`, `${NPI.pcp},,,`).lookUp(NPI.pcp).outcome).to.equal('not-found');
  });

  it('invalid NPI: the check digit comes before the directory', () => {
    const wrong = `${NPI.pcp.slice(0, 9)}${(Number(NPI.pcp.at(-1)) + 1) % 10}`;
    for (const npi of [wrong, '', '123', '80840' + NPI.pcp, 'lee']) {
      expect(csv(`${NPI.pcp},${LEE},,`).lookUp(npi).outcome, npi).to.equal('invalid-npi');
      expect(unavailableDirectory(new CourierError('DIRECTORY_UNAVAILABLE')).lookUp(npi).outcome, npi).to.equal('invalid-npi');
    }
  });

  it('temporary: a directory that cannot be asked', () => {
    expect(unavailableDirectory(new CourierError('DIRECTORY_INVALID')).lookUp(NPI.pcp)).to.include({ outcome: 'temporary', npi: NPI.pcp });
  });
});

describe('directory: reading', () => {
  it('skips bad rows and reports each with its line', () => {
    const directory = csv('123,a@direct.lakeside.example,,', `${NPI.pcp},no address,,`, `${NPI.pcp},${LEE},,perhaps`,
      `${NPI.pcp},${LEE},Lee,active`, '', ',,,');
    expect(directory.rejects).to.deep.equal([
      { line: 2, code: 'NPI_INVALID' }, { line: 3, code: 'ADDRESS_INVALID' }, { line: 4, code: 'FIELD_INVALID' }, { line: 7, code: 'NPI_INVALID' },
    ]);
    expect(directory.rows).to.equal(1);
    expect(directory.lookUp(NPI.pcp)).to.include({ outcome: 'found', row: 5 });
  });

  it('skips rows that break CSV and keeps the others, lines still right', () => {
    const directory = csv(`${NPI.orderer},${LEE},Clinic "Lake" North,`, `${NPI.pcp},${LEE},Lee,active`, `${NPI.grader},${LEE},Lee, Gina,active`,
      `${NPI.organization},${LEE},"never closed,`);
    expect(directory.rejects).to.deep.equal([2, 4, 5].map((line) => ({ line, code: 'DIRECTORY_ROW_INVALID' })));
    expect(directory.lookUp(NPI.pcp)).to.include({ outcome: 'found', row: 3 });
  });

  it('refuses a wrong header', () => {
    for (const text of ['', '\n\n', 'npi,address,name', 'npi,npi,address,name,status', '<html><body>Not found</body></html>',
      `${NPI.pcp},${LEE},,`, '{"npi":1}', '[', 'null']) {
      expect(refusal(() => readDirectoryText(text)).code, text).to.equal('DIRECTORY_INVALID');
    }
  });

  it('takes columns in any order, further columns, capitals and a byte order mark', () => {
    fc.assert(fc.property(fc.shuffledSubarray(['Status', 'NPI', 'address ', 'name', 'county'], { minLength: 5 }), (header) => {
      const values: Record<string, string> = { Status: '', NPI: NPI.pcp, 'address ': LEE, name: 'Lee', county: 'x' };
      expect(readDirectoryCsv(`\uFEFF${header.join(',')}\r\n${header.map((name) => values[name]).join(',')}\r\n`).lookUp(NPI.pcp))
        .to.include({ outcome: 'found', name: 'Lee' });
    }));
  });

  it('reads JSON with the same answers, rows counted from 2', () => {
    const rows = [{ npi: NPI.pcp, address: LEE, name: 'Lee' }, { npi: Number(NPI.grader), status: 'deactivated' }, 'x', { npi: [NPI.pcp] }, null];
    const directory = readDirectoryJson(rows);
    expect(directory.lookUp(NPI.pcp)).to.include({ outcome: 'found', row: 2 });
    expect(directory.lookUp(NPI.grader).outcome).to.equal('deactivated');
    expect(directory.rejects.map(({ line }) => line)).to.deep.equal([4, 5, 6]);
    expect(readDirectoryText(JSON.stringify(rows)).release).to.equal(directory.release);
  });

  it('names the content: the same rows are the same release, others another', () => {
    expect(csv(`${NPI.pcp},${LEE},,`).release).to.match(/^[0-9a-f]{12}$/).and.equal(csv(`${NPI.pcp},${LEE},,`).release);
    expect(csv(`${NPI.pcp},${LEE},,`).release).not.to.equal(csv(`${NPI.pcp},${LEE},Lee,`).release);
  });

  it('goes to the form and back as CSV without a change', () => {
    const { cells, rejects } = directoryCells(`npi,address,name,status\n${NPI.pcp},${LEE},"Lee, ""P""",\n${NPI.grader},,,deactivated\n9,,,`);
    expect(rejects).to.deep.equal([{ line: 4, code: 'NPI_INVALID' }]);
    expect(directoryCells(writeDirectoryCsv(cells)).cells).to.deep.equal(cells);
    expect(directoryCells(JSON.stringify(cells)).cells).to.deep.equal(cells);
  });

  it('refuses any text with a code or reads it, and never fails otherwise', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string().map((text) => `npi,address,name,status\n${text}`), fc.json()), (text) => {
      try {
        readDirectoryText(text);
      } catch (error) {
        expect((error as CourierError).code).to.equal('DIRECTORY_INVALID');
      }
    }));
  });
});
