import { expect } from 'chai';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readIdentity } from '../../nodes/5-smime/identity.ts';
import { judgeCertificate } from '../../nodes/5-smime/trust.ts';
import { behaviourOf, domainOf } from '../../nodes/6-hisp/simulator/behaviour.ts';
import { toPkcs12 } from '../../nodes/6-hisp/simulator/certificate.ts';
import { openPki } from '../../nodes/6-hisp/simulator/pki.ts';

const der = (pem: string): Buffer => new X509Certificate(pem).raw;

describe('the simulated network\'s certificates', () => {
  let folder: string;
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'direct-pki-')); });
  afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

  it('fit, fail to be trusted, or are out of date, as the domain\'s first label says', async () => {
    const pki = await openPki({ folder });
    const anchors = [der(pki.authorityPem)];
    const codeFor = async (address: string, trusted = anchors): Promise<string | null> => {
      const holder = await pki.certificateFor(address);
      return judgeCertificate(der(holder!.certificatePem), { address, purpose: 'encrypt', anchors: trusted, intermediates: [], now: new Date() }).code;
    };
    expect(await codeFor('dr.lee@good.lakeside.sim.example')).to.equal(null);
    expect(await codeFor('a@expired.sim.example')).to.equal('CERT_EXPIRED');
    expect(await codeFor('a@untrusted.sim.example')).to.equal('CERT_UNTRUSTED');
    expect(await codeFor('a@untrusted.sim.example', [der(pki.untrustedAuthorityPem)])).to.equal(null);
    expect(await pki.certificateFor('a@nocert.sim.example')).to.equal(null);
    expect(await pki.certificateFor('a@good.elsewhere.example')).to.equal(null);
  });

  it('are bound to the domain by subjectAltName and pass a foreign verifier', async () => {
    const pki = await openPki({ folder });
    const holder = (await pki.certificateFor('dr.lee@good.lakeside.sim.example'))!;
    const certificate = new X509Certificate(holder.certificatePem);
    expect(certificate.subjectAltName).to.equal('DNS:good.lakeside.sim.example');
    expect(certificate.verify(new X509Certificate(pki.authorityPem).publicKey)).to.equal(true);
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).to.equal(2048);
  });

  it('are kept: the next start finds the same, keys readable by their owner only', async () => {
    const [first, other] = [await openPki({ folder }), join(folder, 'keys')];
    const made = await first.certificateFor('x@good.sim.example');
    const again = await openPki({ folder });
    expect(await again.certificateFor('y@good.sim.example')).to.deep.equal(made);
    expect(again.authorityPem).to.equal(first.authorityPem);
    for (const key of ['good.sim.example.key', 'private/ca.key', 'private/untrusted-ca.key']) {
      expect((await stat(join(folder, key))).mode & 0o777, key).to.equal(0o600);
    }
    await openPki({ folder: join(folder, 'shown'), privateFolder: other });
    expect(await readdir(join(folder, 'shown'))).to.have.members(['ca.pem', 'untrusted-ca.pem']);
  });

  it('are made anew when their time is over or they belong to another authority', async () => {
    const later = (): Date => new Date(Date.now() + 400 * 86_400_000);
    const first = await (await openPki({ folder })).certificateFor('x@good.sim.example');
    const renewed = await (await openPki({ folder, now: later })).certificateFor('x@good.sim.example');
    expect(renewed!.certificatePem).to.not.equal(first!.certificatePem);
    await rm(join(folder, 'private'), { recursive: true });
    const pki = await openPki({ folder });
    const reissued = await pki.certificateFor('x@good.sim.example');
    expect(new X509Certificate(reissued!.certificatePem).verify(new X509Certificate(pki.authorityPem).publicKey)).to.equal(true);
  });

  it('of senders stand in sender.pem without their keys, and can be had as PKCS#12', async () => {
    const pki = await openPki({ folder });
    const clinic = await pki.senderIdentity('direct.clinic.example');
    await pki.senderIdentity('direct.lab.example');
    await pki.senderIdentity('direct.clinic.example');
    const shown = await readFile(join(folder, 'sender.pem'), 'utf8');
    expect(shown.match(/BEGIN CERTIFICATE/g)).to.have.length(2);
    expect(shown).to.include(clinic.certificatePem).and.not.include('PRIVATE KEY');
    const identity = readIdentity({ p12: toPkcs12(clinic, 'made-up'), passphrase: 'made-up' });
    expect(Buffer.from(identity.certificate).equals(der(clinic.certificatePem))).to.equal(true);
  });

  it('asked for at the same time are made once', async () => {
    const pki = await openPki({ folder });
    const all = await Promise.all(Array.from({ length: 5 }, () => pki.certificateFor('x@good.sim.example')));
    expect(new Set(all.map((holder) => holder!.certificatePem)).size).to.equal(1);
  });

  it('are never written outside the folder', async () => {
    const hostile = ['../../evil', 'a/b', 'a\\b', '', 'a.', 'a'.repeat(300)].map((name) => `${name}.sim.example`);
    for (const domain of hostile) {
      expect(domainOf(domain), domain).to.equal(null);
      expect(behaviourOf(`x@${domain}`), domain).to.equal(null);
    }
  });

  it('a label that names no behaviour is good, and nothing else is hosted', () => {
    expect(behaviourOf('a@lakeside.sim.example')).to.equal('good');
    expect(behaviourOf('a@sim.example')).to.equal('good');
    expect(behaviourOf('A@GREYLIST.x.SIM.example')).to.equal('greylist');
    expect(behaviourOf('a@good.notsim.example')).to.equal(null);
    expect(behaviourOf('a@good.sim.example.org')).to.equal(null);
  });
});
