import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { CourierError } from '../../nodes/errors.ts';
import { isUnsetTime, readBirthDate, readInstant, readLocalTime } from '../../nodes/0-order/dates.ts';

const TODAY = '2026-03-01';
const birth = (text: string): string => readBirthDate(text, 'Patient.Dob', TODAY);
const instant = (text: string): string => readInstant(text, 'Timestamp', TODAY).instant;

const refusal = (read: () => unknown): CourierError => {
  try {
    read();
  } catch (error) {
    expect(error).to.be.instanceOf(CourierError);
    return error as CourierError;
  }
  throw new Error('was read');
};

describe('birth dates', () => {
  for (const form of [
    '1/5/1960', '01/05/1960', ' 1/5/1960 ', '1/5/1960 12:00:00 AM', '1960-01-05', '1960-01-05T00:00:00', '1960-01-05T00:00:00.0000000',
      '1960-01-05T23:30:00.1234567-08:00',
    '1960-01-05T00:00:00Z', '1960-01-05 00:00:00', '1960-01-05T00:00:00+14:00', '19600105',
  ]) {
    it(`reads ${form} as the day that is written`, () => expect(birth(form)).to.equal('1960-01-05'));
  }

  it('knows leap years', () => {
    expect(birth('2/29/2000')).to.equal('2000-02-29');
    expect(birth('2/29/2024')).to.equal('2024-02-29');
    for (const none of ['2/29/1900', '2/29/2023', '2/30/2024']) expect(refusal(() => birth(none)).code).to.equal('DATE_INVALID');
  });

  it('allows tomorrow, which somewhere is today, over the end of month and year', () => {
    expect(birth('3/2/2026')).to.equal('2026-03-02');
    expect(readBirthDate('1/1/2026', 'x', '2025-12-31')).to.equal('2026-01-01');
    expect(readBirthDate('3/1/2026', 'x', '2026-02-28')).to.equal('2026-03-01');
    expect(readBirthDate('2/29/2028', 'x', '2028-02-28')).to.equal('2028-02-29');
  });

  for (const absurd of [
    '12/31/1879', '1/1/0001', '0001-01-01T00:00:00', '3/3/2026', '1/1/2190', '13/1/1960', '0/1/1960', '1/0/1960', '4/31/1960', '1960-13-01',
      '19601301', '1/5/60', '1960', '5 Jan 1960',
    '1960-1-5', '1/5/1960x', '１/5/1960', '-1/5/1960', '1960-01-05T25:00:00', '1960-01-05T00:60:00', '1960-01-05T00:00:00+15:00', '1/5/1960 13:00 PM',
      'null', '1960-01-05T',
  ]) {
    it(`refuses ${absurd} with the path and without the value`, () => {
      const error = refusal(() => birth(absurd));
      expect(error).to.include({ code: 'DATE_INVALID', path: 'Patient.Dob' });
      expect(error.detail ?? '').not.to.include(absurd);
    });
  }

  it('agrees with the calendar of the platform on every day', () => {
    fc.assert(fc.property(fc.integer({ min: Date.UTC(1880, 0, 1) / 864e5, max: Date.UTC(2026, 1, 28) / 864e5 }), (day) => {
      const iso = new Date(day * 864e5).toISOString().slice(0, 10);
      const [year, month, date] = iso.split('-').map(Number);
      for (const form of [iso, `${month}/${date}/${year}`, iso.replaceAll('-', ''),
        `${iso}T00:00:00.0000000-05:00`]) expect(birth(form)).to.equal(iso);
    }));
  });

  it('reads the same in every time zone', () => {
    const module = join(import.meta.dirname, '../../nodes/0-order/dates.ts');
    const script = `const { readBirthDate, readInstant } = await import(${JSON.stringify(module)});
      console.log(readBirthDate('1/15/1960', 'x', '2026-03-01'), readBirthDate('1960-01-15T00:00:00+13:00', 'x', '2026-03-01'),
        readInstant('1/6/2026 2:05 PM', 'x', '2026-03-01').instant);`;
    for (const TZ of ['Pacific/Kiritimati', 'America/Los_Angeles', 'UTC']) {
      expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, TZ }, encoding: 'utf8' }).trim(), TZ)
        .to.equal('1960-01-15 1960-01-15 2026-01-06T14:05:00.000+00:00');
    }
  });
});

describe('instants', () => {
  it('keep their offset and get three digits of fraction', () => {
    expect(instant('2026-01-06T14:15:00.0000000+00:00')).to.equal('2026-01-06T14:15:00.000+00:00');
    expect(instant('2026-01-06T14:15:00.1239999-06:00')).to.equal('2026-01-06T14:15:00.123-06:00');
    expect(instant('2026-01-06T14:15Z')).to.equal('2026-01-06T14:15:00.000+00:00');
    expect(instant('2026-01-06T14:15:00+0530')).to.equal('2026-01-06T14:15:00.000+05:30');
    expect(instant('1/6/2026 2:15:30 PM -06:00')).to.equal('2026-01-06T14:15:30.000-06:00');
    expect(instant('1/6/2026 12:15 AM')).to.equal('2026-01-06T00:15:00.000+00:00');
  });

  it('stay a day where the text names no more: a time made up at midnight would be the day before in America', () => {
    for (const text of ['2026-01-06', '1/6/2026', '20260106']) {
      expect(readInstant(text, 'x', TODAY), text).to.deep.equal({ instant: '2026-01-06', zoned: true });
    }
  });

  it('say when a time had no offset', () => {
    for (const [text, zoned] of [['2026-01-06T14:15:00Z', true], ['2026-01-06T14:15:00', false], ['1/6/2026 2:15 PM', false]] as const) {
      expect(readInstant(text, 'x', TODAY).zoned, text).to.equal(zoned);
    }
  });

  it('name the same moment as the platform reads', () => {
    fc.assert(fc.property(fc.date({ min: new Date('1950-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }), (date) => {
      expect(Date.parse(instant(date.toISOString()))).to.equal(date.getTime());
    }));
  });

  it('refuse nonsense and centuries to come', () => {
    for (const text of ['yesterday', '2026-02-30T10:00:00Z', '2200-01-01T00:00:00Z', '2026-01-06T24:00:00Z', '2026-01-06T10:00:00 Europe/Berlin']) {
      expect(refusal(() => instant(text)), text).to.include({ code: 'DATE_INVALID', path: 'Timestamp' });
    }
  });

  it('know the zero times of .NET and Go', () => {
    for (const zero of ['0001-01-01T00:00:00', '0001-01-01T00:00:00Z', '1/1/0001 12:00:00 AM']) expect(isUnsetTime(zero)).to.equal(true);
    expect(isUnsetTime('2001-01-01T00:00:00Z')).to.equal(false);
  });
});

describe('times local to the exam', () => {
  it('are checked and kept as supplied', () => {
    for (const text of ['1/5/2026', '1/5/2026 9:30', '1/5/2026 9:30:00 AM', '2026-01-05T09:30:00']) expect(readLocalTime(text, 'Order.ScheduledTime',
      TODAY)).to.equal(text);
    expect(refusal(() => readLocalTime('2/30/2026', 'Order.ScheduledTime', TODAY))).to.include({ code: 'DATE_INVALID', path: 'Order.ScheduledTime' });
  });
});
