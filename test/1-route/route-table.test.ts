import { expect } from 'chai';
import fc from 'fast-check';
import { CourierError } from '../../nodes/errors.ts';
import { orderSwitch, readRouteCsv, readRouteJson, readRouteText, type RouteRow, writeRouteCsv } from '../../nodes/1-route/route-table.ts';
import { CLINIC, OTHER_CLINIC } from '../support/samples.ts';

const HEADER = 'level,organization,site,address,final_delivery,enabled';
const table = (...rows: string[]): string => [HEADER, ...rows].join('\n');

const refusal = (read: () => unknown): CourierError => {
  try {
    read();
  } catch (error) {
    return error as CourierError;
  }
  throw new Error('was read');
};

describe('route table: CSV', () => {
  it('reads each level, with the line of each row', () => {
    expect(readRouteCsv(table(
      `order,${CLINIC},,,false,true`,
      `order,${CLINIC},SITE02,,,no`,
      `site,${CLINIC},SITE01,site@direct.lakeside.example,0,1`,
      `organization,${CLINIC.toUpperCase()},,MAILTO:Results@Direct.Lakeside.example,,`,
    ))).to.deep.equal([
      { level: 'order', organization: CLINIC, site: null, address: null, finalDelivery: false, deadlineMinutes: null, enabled: true, line: 2 },
      { level: 'order', organization: CLINIC, site: 'SITE02', address: null, finalDelivery: null, deadlineMinutes: null, enabled: false, line: 3 },
      { level: 'site', organization: CLINIC, site: 'SITE01', address: 'site@direct.lakeside.example', finalDelivery: false, deadlineMinutes: null,
        enabled: true, line: 4 },
      { level: 'organization', organization: CLINIC, site: null, address: 'results@direct.lakeside.example', finalDelivery: null, deadlineMinutes: null,
        enabled: true, line: 5 },
    ]);
  });

  it('counts lines as an editor shows them, past blank lines and quoted line breaks', () => {
    const rows = [`${HEADER},note`, '', `site,${CLINIC},S,a@direct.lakeside.example,,,"two\nlines"`,
      `organization,${CLINIC},,b@direct.lakeside.example,,,`, ''];
    const [row] = readRouteCsv(rows.join('\r\n')).slice(1);
    expect(row?.line).to.equal(5);
  });

  it('takes a byte order mark, spaces and capitals in the header and in words', () => {
    const header = '\uFEFFLevel, Organization,Site,Address,Final_Delivery,Enabled';
    const [row] = readRouteCsv(`${header}\nSITE , ${CLINIC}, S1 , a@direct.lakeside.example ,YES,No`);
    expect(row).to.include({ level: 'site', site: 'S1', address: 'a@direct.lakeside.example', finalDelivery: true, enabled: false });
  });

  it('does not care about the order of columns', () => {
    const cells = { level: 'site', organization: CLINIC, site: 'S1', address: 'a@direct.lakeside.example', final_delivery: 'false', enabled: 'yes' };
    const expected = readRouteCsv(`${Object.keys(cells).join(',')}\n${Object.values(cells).join(',')}`);
    fc.assert(fc.property(fc.shuffledSubarray(Object.entries(cells), { minLength: 6 }), (columns) => {
      const text = `${columns.map(([name]) => name).join(',')}\n${columns.map(([, value]) => value).join(',')}`;
      expect(readRouteCsv(text)).to.deep.equal(expected);
    }));
  });

  const good = `organization,${CLINIC},,a@direct.lakeside.example,,`;
  const bad: [string, string][] = [
    ['an unknown level', `clinic,${CLINIC},,a@direct.lakeside.example,,`],
    ['no level', `,${CLINIC},,a@direct.lakeside.example,,`],
    ['a ClientGuid that is no GUID', 'organization,lakeside,,a@direct.lakeside.example,,'],
    ['a site row without a site', `site,${CLINIC},,a@direct.lakeside.example,,`],
    ['a site row without an address', `site,${CLINIC},S1,,,`],
    ['an organization row without an address', `organization,${CLINIC},,,,`],
    ['an organization row that names a site', `organization,${CLINIC},S1,a@direct.lakeside.example,,`],
    ['a malformed address', `organization,${CLINIC},,a at direct.lakeside.example,,`],
    ['an address with a line break', `organization,${CLINIC},,"a@direct.lakeside.example\nb",,`],
    ['an address that ends in a line break', `organization,${CLINIC},,"a@direct.lakeside.example\n",,`],
    ['an order row with an address', `order,${CLINIC},,a@direct.lakeside.example,,`],
    ['a word that is no boolean in final_delivery', `organization,${CLINIC},,a@direct.lakeside.example,maybe,`],
    ['a word that is no boolean in enabled', `organization,${CLINIC},,a@direct.lakeside.example,,toString`],
    ['a missing cell', `organization,${CLINIC},,a@direct.lakeside.example`],
    ['a stray quotation mark', `organization,${CLINIC},,a"@direct.lakeside.example,,`],
  ];
  for (const [name, row] of bad) {
    it(`refuses ${name} with its line`, () => {
      const error = refusal(() => readRouteCsv(table(good, row)));
      expect(error.code).to.equal('ROUTE_ROW_INVALID');
      expect(error.path).to.equal('line 3');
    });
  }

  it('refuses a header that lacks a column: a misspelt "enabled" would switch rows on', () => {
    const error = refusal(() => readRouteCsv(`${HEADER.replace('enabled', 'enabeld')}\n${good}`));
    expect(error).to.include({ code: 'ROUTE_ROW_INVALID', path: 'line 1' });
    expect(error.detail).to.contain('enabled');
  });

  it('refuses an empty file', () => {
    expect(refusal(() => readRouteCsv(''))).to.include({ code: 'ROUTE_ROW_INVALID', path: 'line 1' });
  });

  it('refuses order rows that contradict each other, and takes those that repeat each other', () => {
    expect(refusal(() => readRouteCsv(table(`order,${CLINIC},S1,,,`, good, `order,${CLINIC},S1,,,false`))))
      .to.include({ code: 'ROUTE_ROW_INVALID', path: 'line 4' });
    expect(refusal(() => readRouteCsv(table(`order,${CLINIC},,,,`, `order,${CLINIC},,,false,`)))).to.include({ path: 'line 3' });
    expect(readRouteCsv(table(`order,${CLINIC},,,,`, `order,${CLINIC},,,true,yes`, `order,${CLINIC},S1,,,false`,
      `order,${OTHER_CLINIC},,,,false`))).to.have.length(4);
  });

  it('reads a deadline in minutes from a column that a table may lack, and refuses what is none', () => {
    const minutes = (cell: string): (number | null)[] =>
      readRouteCsv(`${HEADER},deadline\norganization,${CLINIC},,a@direct.lakeside.example,,,${cell}`).map(({ deadlineMinutes }) => deadlineMinutes);
    expect(['', '15', ' 0.5 ', '0.01', '10080'].map(minutes)).to.deep.equal([[null], [15], [0.5], [0.01], [10_080]]);
    for (const cell of ['0', '-5', '10081', '1e3', '0.001', '15 min', 'soon', '0x10', 'Infinity', '1.23456', '999999']) {
      const error = refusal(() => minutes(cell));
      expect(error, cell).to.include({ code: 'ROUTE_ROW_INVALID', path: 'line 2' });
      expect(error.detail, cell).to.contain('deadline').and.not.contain(cell === '0' ? 'cell' : `: ${cell}`);
    }
    expect(refusal(() => readRouteJson([{ level: 'order', organization: CLINIC, deadline: { minutes: 5 } }])).detail).to.contain('deadline');
    expect(readRouteJson([{ level: 'order', organization: CLINIC, deadline: 5 }])[0]?.deadlineMinutes).to.equal(5);
  });

  it('refuses order rows of one scope with different deadlines; one that says none stands back', () => {
    const two = (one: object, other: object): RouteRow[] =>
      readRouteJson([{ level: 'order', organization: CLINIC, ...one }, { level: 'order', organization: CLINIC, ...other }]);
    expect(refusal(() => two({ deadline: 5 }, { deadline: 6 }))).to.include({ code: 'ROUTE_ROW_INVALID', path: 'line 3' });
    const [first, ...more] = two({}, { deadline: 6, finalDelivery: true }) as [RouteRow, RouteRow];
    expect(orderSwitch([first, ...more])).to.include({ deadlineMinutes: 6, finalDelivery: true, line: 2 });
  });

  it('never puts a cell into its error', () => {
    const error = refusal(() => readRouteCsv(table(`organization,${CLINIC},,secret-cell,,`)));
    expect(error.message).not.to.contain('secret-cell');
  });
});

describe('route table: JSON and back', () => {
  const address = fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/),
    fc.constantFrom('direct.lakeside.example', 'hill.test')).map(([local, domain]) => `${local}@${domain}`);
  const organization = fc.constantFrom(CLINIC, OTHER_CLINIC);
  const site = fc.string({ minLength: 1, maxLength: 8 }).map((text) => text.trim()).filter((text) => text !== '');
  const flags = {
    finalDelivery: fc.constantFrom(true, false, null), enabled: fc.boolean(), line: fc.constant(0),
    deadlineMinutes: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 1_008_000 }).map((hundredths) => hundredths / 100)),
  };
  const row = fc.oneof(
    fc.record({ level: fc.constant('site' as const), organization, site, address, ...flags }),
    fc.record({ level: fc.constant('organization' as const), organization, site: fc.constant(null), address, ...flags }),
  );
  const rowsOf = fc.array(row, { maxLength: 6 });
  const unlined = (rows: RouteRow[]): Omit<RouteRow, 'line'>[] => rows.map(({ line: _, ...rest }) => rest);

  it('writes CSV that reads back as the same rows', () => {
    fc.assert(fc.property(rowsOf, (rows) => {
      expect(unlined(readRouteCsv(writeRouteCsv(rows)))).to.deep.equal(unlined(rows));
    }));
  });

  it('reads its own rows as JSON, numbering from 2', () => {
    fc.assert(fc.property(rowsOf, (rows) => {
      const read = readRouteJson(JSON.stringify(rows));
      expect(unlined(read)).to.deep.equal(unlined(rows));
      expect(read.map(({ line }) => line)).to.deep.equal(rows.map((_, index) => index + 2));
    }));
  });

  it('takes the names of the columns, texts for booleans and absent keys', () => {
    expect(readRouteJson([{ level: 'order', organization: CLINIC, final_delivery: 'no' }])).to.deep.equal(
      [{ level: 'order', organization: CLINIC, site: null, address: null, finalDelivery: false, deadlineMinutes: null, enabled: true, line: 2 }]);
  });

  it('refuses what is no list of rows', () => {
    for (const input of ['{', '{}', '7', null, undefined, 7]) expect(refusal(() => readRouteJson(input)))
      .to.include({ code: 'ROUTE_ROW_INVALID', path: 'line 1' });
    expect(refusal(() => readRouteJson([{ level: 'order', organization: CLINIC }, 'x']))).to.include({ path: 'line 3' });
    expect(refusal(() => readRouteJson([{ level: ['order'], organization: CLINIC }]))).to.include({ path: 'line 2' });
  });

  it('tells JSON from CSV by how it starts', () => {
    expect(readRouteText(' [{"level":"order","organization":"' + CLINIC + '"}]')).to.have.length(1);
    expect(readRouteText(table(`order,${CLINIC},,,,`))).to.have.length(1);
  });

  it('refuses any text with a code or reads it, and never fails otherwise', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string().map((text) => table(text)), fc.json()), (text) => {
      try {
        readRouteText(text);
      } catch (error) {
        expect(error).to.be.instanceOf(CourierError);
        expect((error as CourierError).path).to.match(/^line \d+$/);
      }
    }));
  });
});
