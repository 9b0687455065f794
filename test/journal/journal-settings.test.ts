import { expect } from 'chai';
import { CourierError } from '../../nodes/errors.ts';
import { type JournalForm, readJournalForm, STANDARD } from '../../nodes/journal/journal-settings.ts';
import { BACKENDS } from '../../nodes/journal/location.ts';
import { RETENTION } from '../../nodes/journal/port.ts';
import { catalogOf, definitionOf, lookUp } from '../contract/tree.ts';

const ADAPTER = 'nodes/journal/journal-config.ts';
const URL = 'postgresql://journal:geheim@db.example:5432/courier';

const read = (form: JournalForm = {}, url?: string, env: Record<string, string> = {}) => readJournalForm(form, url, '/home/red', env);

const faultOf = (form: JournalForm, url?: string): CourierError => {
  try {
    read(form, url);
  } catch (error) {
    return error as CourierError;
  }
  throw new Error('nothing was refused');
};

describe('the journal\'s form', () => {
  const { definition, html } = definitionOf(ADAPTER);
  const defaults = Object.fromEntries(Object.entries(definition.defaults).map(([key, { value }]) => [key, value])) as JournalForm;

  it('as it is offered, and as the first version saved it, means the file in the user directory and the usual times', () => {
    const standard = { location: '/home/red/direct-courier/journal.sqlite', key: {}, leaseMs: 300_000, retention: RETENTION };
    for (const form of [defaults, {}, { file: '' }, { file: 'direct-courier/journal.sqlite' }]) expect(read(form)).to.deep.equal(standard);
    expect(STANDARD).to.deep.equal({ leaseMs: 300_000, retention: RETENTION });
  });

  it('has a field of days for each thing that is kept, with the days that hold when it is empty', () => {
    const catalog = catalogOf(ADAPTER);
    const fields = Object.keys(RETENTION).map((name) => [name, `keep${name[0]!.toUpperCase()}${name.slice(1)}`] as const);
    expect(Object.keys(defaults).filter((key) => key.startsWith('keep'))).to.deep.equal(fields.map(([, field]) => field));
    for (const [name, field] of fields) {
      expect(lookUp(catalog, `journal-config.hint.${field}`), field).to.equal(String(RETENTION[name as keyof typeof RETENTION]));
      expect(read({ [field]: '12' }).retention).to.deep.equal({ ...RETENTION, [name]: 12 });
    }
    expect(lookUp(catalog, 'journal-config.hint.lease')).to.equal('300');
  });

  it('offers the databases that there are', () => {
    for (const backend of BACKENDS) {
      expect(html).to.include(`<option value="${backend}"`);
      expect(read({ storage: 'postgres', backend }, URL).location).to.deep.equal({ kind: 'postgres', url: URL, backend });
    }
  });

  it('keeps the address of a database, which holds a password, out of the flow', () => {
    expect(definition.credentials).to.deep.equal({ url: { type: 'password' } });
    expect(definition.defaults).to.not.have.property('url');
  });

  it('lets the editor see what the runtime would refuse', () => {
    const valid = (field: string, value: unknown, storage = 'sqlite'): boolean =>
      (definition.defaults[field] as unknown as { validate: (this: object, value: unknown) => boolean }).validate.call({ storage }, value);
    for (const field of ['lease', 'keepContent']) {
      for (const good of ['', undefined, '30', '${DAYS}']) expect(valid(field, good), `${field} ${good}`).to.equal(true);
      for (const bad of ['x', '0', '-1']) expect(valid(field, bad), `${field} ${bad}`).to.equal(false);
    }
    expect(valid('keepContent', '1.5')).to.equal(false);
    expect(valid('file', '')).to.equal(false);
    expect(valid('file', '', 'postgres')).to.equal(true);
  });
});

describe('what the journal\'s form saved', () => {
  it('takes relative paths from the user directory', () => {
    expect(read({ file: 'a/b.sqlite', keyFile: '../safe/k', keyBackup: ' ab12-cd34 ' }))
      .to.deep.include({ location: '/home/red/a/b.sqlite', key: { keyFile: '/home/safe/k', keyBackup: 'ab12-cd34' } });
    expect(read({ file: '/var/lib/j.sqlite', keyFile: '/etc/k' })).to.deep.include({ location: '/var/lib/j.sqlite', key: { keyFile: '/etc/k' } });
  });

  it('finds the address of the database in the credential, else in the environment', () => {
    const env = { DIRECT_JOURNAL_URL: 'postgres://env.example/db' };
    const form = { storage: 'postgres', schema: 'courier_2' };
    expect(read(form, URL, env).location).to.deep.equal({ kind: 'postgres', url: URL, backend: 'postgres', schema: 'courier_2' });
    expect(read(form, undefined, env).location).to.have.property('url', env.DIRECT_JOURNAL_URL);
  });

  it('is refused by the field\'s name when it is of no use, without what stands in it', () => {
    const cases: [JournalForm, string | undefined, string, string][] = [
      [{ storage: 'mysql' }, undefined, 'FIELD_INVALID', 'storage'],
      [{ storage: 'postgres', backend: 'yugabytedb' }, URL, 'FIELD_INVALID', 'backend'],
      [{ storage: 'postgres' }, undefined, 'FIELD_MISSING', 'url'],
      [{ storage: 'postgres' }, 'mysql://journal:geheim@db/x', 'FIELD_INVALID', 'url'],
      [{ storage: 'postgres', schema: 'a"; DROP TABLE x' }, URL, 'FIELD_INVALID', 'schema'],
      [{ lease: 'soon' }, undefined, 'FIELD_INVALID', 'lease'], [{ lease: '0' }, undefined, 'FIELD_INVALID', 'lease'],
      [{ lease: Infinity }, undefined, 'FIELD_INVALID', 'lease'], [{ lease: '90000' }, undefined, 'FIELD_INVALID', 'lease'],
      [{ keepContent: '0' }, undefined, 'FIELD_INVALID', 'keepContent'], [{ keepLedger: '1.5' }, undefined, 'FIELD_INVALID', 'keepLedger'],
      [{ keepLedger: '${UNSET}' }, undefined, 'FIELD_INVALID', 'keepLedger'],
    ];
    for (const [form, url, code, path] of cases) {
      const fault = faultOf(form, url);
      expect(fault, path).to.include({ code, path });
      expect(fault.message).to.not.include('geheim').and.not.include('DROP');
    }
  });
});
