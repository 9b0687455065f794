import { expect } from 'chai';
import fc from 'fast-check';
import type { PersonName } from '../../nodes/0-order/model.ts';
import type { Recipient } from '../../nodes/0-order/message.ts';
import { readDirectoryCsv } from '../../nodes/2-npi/directory.ts';
import { lookUpRecipients } from '../../nodes/2-npi/look-up.ts';
import { compareNames, namesOrganization } from '../../nodes/2-npi/name-guard.ts';
import { NPI } from '../support/samples.ts';

const name = (family: string, given = ''): PersonName => ({ family, given });

describe('names of one provider on the order and in the directory', () => {
  const same: [string, string, string][] = [
    ['Care', 'Pria', 'Care, Pria'], ['CARE', 'Pria', 'care, pria m'], ['Care', 'Pria', 'Pria Care'], ['Care', 'Pria', 'Pria Care, MD'],
    ['Care', 'Pria', 'Care, Pria, MD'], ['Care', 'Pria', 'Dr. Pria M. Care, MD, PhD'], ['Müller', 'Eva', 'Mueller, Eva'], ['Müller', 'Eva', 'Muller, Eva'],
    ['O\u2019Brien', 'Ann', "O'BRIEN, ANN"], ['OBrien', 'Ann', "O'Brien, Ann"], ['Garcia-Lopez', 'Ana', 'Garcia, Ana'], ['Lopez', 'Ana', 'Garcia Lopez, Ana'],
    ['de la Cruz', 'Ana', 'Cruz, Ana'], ['Van der Berg', 'Jan', 'Vanderberg, Jan'], ['Smith-Jones', 'Eve', 'Jones, Eve'], ['Nguyen', 'Thi', 'Nguyễn, Thi'],
    ['Pria', 'Care', 'Care, Pria'], ['Testerman', 'Max', 'Testermann, Max'], ['Testpatterson', 'Max', 'Testpaterson, Max'], ['Lee', 'Jo', 'Lee, Jo Jr.'],
    ['Christophersen', 'Ole', 'Christophers, Ole'], ['McDonald', 'Ron', 'Mc Donald, Ron'],
  ];
  for (const [family, given, known] of same) {
    it(`${given} ${family} can be ${known}`, () => expect(compareNames(name(family, given), known)).to.equal('agrees'));
  }

  const different: [string, string, string][] = [
    ['Care', 'Pria', 'Moved, Max'], ['Lee', 'Jo', 'Li, Jo'], ['Care', 'Pria', 'Pria Moved'], ['Smith', 'Al', 'Smart, Al'], ['de la Cruz', 'Ana', 'de la Torre, Ana'],
    ['Van Dyke', 'Dick', 'Van Buren, Dick'], ['Day', 'Al', 'Care, Al'], ['Hall', 'A', 'Ball, A'], ['Johnson', 'Pria', 'Pria, Jonas'],
  ];
  for (const [family, given, known] of different) {
    it(`${given} ${family} is plainly not ${known}`, () => expect(compareNames(name(family, given), known)).to.equal('differs'));
  }

  it('nothing to compare is no difference', () => {
    for (const [family, known] of [['', 'Care, Pria'], ['Care', ''], ['--', 'Care, Pria'], ['Care', 'Lakeside Eye Clinic'], ['Care', 'Hillview Medical Group LLC']]) {
      expect(compareNames(name(family!), known!), `${family} ${known}`).to.equal('unsure');
    }
  });

  it('a family name that is also a word of organizations stays a person\u2019s in its own form', () => {
    expect(namesOrganization('Center, Paul')).to.equal(false);
    expect(namesOrganization('Riverside Center')).to.equal(true);
  });

  it('a name always agrees with itself, however it is written', () => {
    const word = fc.stringMatching(/^[A-Z][a-z]{2,12}$/);
    fc.assert(fc.property(word, word, fc.constantFrom(
      (family: string, given: string) => `${family}, ${given}`, (family: string, given: string) => `${given} ${family}`,
      (family: string, given: string) => `${family.toUpperCase()}, ${given}, MD`, (family: string, given: string) => `${given} ${family}, DO`,
    ), (family, given, write) => {
      fc.pre(!namesOrganization(write(family, given)));
      expect(compareNames(name(family, given), write(family, given))).to.equal('agrees');
    }));
  });

  it('any text at all is compared without a fault, in time', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300, unit: 'binary' }), fc.string({ maxLength: 300, unit: 'binary' }), (family, known) => {
      expect(compareNames(name(family), known)).to.be.oneOf(['agrees', 'differs', 'unsure']);
    }));
  });
});

describe('the wrong-provider guard', () => {
  const ADDRESS = 'dr.care@direct.riverside.example';
  const SHARED = 'desk@direct.riverside.example';
  const directory = readDirectoryCsv([
    'npi,address,name,status,type',
    `${NPI.pcp},${ADDRESS},"Care, Pria",active,`,
    `${NPI.orderer},${SHARED},"Orderer, Alex",active,`, `${NPI.grader},${SHARED},"Grader, Gina",active,`,
    `${NPI.organization},front@direct.lakeside.example,Lakeside,active,organization`,
  ].join('\n'));
  const recipient = (change: Partial<Recipient> = {}): Recipient => ({
    level: 'order', alsoFrom: [], address: null, npi: NPI.pcp, source: 'HealthPlan.PrimaryCareProvider.NPI', why: 'By NPI.', finalDelivery: true,
    state: 'RESOLVING', code: null, warnings: [], ...change,
  });
  const look = (provider: PersonName | undefined, change: Partial<Recipient> = {}, onMismatch: 'hold' | 'warn' = 'hold'): Recipient =>
    lookUpRecipients([recipient(change)], directory, { provider, onMismatch }).resolved[0]!;
  const codes = ({ warnings }: Recipient): string[] => warnings.map(({ code }) => code);

  it('holds the delivery to an address whose holder has plainly another name, and says so without the names', () => {
    const held = look(name('Moved', 'Max'));
    expect(held).to.include({ address: ADDRESS, state: 'RESOLVING', hold: 'NAME_MISMATCH' });
    expect(codes(held)).to.deep.equal(['NAME_MISMATCH']);
    expect(held.why).to.include('another family name').and.not.match(/Moved|Care/);
  });

  it('only warns where that is wished', () => {
    const sent = look(name('Moved'), {}, 'warn');
    expect(sent).to.not.have.property('hold');
    expect(codes(sent)).to.deep.equal(['NAME_MISMATCH']);
  });

  it('lets the same name, and an order that names nobody, go', () => {
    for (const provider of [name('Care', 'Pria'), undefined]) {
      const sent = look(provider);
      expect(sent).to.not.have.property('hold');
      expect(codes(sent)).to.deep.equal([]);
    }
  });

  it('flags shared mailboxes and NPIs of organizations, and lets them go', () => {
    for (const npi of [NPI.grader, NPI.organization]) {
      const sent = look(name('Moved'), { npi });
      expect(sent).to.not.have.property('hold');
      expect(codes(sent)).to.deep.equal(['NAME_NOT_COMPARED']);
    }
    expect(codes(look(name('Grader', 'Gina'), { npi: NPI.grader }))).to.deep.equal([]);
  });

  it('warns of an order\u2019s own address that is not the directory\u2019s for its NPI, and keeps to it', () => {
    const own = look(name('Care'), { address: 'care@direct.hill.example' });
    expect(own).to.include({ address: 'care@direct.hill.example' }).and.not.have.property('hold');
    expect(codes(own)).to.deep.equal(['ADDRESS_DIFFERS']);
    expect(codes(look(name('Care'), { address: ADDRESS }))).to.deep.equal([]);
  });

  it('holds an order\u2019s own address too when its NPI is plainly another person\u2019s', () => {
    const held = look(name('Moved'), { address: 'moved@direct.hill.example' });
    expect(held).to.include({ address: 'moved@direct.hill.example', hold: 'NAME_MISMATCH' });
    expect(codes(held)).to.deep.equal(['ADDRESS_DIFFERS', 'NAME_MISMATCH']);
  });

  it('says nothing about other levels, about numbers the directory lacks, and without a directory', () => {
    expect(look(name('Moved'), { level: 'site', address: ADDRESS })).to.not.have.property('hold');
    for (const asked of [directory, undefined]) {
      const [own] = lookUpRecipients([recipient({ npi: '2990000061', address: ADDRESS })], asked, { provider: name('Moved'), onMismatch: 'hold' }).resolved;
      expect(own).to.deep.equal(recipient({ npi: '2990000061', address: ADDRESS }));
    }
  });

  it('does not hold an address that another level names as well', () => {
    const site = recipient({ level: 'site', npi: null, address: ADDRESS, source: 'route:2' });
    const { resolved } = lookUpRecipients([recipient(), site], directory, { provider: name('Moved'), onMismatch: 'hold' });
    expect(resolved).to.have.length(1);
    expect(resolved[0]).to.include({ level: 'order', address: ADDRESS }).and.not.have.property('hold');
    expect(codes(resolved[0]!)).to.deep.equal(['NAME_MISMATCH']);
  });
});
