import { expect } from 'chai';
import fc from 'fast-check';
import { DEADLINE_LIMITS, readMinutes } from '../../nodes/0-order/deadlines.ts';
import { inlineLogo, LOGO_LIMITS, logoFault } from '../../nodes/0-order/logo.ts';
import type { Organization } from '../../nodes/0-order/organization.ts';
import { effectiveOrganization, parseOrganizations, readOrganizations, writeOrganizationsCsv, writeOrganizationsJson } from '../../nodes/0-order/organizations.ts';
import { CLINIC } from '../support/samples.ts';
import { refusal } from './support.ts';

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(20)]);
const uri = (bytes: Buffer, type = 'png'): string => `data:image/${type};base64,${bytes.toString('base64')}`;

const FULL: Organization = {
  clientGuid: CLINIC, name: 'Lakeside', contact: 'results desk', finalDelivery: false, preliminary: true,
  deadlines: { emergent: 5, urgent: 12.5, routine: 120 }, logo: 'logos/lakeside.png',
  sites: {
    SITE01: { contact: 'north desk', finalDelivery: true, preliminary: false, deadlines: { urgent: 20 }, logo: uri(PNG) },
    SITE02: { deadlines: { routine: 0.5 } },
  },
};

describe('settings of an organization and its sites', () => {
  it('go to JSON and CSV and come back, those of sites too', () => {
    for (const text of [writeOrganizationsJson([FULL]), writeOrganizationsCsv([FULL])]) expect(parseOrganizations(text)).to.deep.equal([FULL]);
  });

  it('hold for a site as it says, deadlines class by class', () => {
    expect(effectiveOrganization(FULL, 'SITE01')).to.deep.include({
      contact: 'north desk', finalDelivery: true, preliminary: false, deadlines: { emergent: 5, urgent: 20, routine: 120 }, logo: uri(PNG),
    });
    expect(effectiveOrganization(FULL, 'SITE02')).to.deep.include({ finalDelivery: false, deadlines: { emergent: 5, urgent: 12.5, routine: 0.5 } });
    expect(effectiveOrganization({ clientGuid: CLINIC, name: 'x' }, 'SITE02')).not.to.have.property('deadlines');
  });

  it('are read from words, numbers and flat names, too', () => {
    const [read] = readOrganizations([{
      clientGuid: CLINIC, name: 'Lakeside', finalDelivery: 'No', preliminary: 1, deadline_urgent: '20', DeadlineRoutine: 90, deadlines: { Urgent: 20, emergent: '' },
    }]);
    expect(read).to.deep.equal({
      clientGuid: CLINIC, name: 'Lakeside', finalDelivery: false, preliminary: true, deadlines: { urgent: 20, routine: 90 },
    });
  });

  it('are read from a CSV file of before there were these columns', () => {
    const old = 'clientGuid,site,name,npi,phone,contact,sender,identity,account,policy,patientIdentifier,timeZone,price,currency,street1,street2,city,state,'
      + `postalCode,country,oid\r\n${CLINIC},,Lakeside,,,desk,,,,,,,,,,,,,,,\r\n${CLINIC},S1,,,,,,,,union,,,,,,,,,,,\r\n`;
    expect(parseOrganizations(old)).to.deep.equal([{ clientGuid: CLINIC, name: 'Lakeside', contact: 'desk', sites: { S1: { policy: 'union' } } }]);
  });

  for (const [key, change, reason] of [
    ['finalDelivery', { finalDelivery: 'maybe' }, 'true, false'], ['preliminary', { preliminary: {} }, 'text'], ['preliminary', { preliminary: 2 }, 'true, false'],
    ['deadlineUrgent', { deadlineUrgent: '20 min' }, 'minutes'], ['deadlines.urgent', { deadlines: { urgent: 0 } }, 'minutes'],
    ['deadlines.routine', { deadlines: { routine: 10_081 } }, 'minutes'], ['deadlines', { deadlines: { stat: 5 } }, 'only emergent'],
    ['deadlines', { deadlines: 5 }, 'object'], ['deadlines', { deadlines: [5] }, 'object'],
    ['deadlineUrgent', { deadlineUrgent: 5, deadlines: { urgent: 6 } }, 'differs'],
    ['logo', { logo: 'logo.svg' }, '.png'], ['logo', { logo: 'logo.png\u0000' }, 'path'], ['logo', { logo: 'https://clinic.example/logo' }, '.png'],
    ['logo', { logo: `${'x'.repeat(2000)}.png` }, 'path'], ['logo', { logo: 'data:image/svg+xml;base64,AAAA' }, 'data URI'],
    ['logo', { logo: uri(Buffer.from('not a picture')) }, 'data URI'], ['logo', { logo: 'data:image/png;base64,@@@@' }, 'data URI'],
    ['logo', { logo: uri(Buffer.concat([PNG, Buffer.alloc(LOGO_LIMITS.inline)])) }, 'larger than 200 KB'],
    ['sites.S1.logo', { sites: { S1: { logo: 'logo.gif' } } }, 'site S1'], ['sites.S1.deadlines.urgent', { sites: { S1: { deadlines: { urgent: 'x' } } } }, 'site S1'],
  ] as [string, object, string][]) {
    it(`refuse ${JSON.stringify(change).slice(0, 80)} with entry and key`, () => {
      const error = refusal(() => readOrganizations([{ clientGuid: CLINIC, name: 'x', ...change }]));
      expect([error.code, error.path]).to.deep.equal(['ORGANIZATION_ROW_INVALID', `[0].${key}`]);
      expect(error.detail).to.include('entry 1').and.include(reason);
      expect(error.detail!.length, 'a picture is not quoted').to.be.below(200);
    });
  }

  it('refuse recipient domains of a site in CSV', () => {
    const error = refusal(() => parseOrganizations(`clientGuid,site,name,recipientDomains\n${CLINIC},,L,\n${CLINIC},S1,,[]\n`));
    expect(error.detail).to.include('line 3').and.include('recipientDomains cannot differ by site');
  });

  it('take minutes within limits and nothing else', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: DEADLINE_LIMITS.most * 100 }), (hundredths) => {
      expect(readMinutes(String(hundredths / 100))).to.equal(hundredths / 100);
    }));
    fc.assert(fc.property(fc.string(), (text) => {
      const minutes = readMinutes(text);
      expect(minutes === undefined || (minutes >= DEADLINE_LIMITS.least && minutes <= DEADLINE_LIMITS.most)).to.equal(true);
    }));
  });

  it('take any text as a logo or say why not, and give the bytes of a data URI', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string().map((text) => `data:image/png;base64,${text}`)), (text) => {
      expect(['string', 'undefined']).to.include(typeof logoFault(text));
    }));
    expect(inlineLogo(uri(PNG))!.equals(PNG)).to.equal(true);
    expect(inlineLogo(uri(Buffer.from('ffd8ffe0', 'hex'), 'jpeg'))).to.have.length(4);
  });
});
