import { expect } from 'chai';
import type { CourierMessage } from '../../nodes/0-order/message.ts';
import type { Organization } from '../../nodes/0-order/organization.ts';
import { type AccountForm, checkSender, readAccount } from '../../nodes/6-hisp/account.ts';
import { enveloped } from '../support/enveloped.ts';
import { createAccountBook } from '../../nodes/6-hisp/account-book.ts';
import { outputOf, receiptMessage, submitMail } from '../../nodes/6-hisp/submission.ts';
import type { DeliveryChange, QueuedMail } from '../../nodes/journal/port.ts';
import { CLINIC } from '../support/samples.ts';
import { account, authority, USER } from './servers.ts';

const noFile = (): string => { throw new Error('ENOENT'); };
const read = (form: AccountForm, readFile = noFile): ReturnType<typeof readAccount> =>
  readAccount({ host: 'hisp.example', ...form }, { user: USER, password: 'made-up' }, readFile);
const codeOf = (act: () => unknown): unknown => {
  try {
    act();
    return null;
  } catch (error) {
    const { code, path } = error as { code: string; path: string };
    return [code, path];
  }
};

describe('an account from its form', () => {
  it('has sensible values for everything but the host', () => {
    expect(read({})).to.deep.equal({
      name: 'hisp.example', host: 'hisp.example', port: 587, security: 'starttls', user: USER, password: 'made-up', anyFrom: false,
      sealing: 'courier', simulated: false, imap: { host: 'hisp.example', port: 993, security: 'implicit' },
      connections: 4, retryFirstMs: 60_000, retryMaxMs: 3_600_000, maxAttempts: 30, maxAgeMs: 72 * 3_600_000, answers: [], unknown: 'retry',
      probeFirstMs: 30_000, probeMaxMs: 600_000, deadlines: { routine: 3_600_000, urgent: 1_800_000, emergent: 900_000 },
    });
    expect(read({ security: 'implicit' }).port).to.equal(465);
  });

  it('takes numbers as text, because environment variables are text', () => {
    expect(read({ name: 'a', port: '2587', connections: '2', retryFirst: '0.5', retryMax: '10', maxAttempts: '3', deadline: '15', anyFrom: 'true' }))
      .to.deep.include({ name: 'a', port: 2587, connections: 2, retryFirstMs: 500, retryMaxMs: 10_000, maxAttempts: 3, anyFrom: true,
        deadlines: { routine: 15_000, urgent: 15_000, emergent: 15_000 } });
  });

  it('takes the patience and the table of answers that the form sets', () => {
    const answers = [{ pattern: ' 4.7.* ', answer: 'hold' }, { pattern: 'hisp_unknown', answer: 'sent' }];
    expect(read({ maxAge: '0.5', unknown: 'hold', probeFirst: '2', probeMax: '20', answers })).to.deep.include({
      maxAgeMs: 1_800_000, unknown: 'hold', probeFirstMs: 2000, probeMaxMs: 20_000,
      answers: [{ pattern: '4.7.*', answer: 'hold' }, { pattern: 'HISP_UNKNOWN', answer: 'sent' }],
    });
    expect(read({ retryFirst: '0.3', retryMax: '2' }), 'a flow from before there were probes').to.deep.include({ probeFirstMs: 300, probeMaxMs: 2000 });
    for (const empty of ['', undefined]) expect(read({ maxAge: empty!, unknown: empty!, answers: empty }).unknown).to.equal('retry');
  });

  it('says who seals, and where its mailbox is', () => {
    expect(read({ sealing: 'hisp', imapHost: ' imap.example ', imapPort: '1143', imapSecurity: 'starttls' }))
      .to.deep.include({ sealing: 'hisp', imap: { host: 'imap.example', port: 1143, security: 'starttls' } });
    expect(read({ imapSecurity: 'starttls' }).imap).to.deep.equal({ host: 'hisp.example', port: 143, security: 'starttls' });
    for (const empty of ['', undefined]) expect(read({ sealing: empty!, imapPort: empty! }), 'an account from before').to.deep.include({ sealing: 'courier' });
    expect(codeOf(() => read({ sealing: 'none' }))).to.deep.equal(['FIELD_INVALID', 'sealing']);
    expect(codeOf(() => read({ imapPort: 'imaps' }))).to.deep.equal(['FIELD_INVALID', 'imapPort']);
  });

  it('has deadlines per class: what is left empty is the standard, and never later than the class below', () => {
    const deadlines = (form: AccountForm): number[] => Object.values(read(form).deadlines).map((ms) => ms / 1000);
    expect(deadlines({ deadline: '7200' })).to.deep.equal([7200, 1800, 900]);
    expect(deadlines({ deadline: '1200', deadlineUrgent: '', deadlineEmergent: '' })).to.deep.equal([1200, 1200, 900]);
    expect(deadlines({ deadlineUrgent: '300' })).to.deep.equal([3600, 300, 300]);
    expect(deadlines({ deadlineUrgent: 5400, deadlineEmergent: '7200' }), 'what is said counts').to.deep.equal([3600, 5400, 7200]);
    expect(codeOf(() => read({ deadlineUrgent: 'soon' }))).to.deep.equal(['FIELD_INVALID', 'deadlineUrgent']);
    expect(codeOf(() => read({ deadlineEmergent: '0' }))).to.deep.equal(['FIELD_INVALID', 'deadlineEmergent']);
  });

  it('takes authorities as PEM text or from a file', () => {
    expect(read({ authorities: authority.pem }).authorities).to.equal(authority.pem.trim());
    expect(read({ authorities: 'ca.pem' }, () => authority.pem).authorities).to.equal(authority.pem);
  });

  it('names the field that cannot be used', () => {
    expect(codeOf(() => read({ host: ' ' }))).to.deep.equal(['FIELD_MISSING', 'host']);
    expect(codeOf(() => read({ port: 'smtp' }))).to.deep.equal(['FIELD_INVALID', 'port']);
    expect(codeOf(() => read({ connections: 0 }))).to.deep.equal(['FIELD_INVALID', 'connections']);
    expect(codeOf(() => read({ maxAge: 0 }))).to.deep.equal(['FIELD_INVALID', 'maxAge']);
    expect(codeOf(() => read({ probeFirst: 'soon' }))).to.deep.equal(['FIELD_INVALID', 'probeFirst']);
    expect(codeOf(() => read({ unknown: 'sent' }))).to.deep.equal(['FIELD_INVALID', 'unknown']);
    expect(codeOf(() => read({ answers: [{ pattern: '250', answer: 'hold' }] }))).to.deep.equal(['ANSWER_ROW_INVALID', 'answers[0].pattern']);
    expect(codeOf(() => read({ authorities: 'missing.pem' }))).to.deep.equal(['TRUST_INVALID', 'authorities']);
    expect(codeOf(() => read({ authorities: 'x' }, () => 'no certificate'))).to.deep.equal(['TRUST_INVALID', 'authorities']);
  });
});

describe('who may send over an account', () => {
  it('a log-in that is an address sends for itself only, whatever the case', () => {
    expect(codeOf(() => { checkSender(account(), 'Results@DIRECT.clinic.example'); })).to.equal(null);
    expect(codeOf(() => { checkSender(account(), 'other@direct.clinic.example'); })).to.deep.equal(['SENDER_MISMATCH', 'msg.mail.from']);
  });

  it('a log-in that is no address, or may relay, sends for anybody', () => {
    expect(codeOf(() => { checkSender(account({ user: 'courier' }), 'other@x.example'); })).to.equal(null);
    expect(codeOf(() => { checkSender(account({ anyFrom: true }), 'other@x.example'); })).to.equal(null);
  });
});

describe('submitting a mail', () => {
  const mail = {
    deliveryId: 'd1', from: USER, to: 'a@b.example', messageId: '<d1@direct.clinic.example>', finalDelivery: true, raw: enveloped(),
    evidence: { signer: 'A', recipientCertificates: ['B'], anchor: 'C' }, warnings: [],
  };
  const direct = { id: 'm1', orderLocalId: 'O1', organization: CLINIC, site: 'S1', priority: 'routine' } as const;
  const organization: Organization = { clientGuid: CLINIC, name: 'Clinic', account: 'theirs', sites: { S1: { account: 'of the site' } } };
  const submit = async (msg: CourierMessage, deployed: string[] = [], chosen = true): Promise<QueuedMail[]> => {
    const queue: QueuedMail[] = [];
    const book = createAccountBook();
    for (const name of deployed) book.deploy(account({ name }));
    const journal = { enqueue: async (queuedMail: QueuedMail) => { queue.push(queuedMail); return null; } };
    await submitMail(msg, { journal, book, chosen: chosen ? account({ name: 'chosen' }) : undefined, node: 'n1' });
    return queue;
  };
  const refusalOf = async (work: Promise<unknown>): Promise<unknown> =>
    await work.then(() => null, ({ code, path }: { code: string; path?: string }) => [code, path]);

  it('queues it under the node\'s account, the organization\'s, or the site\'s: the nearest counts', async () => {
    expect((await submit({ mail, direct }))[0]).to.deep.include({ deliveryId: 'd1', account: 'chosen', node: 'n1', deadlineMs: 60_000, to: 'a@b.example' });
    expect((await submit({ mail, direct, organization }, ['theirs', 'of the site']))[0]!.account).to.equal('of the site');
    expect((await submit({ mail, direct: { ...direct, site: 'S2' }, organization }, ['theirs']))[0]!.account).to.equal('theirs');
  });

  it('queues it with the deadline of its class: the organization\'s or the site\'s before the account\'s, the recipient\'s own before all', async () => {
    const deadlines = { emergent: 4, routine: 45 };
    const bySite: Organization = { clientGuid: CLINIC, name: 'Clinic', deadlines, sites: { S1: { deadlines: { emergent: 2.5 } } } };
    const deadlineMs = async (priority: 'emergent' | 'urgent' | 'routine', change: Partial<CourierMessage> = {}): Promise<number> =>
      (await submit({ mail, direct: { ...direct, priority }, organization: bySite, ...change }))[0]!.deadlineMs;
    expect(await deadlineMs('emergent')).to.equal(150_000);
    expect(await deadlineMs('routine')).to.equal(2_700_000);
    expect(await deadlineMs('urgent'), 'the account\'s').to.equal(60_000);
    expect(await deadlineMs('emergent', { mail: { ...mail, deadlineMinutes: 0.01 } })).to.equal(600);
    const { direct: _, ...handBuilt } = { mail, direct, organization: bySite };
    expect((await submit(handBuilt))[0]!.deadlineMs, 'without an identity').to.equal(2_700_000);
  });

  it('queues nothing when the account is missing, the sender does not agree, or the message is incomplete', async () => {
    expect(await refusalOf(submit({ mail, direct }, [], false))).to.deep.equal(['ACCOUNT_MISSING', undefined]);
    expect(await refusalOf(submit({ mail, direct, organization }, ['theirs']))).to.deep.equal(['ACCOUNT_MISSING', undefined]);
    expect(await refusalOf(submit({ mail: { ...mail, from: 'other@x.example' }, direct }))).to.deep.equal(['SENDER_MISMATCH', 'msg.mail.from']);
    expect(await refusalOf(submit({ direct }))).to.deep.equal(['MESSAGE_INCOMPLETE', 'msg.mail']);
    const { deliveryId: _, ...handBuilt } = mail;
    expect(await refusalOf(submit({ mail: handBuilt, direct }))).to.deep.equal(['MESSAGE_INCOMPLETE', 'msg.mail.deliveryId']);
  });

  const change: DeliveryChange = {
    deliveryId: 'd1', messageId: 'm1', node: 'n1', state: 'SENT', code: null, at: Date.UTC(2026, 0, 6), recipient: 'a@b.example', orderLocalId: 'O1',
    organization: CLINIC, site: 'S1', mailMessageId: 'd1@direct.clinic.example', priority: 'urgent', resendOf: null,
    chargeable: true,
  };

  it('tells of each change by one output: acceptance, or everything else', () => {
    expect(outputOf(change)).to.equal(0);
    expect(outputOf({ ...change, state: 'FAILED' }), 'acceptance proved by a failure notice').to.equal(0);
    for (const state of ['QUEUED', 'SENDING', 'PROCESSED', 'DELIVERED', 'SUPPRESSED', 'HELD', 'FAILED', 'DEAD', 'UNCONFIRMED'] as const) {
      expect(outputOf({ ...change, state, chargeable: false })).to.equal(2);
    }
  });

  it('tells it in ids and codes', () => {
    expect(receiptMessage(change, 'j1')).to.deep.equal({
      direct: { id: 'm1', journal: 'j1', orderLocalId: 'O1', organization: CLINIC, site: 'S1', priority: 'urgent' },
      receipt: {
        deliveryId: 'd1', state: 'SENT', code: null, at: '2026-01-06T00:00:00.000Z', recipient: 'a@b.example', messageId: '<d1@direct.clinic.example>',
      },
    });
  });
});
