import { expect } from 'chai';
import fc from 'fast-check';
import type { Organization } from '../../nodes/0-order/organization.ts';
import { exchangeOrganizations } from '../../nodes/0-order/organizations-exchange.ts';
import { ORGANIZATION_COLUMNS } from '../../nodes/0-order/organizations-csv.ts';
import {
  assigningAuthority, checkOrganizations, effectiveOrganization, parseOrganizations, readOrganizations, writeOrganizationsCsv, writeOrganizationsJson,
} from '../../nodes/0-order/organizations.ts';
import { CLINIC, NPI, OTHER_CLINIC } from '../support/samples.ts';
import { refusal } from './support.ts';

const LAKESIDE: Organization = {
  clientGuid: CLINIC, name: 'Lakeside, "Eye" Clinic', npi: NPI.organization, phone: '555-555-0120', contact: 'results desk, 555-555-0121',
  address: { street: ['1 Test St', 'Suite 2', 'Rear'], city: 'Testville', state: 'FL', postalCode: '32501', country: 'US' },
  sender: 'results@direct.lakeside.example', identity: 'lakeside', account: 'hisp', policy: 'union', patientIdentifier: 'null',
    timeZone: 'America/Chicago',
  price: '0.25', currency: 'USD', oid: '1.2.840.99999',
  sites: {
    SITE01: { sender: 'site01@direct.lakeside.example', patientIdentifier: 'mrn', price: '0.30', name: 'Lakeside North',
      address: { street: ['2 Test St'] } },
    'SITE, 2': { policy: 'most-specific' },
  },
};
const HILL: Organization = { clientGuid: OTHER_CLINIC, name: 'Hill Clinic' };

describe('organizations', () => {
  it('go to JSON and CSV and come back', () => {
    for (const text of [writeOrganizationsJson([LAKESIDE, HILL]), writeOrganizationsCsv([LAKESIDE, HILL]),
      `\uFEFF${writeOrganizationsCsv([LAKESIDE, HILL])}`]) {
      expect(parseOrganizations(text)).to.deep.equal([LAKESIDE, HILL]);
    }
  });

  it('go to CSV and come back whatever their texts are', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'É', ',', '"', '\n', ';', '\''), minLength: 1, maxLength: 10 }).map((value) => `x${value}x`);
    const line = text.map((value) => value.replaceAll('\n', ' '));
    const optional = { requiredKeys: [] };
    const settings = fc.record({ phone: text, identity: text, account: text,
      address: fc.record({ street: fc.array(line, { minLength: 1, maxLength: 4 }) }) }, optional);
    fc.assert(fc.property(text, settings, fc.dictionary(line, settings.filter((site) => Object.keys(site).length > 0), { minKeys: 1, maxKeys: 3 }),
      (name, own, sites) => {
      const organization = { clientGuid: CLINIC, name, ...own, sites } as Organization;
      expect(parseOrganizations(writeOrganizationsCsv([organization]))).to.deep.equal([organization]);
    }));
  });

  it('are read with keys in any spelling, numbers as prices and IRIS-like addresses', () => {
    expect(readOrganizations([{
      ClientGuid: `{${CLINIC.toUpperCase()}}`, Name: ' Lakeside ', NPI: NPI.organization, Sender: 'SMTP:Results@Direct.Lakeside.Example',
        time_zone: 'America/Chicago', Price: 0.25,
      currency: 'usd', PatientIdentifier: 'MRN', oid: 'urn:oid:1.2.840',
        Address: { Street1: '1 Test St', City: 'Testville', State: 'Florida', Zip: '32501' }, policy: '', phone: null,
    }])).to.deep.equal([{
      clientGuid: CLINIC, name: 'Lakeside', npi: NPI.organization, sender: 'results@direct.lakeside.example', timeZone: 'America/Chicago',
        price: '0.25', currency: 'USD',
      patientIdentifier: 'mrn', oid: '1.2.840', address: { street: ['1 Test St'], city: 'Testville', state: 'FL', postalCode: '32501' },
    }]);
  });

  it('take sites as an array, too', () => {
    expect(readOrganizations([{ ...HILL, sites: [{ localId: 'SITE01', price: '1' }] }])[0]!.sites).to.deep.equal({ SITE01: { price: '1' } });
  });

  for (const [key, change, reason] of [
    ['clientGuid', { clientGuid: 'abc' }, 'not a GUID'], ['name', { name: ' ' }, 'missing'],
      ['sender', { sender: 'a@b.example\r\nBcc: x@y.example' }, 'Direct address'],
    ['sender', { sender: 'Lee <lee@x.example>' }, 'Direct address'], ['price', { price: '0,25' }, 'decimal'], ['price', { price: '-1' }, 'decimal'],
      ['price', { price: '1e3' }, 'decimal'],
    ['price', { price: NaN }, 'decimal'], ['currency', { currency: 'dollar' }, 'three letters'], ['policy', { policy: 'all' }, 'one of union'],
      ['patientIdentifier', { patientIdentifier: 'ssn' }, 'one of none'],
    ['timeZone', { timeZone: 'Mars/Base' }, 'time zone'], ['oid', { oid: '3.1' }, 'OID'], ['oid', { oid: '1.02' }, 'OID'],
      ['oid', { oid: '1.40' }, 'OID'], ['phone', { phone: {} }, 'text'],
    ['address', { address: 5 }, 'object'], ['sites', { sites: 'SITE01' }, 'site LocalId'],
      ['sites.SITE01.price', { sites: { SITE01: { price: 'x' } } }, 'site SITE01'],
    ['sites.SITE01.sender', { sites: { SITE01: { sender: 'x' } } }, 'site SITE01'],
  ] as [string, object, string][]) {
    it(`refuse ${JSON.stringify(change)} with entry and key`, () => {
      const error = refusal(() => readOrganizations([LAKESIDE, { ...HILL, ...change }]));
      expect([error.code, error.path]).to.deep.equal(['ORGANIZATION_ROW_INVALID', `[1].${key}`]);
      expect(error.detail).to.include('entry 2').and.include(reason);
    });
  }

  it('refuse the same ClientGuid twice, in whatever case', () => {
    const error = refusal(() => readOrganizations([HILL, { ...LAKESIDE, clientGuid: OTHER_CLINIC.toUpperCase() }]));
    expect([error.code, error.path]).to.deep.equal(['ORGANIZATION_ROW_INVALID', '[1].clientGuid']);
  });

  for (const list of [{}, 'x', null, [5], [[]], [null]]) {
    it(`refuse ${JSON.stringify(list)} as a list`, () => expect(refusal(() => readOrganizations(list)).code).to.equal('ORGANIZATION_ROW_INVALID'));
  }

  it('keep the good entries beside a bad one', () => {
    const { organizations, errors } = checkOrganizations([{ name: 'No Guid' }, HILL, { ...LAKESIDE, price: 'x' }]);
    expect(organizations).to.deep.equal([HILL]);
    expect(errors.map(({ path }) => path)).to.deep.equal(['[0].clientGuid', '[2].price']);
  });

  describe('as CSV', () => {
    const csv = (...rows: string[]): string => ['clientGuid,site,name,npi,price,oid', ...rows].join('\n');
    for (const [name, text, line] of [
      ['a bad price', csv(`${CLINIC},,Lakeside,,x,`), 2], ['a bad price of a site', csv(`${CLINIC},,Lakeside,,,`, `${CLINIC},S1,,,x,`), 2],
      ['a site of no organization', csv(`${CLINIC},S1,,,1,`), 2], ['an OID of a site', csv(`${CLINIC},,Lakeside,,,`, `${CLINIC},S1,,,,1.2`), 3],
      ['a site that stands twice', csv(`${CLINIC},,L,,,`, `${CLINIC},S1,,,1,`, `${CLINIC},S1,,,2,`), 4],
        ['an organization that stands twice', csv(`${CLINIC},,L,,,`, `${CLINIC},,M,,,`), 3],
      ['an unknown column', 'clientGuid,name,colour\n', 1], ['a broken row', csv(`${CLINIC},,"Lakeside`), 2],
    ] as [string, string, number][]) {
      it(`refuse ${name} with the line`, () => {
        const error = refusal(() => parseOrganizations(text));
        expect(error.code).to.equal('ORGANIZATION_ROW_INVALID');
        expect(error.detail).to.match(new RegExp(`line ${line}\\b`, 'i'));
      });
    }

    it('have the documented columns', () => {
      expect(writeOrganizationsCsv([]).trim()).to.equal(ORGANIZATION_COLUMNS.join(','));
    });

    it('need clientGuid and name only, in any order and case', () => {
      expect(parseOrganizations(`NAME,ClientGUID\nHill Clinic,${OTHER_CLINIC}\n`)).to.deep.equal([HILL]);
    });
  });

  it('stand for one of their sites as that site says', () => {
    expect(effectiveOrganization(LAKESIDE, 'SITE01')).to.deep.include({ sender: 'site01@direct.lakeside.example', patientIdentifier: 'mrn',
      price: '0.30', name: 'Lakeside North', account: 'hisp', clientGuid: CLINIC });
    expect(effectiveOrganization(LAKESIDE, 'SITE01')).not.to.have.property('sites');
    const { sites: _sites, ...own } = LAKESIDE;
    for (const site of ['SITE09', 'constructor', '__proto__', '']) expect(effectiveOrganization(LAKESIDE, site), site).to.deep.equal(own);
  });

  it('assign record numbers under their OID, or under their ClientGuid as one decimal arc', () => {
    expect(assigningAuthority(LAKESIDE)).to.equal('1.2.840.99999');
    expect(assigningAuthority({ ...HILL, clientGuid: '00000000-0000-0000-0000-0000000000bb' })).to.equal('2.25.187');
    // The example of ITU-T X.667 §8.
    expect(assigningAuthority({ clientGuid: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
      name: 'x' })).to.equal('2.25.329800735698586629295641978511506172918');
  });

  it('answer the form with rows, CSV and JSON, or with code, path and a sentence', () => {
    const answer = exchangeOrganizations({ text: writeOrganizationsCsv([LAKESIDE]) });
    expect(answer).to.deep.include({ status: 200 });
    expect(answer.body).to.deep.include({ organizations: [LAKESIDE], csv: writeOrganizationsCsv([LAKESIDE]) });
    expect(JSON.parse((answer.body as { json: string }).json)).to.deep.equal([LAKESIDE]);
    expect(exchangeOrganizations({ organizations: [LAKESIDE] })).to.deep.equal(answer);
    for (const body of [{}, { text: '[{' }, { organizations: [{}] }]) {
      const refused = exchangeOrganizations(body);
      expect(refused.status).to.equal(400);
      expect(refused.body).to.include({ code: 'ORGANIZATION_ROW_INVALID' });
    }
  });
});
