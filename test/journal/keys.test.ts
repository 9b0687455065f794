import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CourierError } from '../../nodes/errors.ts';
import { admitKey, changeKey, type KeyClaim, openKeys, storeDayKey } from '../../nodes/journal/key-rows.ts';
import { type KeySources, makeKeyFile, readKey, resolveKey } from '../../nodes/journal/keys.ts';
import { fingerprint } from '../../nodes/journal/sealed.ts';
import { createVault, INDEX } from '../../nodes/journal/vault.ts';
import { type KeyBench, keyBench } from './key-store.ts';

const KEY = createHash('sha256').update('a journal').digest();
const OTHER = createHash('sha256').update('another journal').digest();
const PRINT = fingerprint(KEY);
const NOON = Date.UTC(2026, 10, 22, 12);
const DAY = 86_400_000;
const POSTGRES = { kind: 'postgres', url: 'postgresql://somewhere/journal', backend: 'postgres' } as const;

const faultOf = (work: () => unknown): CourierError => {
  try {
    work();
  } catch (error) {
    if (error instanceof CourierError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

const rejection = async (promise: Promise<unknown>): Promise<CourierError> =>
  await promise.then(() => { throw new Error('nothing was refused'); }, (error: unknown) => error as CourierError);

describe('a key as text', () => {
  it('is read from base64, base64url and hexadecimal digits, with blanks and line ends around it', () => {
    for (const text of [KEY.toString('base64'), KEY.toString('base64url'), KEY.toString('hex'), KEY.toString('hex').toUpperCase(), ` ${KEY.toString('base64')}\r\n`]) {
      expect(Buffer.from(readKey(text)).equals(KEY), text).to.equal(true);
    }
  });

  it('is refused when it is no key or nobody can have drawn it, and never shown', () => {
    const texts = ['', 'secret', KEY.toString('hex').slice(1), KEY.toString('base64').slice(2), `${KEY.toString('base64')}AA`, 'A'.repeat(43), '0'.repeat(64),
      Buffer.alloc(32, 'abc').toString('base64'), 'päß'.repeat(20), randomBytes(48).toString('base64')];
    for (const text of texts) {
      const fault = faultOf(() => readKey(text));
      expect(fault.code, text).to.equal('KEY_INVALID');
      if (text.length > 3) expect(fault.message).to.not.include(text);
    }
  });

  it('has a fingerprint that names it: 16 hexadecimal digits in groups', () => {
    expect(PRINT).to.match(/^[0-9a-f]{4}(-[0-9a-f]{4}){3}$/).and.not.equal(fingerprint(OTHER));
    expect(KEY.toString('hex')).to.not.include(PRINT.replaceAll('-', ''));
    expect(createHash('sha256').update(KEY).digest('hex')).to.not.include(PRINT.replaceAll('-', ''));
  });
});

describe('where the journal\'s key comes from', () => {
  let folder: string;
  let location: string;
  let outside: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'courier-keys-'));
    mkdirSync(join(folder, 'data'));
    location = join(folder, 'data', 'journal.sqlite');
    outside = join(folder, 'safe', 'journal.key');
  });
  afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

  const resolved = (change: Partial<KeySources> = {}): Uint8Array => resolveKey({ location, demo: false, env: {}, ...change });
  const keyFile = (file = outside): string => {
    makeKeyFile(file);
    return file;
  };

  it('nowhere: refused with what to do, and nothing is made', () => {
    for (const place of [location, POSTGRES]) expect(faultOf(() => resolved({ location: place }))).to.include({ code: 'KEY_MISSING' });
    expect(faultOf(() => resolved()).message).to.include('init-key').and.include('DIRECT_JOURNAL_KEY_FILE');
    expect(readdirSync(join(folder, 'data'))).to.deep.equal([]);
  });

  it('the environment goes before files, the settings\' file before the environment\'s', () => {
    const files = [keyFile(), keyFile(join(folder, 'second.key'))];
    const env = { DIRECT_JOURNAL_KEY: KEY.toString('base64'), DIRECT_JOURNAL_KEY_FILE: files[1] };
    const keys = files.map((file) => readKey(readFileSync(file, 'utf8')));
    expect(resolved({ env, keyFile: files[0]! })).to.deep.equal(KEY);
    expect(resolved({ env: { DIRECT_JOURNAL_KEY_FILE: files[1] }, keyFile: files[0]! })).to.deep.equal(keys[0]);
    expect(resolved({ env: { DIRECT_JOURNAL_KEY_FILE: files[1] }, keyFile: '' })).to.deep.equal(keys[1]);
    expect(resolved({ env, location: POSTGRES })).to.deep.equal(KEY);
  });

  it('a bad key in the environment is refused: no other place is tried', () => {
    expect(faultOf(() => resolved({ env: { DIRECT_JOURNAL_KEY: 'secret' }, keyFile: keyFile(), demo: true }))).to.include({ code: 'KEY_INVALID' });
  });

  it('a file that is not there, is a folder, or holds no key is refused, also in a demonstration', () => {
    expect(faultOf(() => resolved({ keyFile: outside, demo: true }))).to.include({ code: 'KEY_MISSING', detail: 'ENOENT' });
    mkdirSync(outside, { recursive: true, mode: 0o700 });
    expect(faultOf(() => resolved({ keyFile: outside }))).to.include({ code: 'KEY_INVALID' });
    for (const text of ['', 'not a key', 'x'.repeat(5000)]) {
      const file = join(folder, 'broken.key');
      writeFileSync(file, text, { mode: 0o600 });
      expect(faultOf(() => resolved({ keyFile: file }))).to.include({ code: 'KEY_INVALID' });
    }
  });

  it('a file that others may read is refused, whoever the others are', function () {
    if (process.platform === 'win32') this.skip();
    keyFile();
    for (const mode of [0o640, 0o604, 0o660, 0o644, 0o666, 0o610]) {
      chmodSync(outside, mode);
      expect(faultOf(() => resolved({ keyFile: outside })), mode.toString(8)).to.include({ code: 'KEY_EXPOSED', detail: `mode 0${mode.toString(8)}` });
    }
    for (const mode of [0o600, 0o400]) {
      chmodSync(outside, mode);
      expect(resolved({ keyFile: outside })).to.have.length(32);
    }
  });

  it('a file in the journal\'s folder is refused, however it is named', () => {
    const inside = keyFile(join(folder, 'data', 'below', 'journal.key'));
    symlinkSync(inside, join(folder, 'link.key'));
    symlinkSync(join(folder, 'data'), join(folder, 'alias'));
    keyFile();
    symlinkSync(outside, join(folder, 'data', 'out.key'));
    const names = [inside, join(folder, 'safe', '..', 'data', 'below', 'journal.key'), join(folder, 'link.key'), join(folder, 'alias', 'below', 'journal.key'),
      join(folder, 'data', 'out.key')];
    for (const name of names) expect(faultOf(() => resolved({ keyFile: name })), name).to.include({ code: 'KEY_INSIDE_DATA' });
    // The journal may be named by the alias as well.
    expect(faultOf(() => resolved({ keyFile: inside, location: join(folder, 'alias', 'journal.sqlite') }))).to.include({ code: 'KEY_INSIDE_DATA' });
  });

  it('a folder whose name only begins like the journal\'s is another one', () => {
    expect(resolved({ keyFile: keyFile(join(folder, 'data-keys', 'k')) })).to.have.length(32);
    expect(resolved({ keyFile: keyFile(join(folder, '..data')), location: join(folder, 'data', 'journal.sqlite') })).to.have.length(32);
  });

  describe('in a demonstration', () => {
    it('is made once, beside the journal, for its owner alone, and is the same ever after', () => {
      const key = resolved({ demo: true });
      expect(readdirSync(join(folder, 'data'))).to.deep.equal(['journal.sqlite.key']);
      expect(statSync(`${location}.key`).mode & 0o777).to.equal(0o600);
      expect(resolved({ demo: true })).to.deep.equal(key);
      expect(new Set(key).size).to.be.greaterThan(12);
    });

    it('is not made for a database', () => {
      expect(faultOf(() => resolved({ demo: true, location: POSTGRES }))).to.include({ code: 'KEY_MISSING' });
    });

    it('does not serve the same journal outside a demonstration', () => {
      resolved({ demo: true });
      expect(faultOf(() => resolved())).to.include({ code: 'KEY_MISSING' });
      expect(faultOf(() => resolved({ keyFile: `${location}.key` }))).to.include({ code: 'KEY_INSIDE_DATA' });
    });

    it('is one key for processes that start at the same time', async () => {
      const script = `
        import { resolveKey } from ${JSON.stringify(new URL('../../nodes/journal/keys.ts', import.meta.url).href)};
        process.stdout.write(Buffer.from(resolveKey({ location: ${JSON.stringify(location)}, demo: true, env: {} })).toString('hex'));`;
      const keys = await Promise.all(Array.from({ length: 4 }, async () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
        let text = '';
        child.stdout.on('data', (chunk: Buffer) => { text += chunk.toString(); });
        await once(child, 'close');
        return text;
      }));
      expect(keys[0]).to.match(/^[0-9a-f]{64}$/);
      expect(new Set(keys).size).to.equal(1);
      expect(readdirSync(join(folder, 'data'))).to.deep.equal(['journal.sqlite.key']);
    });
  });

  describe('a new key file', () => {
    it('is for its owner alone, holds the key that its fingerprint names, and leaves no draft', () => {
      const { fingerprint: print } = makeKeyFile(outside);
      expect(statSync(outside).mode & 0o777).to.equal(0o600);
      expect(fingerprint(readKey(readFileSync(outside, 'utf8')))).to.equal(print);
      expect(readdirSync(join(folder, 'safe'))).to.deep.equal(['journal.key']);
    });

    it('never replaces what is there, be it empty, a link or a folder', () => {
      mkdirSync(join(folder, 'safe'));
      writeFileSync(outside, '');
      expect(faultOf(() => makeKeyFile(outside))).to.include({ code: 'KEY_EXISTS' });
      expect(readFileSync(outside, 'utf8')).to.equal('');
      symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
      expect(faultOf(() => makeKeyFile(join(folder, 'dangling')))).to.include({ code: 'KEY_EXISTS' });
      expect(existsSync(join(folder, 'nowhere'))).to.equal(false);
      expect(faultOf(() => makeKeyFile(join(folder, 'safe')))).to.include({ code: 'KEY_EXISTS' });
      linkSync(outside, join(folder, 'hard'));
      expect(faultOf(() => makeKeyFile(join(folder, 'hard')))).to.include({ code: 'KEY_EXISTS' });
      expect(readdirSync(folder).sort()).to.deep.equal(['dangling', 'data', 'hard', 'safe']);
    });
  });
});

describe('whether a key may open a journal', () => {
  const vault = createVault({ key: KEY });
  const dataKeys = vault.firstKeys(NOON);
  const meta = [{ name: 'key_fingerprint', value: PRINT }];
  const acknowledged = [...meta, { name: 'key_acknowledged', value: PRINT }];
  const claim = (change: Partial<KeyClaim> = {}): KeyClaim => ({ demo: false, backup: undefined, now: NOON, ...change });
  const nothing = { meta: [], dataKeys: [] };

  it('a new journal asks first whether the key is backed up, and names the fingerprint', () => {
    const fault = faultOf(() => admitKey({ ...nothing, contents: false }, claim(), vault));
    expect(fault).to.include({ code: 'KEY_NOT_BACKED_UP', detail: `fingerprint ${PRINT}` });
    expect(fault.message).to.include(PRINT).and.include('DIRECT_JOURNAL_KEY_BACKUP');
    for (const backup of ['', 'yes', fingerprint(OTHER), PRINT.slice(1)]) {
      expect(faultOf(() => admitKey({ ...nothing, contents: false }, claim({ backup }), vault)).code, backup).to.equal('KEY_NOT_BACKED_UP');
    }
  });

  it('a new journal whose key is backed up gets its keys and remembers the answer, however the fingerprint is written', () => {
    for (const backup of [PRINT, PRINT.toUpperCase(), ` ${PRINT.replaceAll('-', ' ')}\n`, PRINT.replaceAll('-', '')]) {
      const made = admitKey({ ...nothing, contents: false }, claim({ backup }), vault);
      expect(made.meta).to.deep.equal(acknowledged);
      expect(made.dataKeys.map(({ id }) => id.slice(0, 10))).to.deep.equal([INDEX, '2026-11-22']);
    }
  });

  it('a demonstration asks nobody, and does not count as an answer', () => {
    expect(admitKey({ ...nothing, contents: false }, claim({ demo: true }), vault).meta).to.deep.equal(meta);
    expect(faultOf(() => admitKey({ meta, dataKeys, contents: true }, claim(), vault))).to.include({ code: 'KEY_NOT_BACKED_UP' });
    expect(admitKey({ meta, dataKeys, contents: true }, claim({ backup: PRINT }), vault)).to.deep.equal({ meta: acknowledged.slice(1), dataKeys: [] });
  });

  it('a journal that has its answer asks no more and gets nothing new', () => {
    expect(admitKey({ meta: acknowledged, dataKeys, contents: true }, claim(), vault)).to.deep.equal(nothing);
  });

  it('another journal\'s key is refused with both fingerprints, backup acknowledged or not, in a demonstration too', () => {
    for (const change of [{}, { backup: fingerprint(OTHER) }, { demo: true }]) {
      const fault = faultOf(() => admitKey({ meta: acknowledged, dataKeys, contents: true }, claim(change), createVault({ key: OTHER })));
      expect(fault).to.include({ code: 'KEY_WRONG', detail: `wanted ${PRINT}, given ${fingerprint(OTHER)}` });
    }
  });

  it('a journal that has lost its keys, or some of what belongs to them, is never begun anew', () => {
    const withoutIndex = dataKeys.filter(({ id }) => id !== INDEX);
    for (const facts of [
      { meta: [], dataKeys: [], contents: true }, { meta: acknowledged, dataKeys: [], contents: true }, { meta: acknowledged, dataKeys: [], contents: false },
      { meta: [], dataKeys, contents: true }, { meta: [], dataKeys, contents: false }, { meta: acknowledged, dataKeys: withoutIndex, contents: true },
    ]) expect(faultOf(() => admitKey(facts, claim({ backup: PRINT, demo: true }), vault)).code, JSON.stringify(facts)).to.equal('KEYS_LOST');
  });
});

describe('keys in the journal', () => {
  let bench: KeyBench;
  const backedUp = { demo: false, backup: PRINT };

  beforeEach(() => { bench = keyBench(); });

  const opened = async (key = KEY, now = NOON, claim: { demo: boolean; backup: string | undefined } = backedUp) => {
    const store = bench.as(key, now);
    await bench.transact(() => openKeys(store, claim));
    return store;
  };

  it('a new journal gets them once; the next opening finds the same', async () => {
    const { vault } = await opened();
    const sealed = vault.seal(Buffer.from('content'), 'content');
    const rows = bench.rows('SELECT id, hex(wrapped) AS wrapped FROM data_key ORDER BY id');
    const { vault: later } = await opened(KEY, NOON, { demo: false, backup: undefined });
    expect(bench.rows('SELECT id, hex(wrapped) AS wrapped FROM data_key ORDER BY id')).to.deep.equal(rows).and.have.length(2);
    expect(Buffer.from(later.open(sealed, 'content')).toString()).to.equal('content');
  });

  it('a refused opening stores nothing', async () => {
    expect(await rejection(opened(KEY, NOON, { demo: false, backup: undefined }))).to.have.property('code', 'KEY_NOT_BACKED_UP');
    expect(bench.rows('SELECT * FROM meta')).to.deep.equal([]);
    expect(bench.rows('SELECT * FROM data_key')).to.deep.equal([]);
    await opened();
    const before = bench.rows('SELECT * FROM meta');
    expect(await rejection(opened(OTHER))).to.have.property('code', 'KEY_WRONG');
    expect(bench.rows('SELECT * FROM meta')).to.deep.equal(before);
  });

  it('a damaged row of a data key is told from a wrong key', async () => {
    await opened();
    bench.exec('UPDATE data_key SET wrapped = zeroblob(length(wrapped)) WHERE id <> \'index\'');
    expect(await rejection(opened())).to.have.property('code', 'CONTENT_DAMAGED');
    bench.exec('UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key WHERE id = \'index\')');
    expect(await rejection(opened())).to.have.property('code', 'CONTENT_DAMAGED');
  });

  it('deleted data keys are noticed, and nothing is made in their place', async () => {
    await opened();
    bench.exec('DELETE FROM data_key');
    expect(await rejection(opened())).to.have.property('code', 'KEYS_LOST');
    expect(bench.rows('SELECT * FROM data_key')).to.deep.equal([]);
  });

  it('lost together with everything about them, in a journal that holds something, they are not made anew', async () => {
    await opened();
    bench.exec(`DELETE FROM data_key; DELETE FROM meta;
      INSERT INTO input (id, received_at, kind, source, outcome) VALUES ('i', 0, 'order', 'test', 'stored')`);
    expect(await rejection(opened())).to.have.property('code', 'KEYS_LOST');
  });

  it('an opening that is begun again, because the first try did not commit, uses nothing of the first', async () => {
    const store = bench.as(KEY, NOON);
    await rejection(bench.transact(async () => {
      await openKeys(store, backedUp);
      throw new CourierError('JOURNAL_FAILED');
    }));
    await bench.transact(() => openKeys(store, backedUp));
    expect(store.vault.keyForDay(NOON)).to.equal(null);
    const sealed = store.vault.seal(Buffer.from('content'), 'content');
    const mark = store.vault.mark('patient', 'mrn-1');
    const { vault: later } = await opened();
    expect(Buffer.from(later.open(sealed, 'content')).toString()).to.equal('content');
    expect(Buffer.from(later.mark('patient', 'mrn-1')).equals(mark)).to.equal(true);
  });

  it('a clock of the process that is ahead of the database\'s costs one row, not one with each request', async () => {
    const store = await opened();
    store.vault.learn(await bench.transact(() => storeDayKey(store, NOON + DAY)));
    expect(store.vault.keyForDay(NOON + DAY)).to.equal(null);
    expect(bench.rows('SELECT 1 FROM data_key')).to.have.length(3);
  });

  it('each day gets one, also when two processes ask', async () => {
    const [one, two] = [await opened(), await opened()];
    for (const store of [one, two]) {
      store.now = NOON + DAY;
      store.vault.learn(await bench.transact(() => storeDayKey(store)));
      expect(await bench.transact(() => storeDayKey(store))).to.deep.equal([]);
    }
    expect(bench.rows('SELECT substr(id, 1, 10) AS day FROM data_key ORDER BY id').map(({ day }) => day)).to.deep.equal(['2026-11-22', '2026-11-23', 'index']);
    const sealed = one.vault.seal(Buffer.from('of one'), 'content');
    expect(Buffer.from(two.vault.open(sealed, 'content')).toString()).to.equal('of one');
  });

  it('a day\'s key that was not committed seals nothing, and is stored with the next transaction', async () => {
    const store = await opened();
    store.now = NOON + DAY;
    await rejection(bench.transact(async () => {
      await storeDayKey(store);
      throw new CourierError('JOURNAL_FAILED');
    }));
    const sealed = store.vault.seal(Buffer.from('in between'), 'content');
    const { vault: later } = await opened();
    expect(Buffer.from(later.open(sealed, 'content')).toString()).to.equal('in between');
    store.vault.learn(await bench.transact(() => storeDayKey(store)));
    expect(bench.rows('SELECT 1 FROM data_key')).to.have.length(3);
  });

  it('another key for the journal: what was there opens, its backup is asked for, the old key is refused', async () => {
    const store = await opened();
    const sealed = store.vault.seal(Buffer.from('before'), 'content');
    const mark = store.vault.mark('patient', 'mrn-1');
    store.vault.learn(await bench.transact(() => changeKey(store, OTHER)));
    store.now = NOON + DAY;
    store.vault.learn(await bench.transact(() => storeDayKey(store)));
    expect(await rejection(opened(KEY))).to.have.property('code', 'KEY_WRONG');
    expect(await rejection(opened(OTHER))).to.include({ code: 'KEY_NOT_BACKED_UP', detail: `fingerprint ${fingerprint(OTHER)}` });
    const { vault: later } = await opened(OTHER, NOON + DAY, { demo: false, backup: fingerprint(OTHER) });
    expect(Buffer.from(later.open(sealed, 'content')).toString()).to.equal('before');
    expect(Buffer.from(later.mark('patient', 'mrn-1')).equals(mark)).to.equal(true);
    expect(bench.rows('SELECT value FROM meta WHERE name = \'key_acknowledged\'')).to.deep.equal([{ __proto__: null, value: fingerprint(OTHER) }]);
  });

  it('a change of key that is rolled back has not happened', async () => {
    const store = await opened();
    await rejection(bench.transact(async () => {
      await changeKey(store, OTHER);
      throw new CourierError('JOURNAL_FAILED');
    }));
    store.now = NOON + DAY;
    store.vault.learn(await bench.transact(() => storeDayKey(store)));
    expect((await opened()).vault.fingerprint()).to.equal(PRINT);
  });

  it('an instance that was not told of another key cannot wrap anything by the old one', async () => {
    const [one, two] = [await opened(), await opened()];
    one.vault.learn(await bench.transact(() => changeKey(one, OTHER)));
    two.now = NOON + DAY;
    expect(await rejection(bench.transact(() => storeDayKey(two)))).to.have.property('code', 'KEY_WRONG');
    expect(bench.rows('SELECT 1 FROM data_key')).to.have.length(2);
  });
});
