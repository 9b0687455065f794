import { expect } from 'chai';
import fc from 'fast-check';
import { readNotification } from '../../nodes/6-hisp/notification-read.ts';
import { writeDsn, writeMdn } from '../../nodes/6-hisp/notification-write.ts';
import { addressOf, messageIdOf } from '../../nodes/6-hisp/notification-fields.ts';

const ID = 'm1.A@direct.clinic.example';
const LEE = 'dr.lee@direct.lakeside.example';
const FINAL = 'X-DIRECT-FINAL-DESTINATION-DELIVERY:';

interface Shape { headers?: string[]; type?: string; encoding?: 'base64' | 'quoted-printable'; eol?: string; returned?: string[]; reportType?: string }

/** A notification as some system might write it: `fields` are the lines of its machine-readable part. */
const notification = (fields: string[], shape: Shape = {}): Buffer => {
  const { headers = [], type = 'message/disposition-notification', encoding, eol = '\r\n', returned, reportType } = shape;
  const plain = fields.join(eol);
  const body = encoding === 'base64' ? Buffer.from(plain).toString('base64').replace(/.{40}/g, `$&${eol}`)
    : encoding === 'quoted-printable' ? plain.replace(/=/g, '=3D').replace(/ /g, '=20') : plain;
  return Buffer.from([
    `From: ${LEE}`, 'To: results@direct.clinic.example', 'Message-ID: <n1@direct.lakeside.example>', ...headers,
    `Content-Type: multipart/report; report-type=${reportType ?? 'disposition-notification'}; boundary=xyz`, '',
    '--xyz', 'Content-Type: text/plain', '', 'read me', '',
    '--xyz', `Content-Type: ${type}`, ...(encoding === undefined ? [] : [`Content-Transfer-Encoding: ${encoding}`]), '', body, '',
    ...(returned === undefined ? [] : ['--xyz', 'Content-Type: text/rfc822-headers', '', ...returned, '']),
    '--xyz--', '',
  ].join(eol));
};

const mdn = (change: Record<string, string | null> = {}, extra: string[] = [], shape: Shape = {}): Buffer => {
  const fields: Record<string, string | null> = {
    'Reporting-UA': 'hisp.example; agent', 'Final-Recipient': `rfc822; ${LEE}`, 'Original-Message-ID': `<${ID}>`,
    Disposition: 'automatic-action/MDN-sent-automatically; processed', ...change,
  };
  return notification([...Object.entries(fields).flatMap(([name, value]) => value === null ? [] : [`${name}: ${value}`]), ...extra], shape);
};

const dsn = (groups: string[][], shape: Shape = {}): Buffer =>
  notification(groups.flatMap((group) => [...group, '']), { type: 'message/delivery-status', reportType: 'delivery-status', ...shape });

const only = (raw: Buffer): ReturnType<typeof readNotification>[number] => {
  const notices = readNotification(raw);
  expect(notices).to.have.length(1);
  return notices[0]!;
};

describe('reading an MDN', () => {
  it('finds the mail, the recipient and the event', () => {
    expect(only(mdn())).to.deep.equal({
      kind: 'mdn', originalMessageId: ID, recipient: LEE, event: 'processed', detail: 'automatic-action/MDN-sent-automatically; processed',
    });
  });

  for (const written of [`<${ID}>`, ID, ` <${ID}> `, `<<${ID}>>`, `< ${ID} >`, `<${ID}> (the mail)`, `\r\n <${ID}>`, `${ID}  `]) {
    it(`knows the Message-ID written as ${JSON.stringify(written)}`, () => {
      expect(only(mdn({ 'Original-Message-ID': written })).originalMessageId).to.equal(ID);
    });
  }

  it('keeps the case of a Message-ID, because its left part is case-sensitive', () => {
    expect(only(mdn({ 'Original-Message-ID': '<AbC@X.example>' })).originalMessageId).to.equal('AbC@X.example');
  });

  const upper = 'Dr.Lee@DIRECT.Lakeside.example';
  for (const written of [
    `rfc822;${LEE}`, `RFC822 ; ${upper}`, `rfc822; <${LEE}>`, `rfc822; "Lee, Dr." <${upper}>`, LEE, `<${LEE}>`, `rfc822; ${LEE} (Dr. Lee)`,
    `utf-8; ${LEE}`, `rfc822; mailto:${LEE}`, `rfc822; Dr. Lee <${LEE}>`, `rfc822;\r\n ${LEE}`,
  ]) {
    it(`knows the recipient written as ${JSON.stringify(written)}`, () => {
      expect(only(mdn({ 'Final-Recipient': written })).recipient).to.equal(LEE);
    });
  }

  it('falls back from Final-Recipient to Original-Recipient and to From', () => {
    const forwarded = mdn({ 'Final-Recipient': null, 'Original-Recipient': 'rfc822; other@direct.lakeside.example' });
    expect(only(forwarded).recipient).to.equal('other@direct.lakeside.example');
    expect(only(mdn({ 'Final-Recipient': null })).recipient).to.equal(LEE);
  });

  it('falls back from Original-Message-ID to In-Reply-To, the last of References, X-Original-Message-ID and the returned headers', () => {
    const without = (shape: Shape): string => only(mdn({ 'Original-Message-ID': null }, [], shape)).originalMessageId;
    expect(without({ headers: [`In-Reply-To: <${ID}>`, 'References: <other@x.example>'] })).to.equal(ID);
    expect(without({ headers: [`References: <first@x.example>\r\n <${ID}>`] })).to.equal(ID);
    expect(without({ headers: [`References: first@x.example ${ID}`] })).to.equal(ID);
    expect(without({ headers: [`X-Original-Message-ID: ${ID}`] })).to.equal(ID);
    expect(without({ returned: ['From: a@b.example', `Message-ID: <${ID}>`] })).to.equal(ID);
    expect(without({})).to.equal('');
  });

  for (const [disposition, extra, event] of [
    ['automatic-action/MDN-sent-automatically; processed', [], 'processed'],
    ['automatic-action/MDN-sent-automatically;PROCESSED', [], 'processed'],
    ['manual-action/MDN-sent-manually; processed/warning', [], 'processed'],
    ['automatic-action/MDN-sent-automatically; dispatched', [FINAL], 'dispatched'],
    ['automatic-action/MDN-sent-automatically; dispatched', ['x-direct-final-destination-delivery: true'], 'dispatched'],
    ['automatic-action/MDN-sent-automatically; dispatched', [], 'other'],
    ['automatic-action/MDN-sent-automatically; dispatched', ['X-DIRECT-OTHER: optional,garbage'], 'other'],
    ['automatic-action/MDN-sent-automatically; failed', [], 'failed'],
    ['automatic-action/MDN-sent-automatically; Failed', ['Failure: no such user'], 'failed'],
    ['automatic-action/MDN-sent-automatically; denied', [], 'failed'],
    ['automatic-action/MDN-sent-automatically; processed/error', [], 'failed'],
    ['automatic-action/MDN-sent-automatically; processed/Error,warning', [], 'failed'],
    ['automatic-action/MDN-sent-automatically; dispatched/failure', [FINAL], 'failed'],
    ['manual-action/MDN-sent-manually; displayed', [], 'other'],
    ['manual-action/MDN-sent-manually; deleted', [], 'other'],
    ['', [], 'other'],
  ] as const) {
    it(`takes "${disposition}"${extra.length > 0 ? ` with ${extra.join()}` : ''} as ${event}`, () => {
      expect(only(mdn({ Disposition: disposition }, [...extra])).event).to.equal(event);
    });
  }

  it('reads a part that is encoded, starts with blank lines, has LF line ends, NUL bytes or a global type', () => {
    const expected = only(mdn());
    for (const shape of [{ encoding: 'base64' }, { encoding: 'quoted-printable' }, { eol: '\n' }, { type: 'message/global-disposition-notification' },
      { type: 'Message/Disposition-Notification; charset=utf-8' }] as Shape[]) {
      expect(only(mdn({}, [], shape)), JSON.stringify(shape)).to.deep.equal(expected);
    }
    const fields = ['', '', `Final-Recipient: rfc822; ${LEE}`, `Original-Message-ID: <${ID}>\0`, '',
      'Disposition: automatic-action/MDN-sent-automatically; processed'];
    expect(only(notification(fields))).to.deep.equal(expected);
  });

  it('reads a report that stands inside another multipart', () => {
    const inner = mdn().toString('latin1').split('\r\n').slice(3).join('\r\n');
    const outer = Buffer.from(`From: ${LEE}\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n${inner}\r\n--out\r\n\r\nfooter\r\n--out--\r\n`);
    expect(only(outer)).to.deep.include({ originalMessageId: ID, recipient: LEE, event: 'processed' });
  });

  it('finds nothing in ordinary mail, in an empty notification and in text that looks like one', () => {
    expect(readNotification(Buffer.from('Subject: hello\r\n\r\nDisposition: x; processed\r\n'))).to.deep.equal([]);
    expect(readNotification(notification([]))).to.deep.equal([]);
    expect(readNotification(notification(['no fields here']))).to.deep.equal([]);
    expect(readNotification(Buffer.alloc(0))).to.deep.equal([]);
  });
});

describe('reading a DSN', () => {
  const [ANN, BOB] = ['ann@direct.lakeside.example', 'bob@direct.lakeside.example'];
  const about = ['Reporting-MTA: dns; hisp.example', `X-Original-Message-ID: <${ID}>`];

  it('applies each group to its own recipient only', () => {
    const notices = readNotification(dsn([about,
      [`Final-Recipient: rfc822; ${ANN}`, 'Action: failed', 'Status: 5.1.1', 'Diagnostic-Code: smtp; 550 5.1.1 unknown'],
      [`Final-Recipient: rfc822; ${BOB}`, 'Action: delivered', 'Status: 2.0.0']]));
    expect(notices).to.deep.equal([
      { kind: 'dsn', originalMessageId: ID, recipient: ANN, event: 'failed', detail: 'failed 5.1.1 smtp; 550 5.1.1 unknown' },
      { kind: 'dsn', originalMessageId: ID, recipient: BOB, event: 'other', detail: 'delivered 2.0.0' },
    ]);
  });

  for (const [action, status, event] of [
    ['failed', '5.0.0', 'failed'], ['Failed', '5.1.1', 'failed'], ['failed (bad mailbox)', '5.1.1', 'failed'], ['delayed', '4.4.1', 'other'],
    ['relayed', '2.0.0', 'other'], ['expanded', '2.0.0', 'other'], ['delivered', '2.0.0', 'other'], ['delayed', '5.0.0', 'other'],
  ] as const) {
    it(`takes action ${action} ${status} as ${event}`, () => {
      expect(only(dsn([about, [`Final-Recipient: rfc822; ${ANN}`, `Action: ${action}`, `Status: ${status}`]])).event).to.equal(event);
    });
  }

  it('finds the mail in In-Reply-To and in the returned message when the status does not name it', () => {
    const group = [`Final-Recipient: rfc822;${ANN}`, 'Action: failed', 'Status: 5.1.1'];
    expect(only(dsn([['Reporting-MTA: dns; x'], group], { headers: [`In-Reply-To: <${ID}>`] })).originalMessageId).to.equal(ID);
    expect(only(dsn([['Reporting-MTA: dns; x'], group], { returned: [`Message-Id: <${ID}>`, 'Subject: x'] })).originalMessageId).to.equal(ID);
  });

  it('reads one that runs both groups together, has blank lines in front, or is of the global type', () => {
    const group = [`Final-Recipient: rfc822; ${ANN}`, 'Action: failed', 'Status: 5.1.1'];
    for (const raw of [dsn([[...about, ...group]]), dsn([[''], about, [''], group]), dsn([about, group], { type: 'message/global-delivery-status' }),
      dsn([about, group], { encoding: 'base64' }), dsn([about, group], { eol: '\n' })]) {
      expect(only(raw)).to.deep.include({ originalMessageId: ID, recipient: ANN, event: 'failed' });
    }
  });

  it('uses Original-Recipient, or the one failed recipient of the header, when Final-Recipient is missing', () => {
    expect(only(dsn([about, [`Original-Recipient: rfc822; ${ANN}`, 'Action: failed', 'Status: 5.1.1']])).recipient).to.equal(ANN);
    expect(only(dsn([about, ['Action: failed', 'Status: 5.1.1']], { headers: [`X-Failed-Recipients: ${ANN}`] })).recipient).to.equal(ANN);
  });
});

describe('writing notifications', () => {
  const common = {
    from: LEE, to: 'results@direct.clinic.example', messageId: '<n2@direct.lakeside.example>', originalMessageId: `<${ID}>`, finalRecipient: LEE,
    date: new Date('2026-01-06T14:15:00Z'), reporter: 'direct.lakeside.example',
  };

  it('what is written is read back', () => {
    expect(only(writeMdn({ ...common, disposition: 'processed' }))).to.deep.include({ originalMessageId: ID, recipient: LEE, event: 'processed' });
    expect(only(writeMdn({ ...common, disposition: 'dispatched', finalDelivery: true })).event).to.equal('dispatched');
    expect(only(writeMdn({ ...common, disposition: 'dispatched' })).event).to.equal('other');
    expect(only(writeMdn({ ...common, disposition: 'failed', failure: 'gone' })).event).to.equal('failed');
    expect(only(writeDsn({ ...common, action: 'failed', status: '5.1.1' }))).to.deep.include({ kind: 'dsn', recipient: LEE, event: 'failed' });
    expect(only(writeDsn({ ...common, action: 'delayed', status: '4.4.1' })).event).to.equal('other');
  });

  it('has a Date and asks for no notification itself', () => {
    const text = writeMdn({ ...common, disposition: 'processed' }).toString();
    expect(text).to.include('Date: Tue, 06 Jan 2026 14:15:00 +0000\r\n').and.to.not.match(/disposition-notification-to/i);
    expect(text.replaceAll('\r\n', '')).to.not.match(/[\r\n]/);
  });

  it('refuses a value with a line break', () => {
    const broken = (): Buffer => writeMdn({ ...common, finalRecipient: 'a@b.example\r\nBcc: c@d.example', disposition: 'processed' });
    expect(broken).to.throw().with.property('code', 'FIELD_INVALID');
  });
});

describe('notifications from anywhere', () => {
  const samples = [
    mdn(), mdn({ Disposition: 'x; dispatched' }, [FINAL], { encoding: 'base64' }),
    dsn([['Reporting-MTA: dns; x'], [`Final-Recipient: rfc822; ${LEE}`, 'Action: failed']]),
  ];

  it('never throw, whatever is cut, doubled or overwritten in them', () => {
    const mutation = fc.record({ sample: fc.constantFrom(...samples), at: fc.nat(), length: fc.nat(60), put: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(fc.property(fc.array(mutation, { minLength: 1, maxLength: 5 }), (mutations) => {
      const mutated = mutations.reduce((raw, { at, length, put }) => {
        const from = at % (raw.length + 1);
        return Buffer.concat([raw.subarray(0, from), put, raw.subarray(from + length)]);
      }, mutations[0]!.sample);
      for (const notice of readNotification(mutated)) {
        expect(notice.event).to.be.oneOf(['processed', 'dispatched', 'failed', 'other']);
        expect(notice.detail.length).to.be.at.most(200);
        expect(notice.recipient).to.equal(notice.recipient.toLowerCase());
      }
    }), { numRuns: 2000 });
  });

  it('never throw on bytes without any form', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => { readNotification(Buffer.from(bytes)); }));
  });

  it('normalising twice is normalising once', () => {
    fc.assert(fc.property(fc.string({ maxLength: 60, unit: 'binary-ascii' }), (text) => {
      expect(messageIdOf(messageIdOf(text))).to.equal(messageIdOf(text));
    }));
    fc.assert(fc.property(fc.emailAddress(), (address) => {
      if (/[;'"]/.test(address)) return;
      expect(addressOf(`rfc822; "X" <${address}>`)).to.equal(address.toLowerCase());
    }));
  });

  it('a hostile one costs little time', () => {
    const started = Date.now();
    for (const value of ['<'.repeat(100_000), ' '.repeat(100_000), '('.repeat(100_000), `${'a@'.repeat(50_000)}`, `<${' '.repeat(100_000)}`]) {
      readNotification(mdn({ 'Final-Recipient': value, 'Original-Message-ID': value, Disposition: value }, [], { headers: [`References: ${value}`] }));
    }
    expect(Date.now() - started).to.be.below(1500);
  });
});
