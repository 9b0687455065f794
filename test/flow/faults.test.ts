import { expect } from 'chai';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { removeTemporaryFolders } from '../support/demo.ts';
import { setOn, startTestLab, type TestLab } from '../support/lab.ts';
import { makeAuthority, makeCertificate } from '../support/pki.ts';
import { CLINIC, inputPair, OTHER_CLINIC } from '../support/samples.ts';
import type { FlowNode } from '../../nodes/cli/engine.ts';

const ADDRESS = 'dr.lee@good.lakeside.sim.example';

const handIn = async (lab: TestLab, n: number, setup = {}): Promise<void> => {
  for (const [name, body] of Object.entries(inputPair(n, { address: ADDRESS, ...setup }))) {
    expect((await lab.post(name, body)).status).to.equal(202);
  }
};

/** A door that leads to another port, to be opened when a test wants the HISP to be there. */
const forwardTo = (port: number): Server => createServer((socket) => {
  const onward = connect(port, '127.0.0.1');
  socket.on('error', () => onward.destroy());
  onward.on('error', () => socket.destroy());
  socket.pipe(onward).pipe(socket);
});

const credentialsOf = (flows: FlowNode[], type: string, credentials: Record<string, string>): FlowNode[] => setOn(flows, type, { credentials });

describe('faults, through the running flow', function () {
  this.timeout(60_000);
  let lab: TestLab | undefined;
  const using = async (...parameters: Parameters<typeof startTestLab>): Promise<TestLab> => { lab = await startTestLab(...parameters); return lab; };
  afterEach(async () => { await lab?.stop(); lab = undefined; });
  after(removeTemporaryFolders);

  const alive = async (): Promise<void> => { expect((await lab!.post('again.json', '{')).status).to.equal(422); };

  const queuedWith = async (code: string): Promise<void> => {
    const delivery = await lab!.until(`an attempt that ends as ${code}`, async (journal) =>
      (await journal.deliveries()).find(({ attempts }) => attempts.some((attempt) => attempt.code === code)));
    expect(delivery.state).to.be.oneOf(['QUEUED', 'SENDING']);
    expect(delivery.fee).to.equal(null);
    expect(await lab!.journal.mail(delivery.id)).to.not.equal(null);
    await alive();
  };

  it('HISP down: the delivery waits with HISP_UNREACHABLE and arrives when the HISP is back', async () => {
    const probe: Server = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    const running = await using((flows) => setOn(flows, 'direct-hisp-account', { port: String(port), retryFirst: '1' }));
    await handIn(running, 1);
    await queuedWith('HISP_UNREACHABLE');
    const forward = forwardTo(running.network.smtpPort).listen(port, '127.0.0.1');
    try {
      await running.until('the delivery to arrive', async (journal) => (await journal.deliveries()).find(({ state }) => state === 'DELIVERED'));
    } finally {
      forward.close();
    }
  });

  it('wrong password: the delivery waits with HISP_LOGIN', async () => {
    await using((flows) => credentialsOf(flows, 'direct-hisp-account', { user: 'courier', password: 'wrong' }));
    await handIn(lab!, 1);
    await queuedWith('HISP_LOGIN');
  });

  it('a TLS certificate of a stranger: nothing is handed over, the delivery waits with HISP_TLS', async () => {
    await using((flows) => setOn(flows, 'direct-hisp-account', { authorities: makeAuthority('Stranger').pem }));
    await handIn(lab!, 1);
    await queuedWith('HISP_TLS');
    expect(lab!.network.count()).to.equal(0);
  });

  const errorWith = async (code: string): Promise<void> => {
    const message = await lab!.until(`a message that ends as ${code}`, async (journal) => (await journal.messages()).find(({ state }) => state === 'ERROR'));
    expect(message.code).to.equal(code);
    expect((await lab!.delivery('ORD1')).state).to.equal('HELD');
    expect(lab!.network.count()).to.equal(0);
    await alive();
  };

  it('an expired sender certificate: nothing leaves, SENDER_CERT_EXPIRED', async () => {
    const authority = makeAuthority('Any');
    const old = makeCertificate({ authority, dns: 'direct.courier.example', notBefore: new Date('2024-01-01'), notAfter: new Date('2025-01-01') });
    await using((flows) => credentialsOf(flows, 'direct-identity', { certificate: old.pem, key: old.keyPem }));
    await handIn(lab!, 1);
    await errorWith('SENDER_CERT_EXPIRED');
  });

  it('a sender address that the certificate is not bound to: nothing leaves, SENDER_MISMATCH', async () => {
    await using((flows) => flows.map((node) => node.type !== 'direct-organizations' ? node : {
      ...node, organizations: (node['organizations'] as object[]).map((organization) => ({ ...organization, sender: 'results@direct.other.example' })),
    }));
    await handIn(lab!, 1);
    await errorWith('SENDER_MISMATCH');
  });

  it('a directory that cannot be read: the NPI is unresolved as DIRECTORY_UNAVAILABLE, the address beside it is served', async () => {
    await using((flows) => setOn(flows, 'direct-directory', { file: 'no-such-directory.csv', rows: [] }));
    await handIn(lab!, 1);
    await handIn(lab!, 2, { address: null, npi: '2990000012' });
    const unresolved = await lab!.until('the NPI to be unresolved', async (journal) => (await journal.deliveries()).find(({ state }) => state === 'UNRESOLVED'));
    expect(unresolved).to.include({ orderLocalId: 'ORD2', code: 'DIRECTORY_UNAVAILABLE' });
    await lab!.until('the other to arrive', async (journal) => (await journal.deliveries()).find(({ orderLocalId, state }) => orderLocalId === 'ORD1' && state === 'DELIVERED'));
  });

  it('one bad recipient never stops the others of the same result', async () => {
    const row = (address: string) => ({ level: 'organization', organization: CLINIC, site: '', address, finalDelivery: true, enabled: true });
    const bad = ['untrusted', 'expired', 'nocert', 'refuse', 'bounce'].map((label) => `x@${label}.lakeside.sim.example`);
    await using((flows) => setOn(flows, 'direct-route-table', { rows: [...bad, 'fine@good.clinic.sim.example'].map(row) }));
    await handIn(lab!, 1);
    const deliveries = await lab!.until('all seven to end', async (journal) => {
      const all = await journal.deliveries();
      return all.length === 7 && all.every(({ state }) => ['DELIVERED', 'FAILED', 'UNRESOLVED'].includes(state)) && all;
    });
    const told = Object.fromEntries(deliveries.map(({ recipient, state, code }) => [recipient!.replace(/\..*$/, ''), `${state} ${code ?? ''}`.trim()]));
    expect(told).to.deep.equal({
      'dr': 'DELIVERED', 'fine@good': 'DELIVERED', 'x@untrusted': 'UNRESOLVED CERT_UNTRUSTED', 'x@expired': 'UNRESOLVED CERT_EXPIRED',
      'x@nocert': 'UNRESOLVED CERT_NONE', 'x@refuse': 'FAILED HISP_REFUSED', 'x@bounce': 'FAILED DSN_FAILED',
    });
    expect((await lab!.journal.messages())[0]!.state).to.equal('DONE_WITH_PROBLEMS');
  });

  it('two organizations with the same site and order numbers never cross when the order in node is bound', async () => {
    await using((flows) => setOn(flows, 'direct-order-in', { bound: OTHER_CLINIC }));
    const mine = inputPair(1, { address: ADDRESS });
    const other = inputPair(1, { organization: OTHER_CLINIC, address: 'hers@good.hillview.sim.example', order: { Patient: { LocalId: 'MRN1' } } });
    for (const body of [mine['0001-order.json'], other['0001-order.json'], mine['0001-result.json']]) await lab!.post('x.json', body);
    const sent = await lab!.until('the deliveries', async (journal) => {
      const all = await journal.deliveries();
      return all.length > 0 && all.every(({ state }) => ['DELIVERED', 'PROCESSED'].includes(state)) && all;
    });
    expect(new Set(sent.map(({ organization }) => organization))).to.deep.equal(new Set([OTHER_CLINIC]));
    expect(sent.map(({ recipient }) => recipient)).to.not.include(ADDRESS);
  });

  it('the same result, the same notification and the same fee event again change nothing', async () => {
    await using();
    await handIn(lab!, 1);
    const ended = async () => await lab!.until('the fee', async (journal) => {
      const [delivery] = await journal.deliveries();
      return delivery?.state === 'DELIVERED' && (await journal.ledger()).length === 1 && delivery;
    });
    const before = await ended();
    const again = await lab!.post('again.json', inputPair(1, { address: ADDRESS })['0001-result.json']);
    expect(again).to.deep.include({ status: 202 });
    expect(again.body).to.include({ outcome: 'replay' });
    const notice = { kind: 'mdn', originalMessageId: before.mailMessageId!.replace(/[<>]/g, ''), recipient: before.recipient!, event: 'processed', detail: '', raw: Buffer.from('x') } as const;
    const processed = { ...notice, key: 'the same notification' };
    await lab!.journal.applyNotice(processed);
    const told = await lab!.journal.deliveries();
    expect((await lab!.journal.applyNotice(processed)).outcome).to.equal('duplicate');
    const line = (await lab!.journal.ledger())[0]!;
    expect(await lab!.journal.appendLedger([line])).to.deep.equal([]);
    expect(await lab!.journal.deliveries()).to.deep.equal(told);
    expect(told.map(({ state, history }) => ({ state, history }))).to.deep.equal([{ state: before.state, history: before.history }]);
    expect(await lab!.journal.ledger()).to.deep.equal([line]);
    expect(lab!.network.count()).to.equal(1);
  });
});
