import { expect } from 'chai';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { CourierError } from '../../nodes/errors.ts';
import { createVault, type DataKeyRow, INDEX, type Vault } from '../../nodes/journal/vault.ts';

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 10, 22, 12);

const keyOf = (name: string): Uint8Array => createHash('sha256').update(name).digest();
const KEY = keyOf('a journal');

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (error) {
    return error instanceof CourierError ? error.code : `not coded: ${String(error)}`;
  }
  return undefined;
};

/** A new journal's vault, and what it stored. */
const fresh = (key = KEY): { vault: Vault; rows: DataKeyRow[] } => {
  const vault = createVault({ key });
  const rows = vault.firstKeys(NOON);
  vault.learn(rows);
  return { vault, rows };
};

/** The same journal, opened again. */
const reopened = (rows: readonly DataKeyRow[], key = KEY): Vault => {
  const vault = createVault({ key });
  vault.learn(rows);
  return vault;
};

const flipped = (bytes: Uint8Array, at: number, bit: number): Uint8Array => {
  const changed = new Uint8Array(bytes);
  changed[at]! ^= 1 << bit;
  return changed;
};

const bytes = (text: string): Buffer => Buffer.from(text);

describe('what the vault seals', () => {
  it('opens to the same bytes under the same context, here and after a restart', () => {
    const { vault, rows } = fresh();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), fc.string(), (plain, context) => {
      const sealed = vault.seal(plain, context);
      expect(Buffer.from(vault.open(sealed, context)).equals(plain)).to.equal(true);
      expect(Buffer.from(reopened(rows).open(sealed, context)).equals(plain)).to.equal(true);
    }));
  });

  it('opens when it is a window on a larger buffer, as databases hand it out', () => {
    const { vault } = fresh();
    const sealed = vault.seal(bytes('content'), 'content');
    const larger = new Uint8Array(sealed.byteLength + 20).fill(7);
    larger.set(sealed, 9);
    expect(Buffer.from(vault.open(larger.subarray(9, 9 + sealed.byteLength), 'content')).toString()).to.equal('content');
  });

  it('is refused with any single bit changed, wherever it stands', () => {
    const { vault } = fresh();
    const sealed = vault.seal(bytes('Anna Muster, 1.1.1950'), 'order');
    for (let at = 0; at < sealed.byteLength; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) expect(codeOf(() => vault.open(flipped(sealed, at, bit), 'order')), `byte ${at}, bit ${bit}`).to.equal('CONTENT_DAMAGED');
    }
  });

  it('is refused when it is cut or longer', () => {
    const { vault } = fresh();
    const sealed = vault.seal(bytes('content'), 'content');
    for (let length = 0; length < sealed.byteLength; length += 1) expect(codeOf(() => vault.open(sealed.subarray(0, length), 'content')), `${length}`).to.equal('CONTENT_DAMAGED');
    expect(codeOf(() => vault.open(Buffer.concat([sealed, bytes('x')]), 'content'))).to.equal('CONTENT_DAMAGED');
  });

  it('is refused in another place than it was sealed for', () => {
    const { vault } = fresh();
    fc.assert(fc.property(fc.string(), fc.string(), (context, other) => {
      fc.pre(context !== other);
      expect(codeOf(() => vault.open(vault.seal(bytes('content'), context), other))).to.equal('CONTENT_DAMAGED');
    }));
  });

  it('never looks the same twice, and shows nothing of the content', () => {
    const { vault } = fresh();
    const sealed = Array.from({ length: 50 }, () => Buffer.from(vault.seal(bytes('the same content'), 'content')));
    expect(new Set(sealed.map((value) => value.toString('hex'))).size).to.equal(50);
    // Version and key id are the same, the IV is not.
    expect(new Set(sealed.map((value) => value.toString('hex', 9, 21))).size).to.equal(50);
    expect(sealed.some((value) => value.includes('same'))).to.equal(false);
  });

  it('takes 37 bytes more than the content', () => {
    const { vault } = fresh();
    for (const size of [0, 1, 65_535, 65_536, 65_537]) expect(vault.seal(Buffer.alloc(size), 'content').byteLength).to.equal(size + 37);
  });

  it('may be 30 MB, and comes back in a buffer of its own that can be moved to another thread', () => {
    const { vault } = fresh();
    const plain = Buffer.alloc(30_000_001);
    for (let at = 0; at < plain.byteLength; at += 4096) plain.writeUInt32LE(at, at);
    const opened = vault.open(vault.seal(plain, 'content'), 'content');
    expect(Buffer.compare(plain, opened)).to.equal(0);
    expect(opened.buffer.byteLength).to.equal(opened.byteLength);
    expect(vault.open(vault.seal(bytes('small'), 'content'), 'content').buffer.byteLength).to.equal(5);
  });

  it('needs a data key, and says so to whoever wrote the program', () => {
    const vault = createVault({ key: KEY });
    expect(() => vault.seal(bytes('x'), 'content')).to.throw(/no data key/);
    expect(() => vault.mark('patient', 'x')).to.throw(/index key/);
    expect(vault.knows(bytes('x'))).to.equal(false);
  });
});

describe('marks', () => {
  it('are equal for equal values, after a restart too, and 32 bytes long', () => {
    const { vault, rows } = fresh();
    const mark = vault.mark('patient', 'mrn-1');
    expect(Buffer.from(reopened(rows).mark('patient', bytes('mrn-1'))).equals(mark)).to.equal(true);
    expect(mark.byteLength).to.equal(32);
  });

  it('differ by purpose, value and journal, and cannot be shifted from one into the other', () => {
    const { vault } = fresh();
    const marks = [vault.mark('patient', 'mrn-1'), vault.mark('address', 'mrn-1'), vault.mark('patient', 'mrn-2'), vault.mark('patientm', 'rn-1'),
      fresh().vault.mark('patient', 'mrn-1')];
    expect(new Set(marks.map((mark) => Buffer.from(mark).toString('hex'))).size).to.equal(marks.length);
  });

  it('stay what they were when the journal gets another key', () => {
    const { vault, rows } = fresh();
    const mark = vault.mark('patient', 'mrn-1');
    expect(Buffer.from(reopened(vault.rewrap(rows, keyOf('next')), keyOf('next')).mark('patient', 'mrn-1')).equals(mark)).to.equal(true);
  });
});

describe('the day\'s data key', () => {
  it('is asked for once a day, and seals from when it is stored', () => {
    const { vault, rows } = fresh();
    expect(vault.keyForDay(NOON)).to.equal(null);
    const before = vault.seal(bytes('a'), 'content');
    const row = vault.keyForDay(NOON + DAY)!;
    expect(row).to.include({ made_at: NOON + DAY }).and.have.property('id').that.matches(/^2026-11-23-[0-9a-f]{16}$/);
    expect(Buffer.from(vault.seal(bytes('b'), 'content')).subarray(1, 9).equals(before.subarray(1, 9)), 'not stored yet').to.equal(true);
    vault.learn([...rows, row]);
    expect(vault.keyForDay(NOON + DAY)).to.equal(null);
    expect(Buffer.from(vault.seal(bytes('c'), 'content')).subarray(1, 9).equals(before.subarray(1, 9))).to.equal(false);
  });

  it('is the same one until it is stored, however often it is asked for', () => {
    const { vault } = fresh();
    expect(vault.keyForDay(NOON + DAY)).to.equal(vault.keyForDay(NOON + DAY + 1));
    expect(vault.keyForDay(NOON + 2 * DAY)!.id).to.match(/^2026-11-24/);
  });

  it('of an earlier day serves again when the clock is set back', () => {
    const { vault } = fresh();
    const first = vault.seal(bytes('a'), 'content');
    vault.learn([vault.keyForDay(NOON + DAY)!]);
    expect(vault.keyForDay(NOON + DAY)).to.equal(null);
    expect(vault.keyForDay(NOON + 60_000)).to.equal(null);
    expect(Buffer.from(vault.seal(bytes('a'), 'content')).subarray(1, 9).equals(first.subarray(1, 9))).to.equal(true);
  });

  it('of another process is unknown until its row is learned, and then opens', () => {
    const { vault: one, rows } = fresh();
    const two = reopened(rows);
    const row = one.keyForDay(NOON + DAY)!;
    one.learn([row]);
    const sealed = one.seal(bytes('of the other'), 'content');
    expect(two.knows(sealed)).to.equal(false);
    expect(codeOf(() => two.open(sealed, 'content'))).to.equal('CONTENT_DAMAGED');
    two.learn([...rows, row]);
    expect(two.knows(sealed)).to.equal(true);
    expect(Buffer.from(two.open(sealed, 'content')).toString()).to.equal('of the other');
  });

  it('whatever fails to be stored, and whenever the process ends: all that was sealed can be opened from what was stored', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('clock' as const), hours: fc.integer({ min: -30, max: 60 }) }),
      fc.record({ kind: fc.constant('key' as const), stored: fc.boolean() }),
      fc.record({ kind: fc.constant('seal' as const), text: fc.string() }),
      fc.record({ kind: fc.constant('restart' as const) }),
      fc.record({ kind: fc.constant('rotate' as const), stored: fc.boolean(), name: fc.string() }),
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let { vault, rows } = fresh();
      let key = KEY;
      let now = NOON;
      const sealed: { text: string; value: Uint8Array }[] = [];
      for (const one of steps) {
        if (one.kind === 'clock') now += one.hours * 3_600_000;
        if (one.kind === 'restart') vault = reopened(rows, key);
        if (one.kind === 'seal') sealed.push({ text: one.text, value: vault.seal(bytes(one.text), 'content') });
        if (one.kind === 'key') {
          const row = vault.keyForDay(now);
          if (row !== null && one.stored) {
            rows = [...rows, row];
            vault.learn([row]);
          }
        }
        if (one.kind === 'rotate') {
          const wrapped = vault.rewrap(rows, keyOf(one.name));
          if (one.stored) {
            [rows, key] = [wrapped, keyOf(one.name)];
            vault.learn(rows);
          }
        }
      }
      const later = reopened(rows, key);
      for (const { text, value } of sealed) expect(Buffer.from(later.open(value, 'content')).toString()).to.equal(text);
    }));
  });
});

describe('the journal\'s key', () => {
  it('must be 32 bytes', () => {
    for (const size of [0, 16, 31, 33]) expect(codeOf(() => createVault({ key: Buffer.alloc(size) })), `${size}`).to.equal('KEY_INVALID');
  });

  it('of another journal opens nothing and says that it is the wrong one', () => {
    const { rows } = fresh();
    expect(codeOf(() => createVault({ key: keyOf('another') }).learn(rows))).to.equal('KEY_WRONG');
  });

  it('never stands in what is stored, nor do the data keys', () => {
    const made: Uint8Array[] = [];
    const random = (size: number): Uint8Array => {
      const value = keyOf(`random ${made.length}`).subarray(0, size);
      made.push(value);
      return value;
    };
    const rows = createVault({ key: KEY, random }).firstKeys(NOON);
    const stored = Buffer.concat(rows.flatMap(({ id, wrapped }) => [bytes(id), wrapped]));
    expect(stored.includes(Buffer.from(KEY))).to.equal(false);
    const secrets = made.filter(({ byteLength }) => byteLength === 32);
    expect(secrets).to.have.length(2);
    for (const secret of secrets) expect(stored.includes(Buffer.from(secret))).to.equal(false);
  });

  it('tells a broken row from a wrong key: any bit changed is refused', () => {
    const { rows } = fresh();
    for (const row of rows) {
      for (let at = 0; at < row.wrapped.byteLength; at += 1) {
        const code = codeOf(() => createVault({ key: KEY }).learn([{ ...row, wrapped: flipped(row.wrapped, at, at % 8) }]));
        // Bytes 1 to 8 name the key: with one of them changed, it is another key's row.
        expect(code, `${row.id}, byte ${at}`).to.equal(at >= 1 && at <= 8 ? 'KEY_WRONG' : 'CONTENT_DAMAGED');
      }
    }
  });

  it('refuses a data key under another one\'s id', () => {
    const { rows: [index, day] } = fresh();
    expect(codeOf(() => createVault({ key: KEY }).learn([{ ...index!, id: day!.id }]))).to.equal('CONTENT_DAMAGED');
    expect(codeOf(() => createVault({ key: KEY }).learn([{ ...day!, id: INDEX }]))).to.equal('CONTENT_DAMAGED');
  });
});

describe('another key for the journal', () => {
  const next = keyOf('next');

  it('opens what was sealed before, in the running process and after a restart; the old one opens nothing any more', () => {
    const { vault, rows } = fresh();
    const before = vault.seal(bytes('before'), 'content');
    const wrapped = vault.rewrap(rows, next);
    expect(wrapped.map(({ id, made_at }) => ({ id, made_at }))).to.deep.equal(rows.map(({ id, made_at }) => ({ id, made_at })));
    vault.learn(wrapped);
    const row = vault.keyForDay(NOON + DAY)!;
    vault.learn([row]);
    const after = vault.seal(bytes('after'), 'content');
    const later = reopened([...wrapped, row], next);
    expect(Buffer.from(later.open(before, 'content')).toString()).to.equal('before');
    expect(Buffer.from(later.open(after, 'content')).toString()).to.equal('after');
    expect(codeOf(() => reopened(wrapped, KEY))).to.equal('KEY_WRONG');
  });

  it('counts only once its rows are stored, and its fingerprint with it', () => {
    const { vault, rows } = fresh();
    const print = vault.fingerprint();
    const wrapped = vault.rewrap(rows, next);
    expect(vault.fingerprint()).to.equal(print);
    expect(codeOf(() => reopened([...rows, vault.keyForDay(NOON + DAY)!], KEY))).to.equal(undefined);
    vault.learn(wrapped);
    expect(vault.fingerprint()).to.equal(createVault({ key: next }).fingerprint()).and.not.equal(print);
  });

  it('a day\'s key that was made before but not stored is made anew under it', () => {
    const { vault, rows } = fresh();
    const early = vault.keyForDay(NOON + DAY)!;
    const wrapped = vault.rewrap(rows, next);
    vault.learn(wrapped);
    const late = vault.keyForDay(NOON + DAY)!;
    expect(late.id).to.not.equal(early.id);
    expect(codeOf(() => reopened([...wrapped, late], next))).to.equal(undefined);
  });

  it('is refused when it is not a key, or when the old one is wrong', () => {
    const { vault, rows } = fresh();
    expect(codeOf(() => vault.rewrap(rows, Buffer.alloc(16)))).to.equal('KEY_INVALID');
    expect(codeOf(() => createVault({ key: keyOf('another') }).rewrap(rows, next))).to.equal('KEY_WRONG');
  });

  it('that another process has brought in is noticed when the rows are learned again', () => {
    const { vault: one, rows } = fresh();
    const two = reopened(rows);
    const wrapped = one.rewrap(rows, next);
    expect(codeOf(() => two.learn(wrapped))).to.equal('KEY_WRONG');
  });
});
