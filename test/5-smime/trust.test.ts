import { expect } from 'chai';
import { judgeCertificate } from '../../nodes/5-smime/trust.ts';
import type { TrustQuestion, TrustVerdict } from '../../nodes/5-smime/types.ts';
import { type CertificateRequest, makeAuthority, makeCertificate, makeKeys, type TestCertificate } from '../support/pki.ts';
import { authority } from './scene.ts';

const DAY = 86_400_000;
const ADDRESS = 'dr.lee@lakeside.example';
// Keys cost most of the time; what a certificate says is under test, not its key.
const keys = makeKeys();
const leaf = (request: CertificateRequest): TestCertificate => makeCertificate({ authority, keys, dns: 'lakeside.example', ...request });

const judge = (certificate: TestCertificate, question: Partial<TrustQuestion> = {}): TrustVerdict =>
  judgeCertificate(certificate.certificate, { address: ADDRESS, purpose: 'encrypt', anchors: [authority.certificate], intermediates: [], now: new Date(), ...question });

describe('trust in a certificate', () => {
  it('is given to one that is in date, bound to the domain, fit and chained; the verdict says so in words', () => {
    const verdict = judge(leaf({}));
    expect(verdict).to.include({ ok: true, code: null, anchor: 'CN=Test HISP CA' });
    expect(verdict.thumbprint).to.match(/^[0-9A-F]{64}$/);
    expect(verdict.explanation.join('\n')).to.match(/In date: \d{4}-/).and.match(/Bound to the domain lakeside\.example/).and.match(/RSA 2048 with keyEncipherment/).and.match(/Ends at the anchor CN=Test HISP CA/);
  });

  const bindings: [string, CertificateRequest, TrustVerdict['code']][] = [
    ['the address itself', { dns: [], email: ADDRESS }, null],
    ['the address in other case', { dns: [], email: 'DR.Lee@Lakeside.EXAMPLE' }, null],
    ['the domain in other case', { dns: 'LAKESIDE.example' }, null],
    ['another address of the domain', { dns: [], email: 'dr.ana@lakeside.example' }, 'CERT_NOT_BOUND'],
    ['the parent domain', { dns: 'example' }, 'CERT_NOT_BOUND'],
    ['a child domain', { dns: 'direct.lakeside.example' }, 'CERT_NOT_BOUND'],
    ['a wildcard', { dns: '*.example' }, 'CERT_NOT_BOUND'],
    ['the domain as a common name only', { dns: [], name: 'lakeside.example' }, 'CERT_NOT_BOUND'],
    ['the address in the subject only', { dns: [], name: 'Dr Lee', subjectEmail: ADDRESS }, 'CERT_NOT_BOUND'],
    ['the domain with a NUL after it', { dns: 'lakeside.example\0.evil.test' }, 'CERT_NOT_BOUND'],
    ['the domain as rfc822Name', { dns: [], email: 'lakeside.example' }, 'CERT_NOT_BOUND'],
    ['the address as dNSName', { dns: ADDRESS }, 'CERT_NOT_BOUND'],
    ['several names, the right one last', { dns: ['other.example', 'lakeside.example'] }, null],
  ];
  for (const [what, request, code] of bindings) {
    it(`binding: ${what} → ${code ?? 'bound'}`, () => expect(judge(leaf(request)).code).to.equal(code));
  }

  it('expired and not yet valid are CERT_EXPIRED', () => {
    expect(judge(leaf({ notBefore: new Date(Date.now() - 9 * DAY), notAfter: new Date(Date.now() - DAY) })).code).to.equal('CERT_EXPIRED');
    expect(judge(leaf({ notBefore: new Date(Date.now() + DAY) })).code).to.equal('CERT_EXPIRED');
    expect(judge(leaf({}), { now: new Date(Date.now() + 4000 * DAY) }).code).to.equal('CERT_EXPIRED');
  });

  const fitness: [string, CertificateRequest, TrustQuestion['purpose'], TrustVerdict['code']][] = [
    ['RSA 1024', { keys: makeKeys(1024) }, 'encrypt', 'CERT_KEY_UNFIT'],
    ['no keyUsage at all', { usage: null }, 'encrypt', null],
    ['digitalSignature only, to encrypt', { usage: ['digitalSignature'] }, 'encrypt', 'CERT_KEY_UNFIT'],
    ['digitalSignature only, to sign', { usage: ['digitalSignature'] }, 'sign', null],
    ['keyEncipherment only, to sign', { usage: ['keyEncipherment'] }, 'sign', 'CERT_KEY_UNFIT'],
    ['P-256, to sign', { keyType: 'ec', usage: ['digitalSignature'] }, 'sign', null],
    ['P-256, to encrypt', { keyType: 'ec', usage: ['keyAgreement'] }, 'encrypt', 'CERT_KEY_UNFIT'],
    ['a weak curve', { keyType: 'ec', curve: 'secp224r1' }, 'sign', 'CERT_KEY_UNFIT'],
  ];
  for (const [what, { keys: own, ...request }, purpose, code] of fitness) {
    it(`key: ${what} → ${code ?? 'fit'}`, () => {
      const certificate = request.keyType === 'ec' ? makeCertificate({ authority, dns: 'lakeside.example', ...request }) : leaf({ ...request, keys: own ?? keys });
      expect(judge(certificate, { purpose }).code).to.equal(code);
    });
  }

  describe('paths', () => {
    const intermediate = (request: CertificateRequest = {}): TestCertificate => makeAuthority('Middle CA', { authority, keys, ...request });
    const below = (issuer: TestCertificate, question: Partial<TrustQuestion> = {}): TrustVerdict =>
      judge(leaf({ authority: issuer }), { intermediates: [issuer.certificate], ...question });

    it('goes over an intermediate when it is given, and not without', () => {
      expect(below(intermediate()).code).to.equal(null);
      expect(below(intermediate(), { intermediates: [] }).code).to.equal('CERT_UNTRUSTED');
    });

    it('refuses a certificate of an unknown authority, and with no anchors at all', () => {
      expect(judge(leaf({ authority: makeAuthority('Nobody Knows') })).code).to.equal('CERT_UNTRUSTED');
      expect(judge(leaf({}), { anchors: [] }).code).to.equal('CERT_UNTRUSTED');
    });

    it('refuses an authority that only bears the anchor\'s name', () => {
      const rogue = makeAuthority('Test HISP CA');
      const verdict = judge(leaf({ authority: rogue }), { intermediates: [rogue.certificate] });
      expect(verdict.code).to.equal('CERT_UNTRUSTED');
      expect(verdict.explanation.join(' ')).to.contain('did not sign');
      expect(judge(leaf({ signWith: rogue.privateKey })).code).to.equal('CERT_UNTRUSTED');
    });

    it('refuses a self-signed leaf, also as its own anchor', () => {
      const { authority: _a, ...own } = { authority, keys, dns: 'lakeside.example' };
      const self = makeCertificate(own);
      expect(judge(self).code).to.equal('CERT_UNTRUSTED');
      expect(judge(self, { anchors: [self.certificate] }).code).to.equal('CERT_UNTRUSTED');
    });

    const objections: [string, CertificateRequest][] = [
      ['no certificate authority', { ca: false, usage: ['keyCertSign'] }],
      ['without basicConstraints', { basicConstraints: null }],
      ['may not sign certificates', { usage: ['cRLSign', 'digitalSignature'] }],
      ['expired', { notBefore: new Date(Date.now() - 9 * DAY), notAfter: new Date(Date.now() - DAY) }],
      ['weak in its key', { keys: makeKeys(1024) }],
      ['signed with SHA-1', { digest: 'sha1' }],
      ['with a critical extension that nobody knows', { extensions: [{ id: '1.3.6.1.4.1.99999.1', critical: true, value: Buffer.from([5, 0]) }] }],
    ];
    for (const [what, request] of objections) {
      it(`refuses an intermediate that is ${what}`, () => expect(below(intermediate(request)).code).to.equal('CERT_UNTRUSTED'));
    }

    it('refuses an anchor that is no authority or out of date', () => {
      for (const request of [{ ca: false }, { notAfter: new Date(Date.now() - 1000), notBefore: new Date(Date.now() - DAY) }]) {
        const bad = makeCertificate({ name: 'Bad anchor', keys, ca: true, ...request });
        expect(judge(leaf({ authority: bad }), { anchors: [bad.certificate] }).code).to.equal('CERT_UNTRUSTED');
      }
    });

    it('honours pathLenConstraint of intermediate and anchor', () => {
      const middle = intermediate({ pathLength: 0 });
      const lower = makeAuthority('Lower CA', { authority: middle, keys });
      const far = (authorities: TestCertificate[], anchor: TestCertificate): TrustVerdict['code'] =>
        judge(leaf({ authority: authorities.at(-1)! }), { intermediates: authorities.map(({ certificate }) => certificate), anchors: [anchor.certificate] }).code;
      expect(far([middle], authority)).to.equal(null);
      expect(far([middle, lower], authority)).to.equal('CERT_UNTRUSTED');
      const short = makeAuthority('Short anchor', { keys, pathLength: 0 });
      expect(far([makeAuthority('Under it', { authority: short, keys })], short)).to.equal('CERT_UNTRUSTED');
    });

    it('refuses a path of more than five intermediates, and ends on a ring of cross-signed ones', () => {
      const chain = [intermediate()];
      while (chain.length < 7) chain.push(makeAuthority(`CA ${chain.length}`, { authority: chain.at(-1)!, keys }));
      const upTo = (length: number): TrustVerdict['code'] =>
        judge(leaf({ authority: chain[length - 1]! }), { intermediates: chain.map(({ certificate }) => certificate) }).code;
      expect([upTo(5), upTo(6)]).to.deep.equal([null, 'CERT_UNTRUSTED']);
      const ring = Array.from({ length: 12 }, () => makeAuthority('Ring', { authority: { ...chain[0]!, name: 'Ring' }, keys }));
      const started = Date.now();
      expect(judge(leaf({ authority: ring[0]! }), { intermediates: ring.map(({ certificate }) => certificate) }).code).to.equal('CERT_UNTRUSTED');
      expect(Date.now() - started).to.be.below(1500);
    });

    it('refuses a leaf signed with SHA-1 or with an unknown critical extension', () => {
      expect(judge(leaf({ digest: 'sha1' })).code).to.equal('CERT_UNTRUSTED');
      expect(judge(leaf({ extensions: [{ id: '1.3.6.1.4.1.99999.1', critical: true, value: Buffer.from([5, 0]) }] })).code).to.equal('CERT_UNTRUSTED');
      expect(judge(leaf({ extensions: [{ id: '1.3.6.1.4.1.99999.1', critical: false, value: Buffer.from([5, 0]) }] })).code).to.equal(null);
    });

    it('takes SHA-384, SHA-512 and ECDSA authorities', () => {
      const elliptic = makeAuthority('EC anchor', { keyType: 'ec', curve: 'P-384' });
      expect(judge(leaf({ digest: 'sha512' })).code).to.equal(null);
      expect(judge(leaf({ authority: elliptic, digest: 'sha384' }), { anchors: [elliptic.certificate] }).code).to.equal(null);
    });
  });

  it('answers CERT_UNTRUSTED, not an exception, for junk and for certificates cut or changed anywhere', () => {
    const { certificate } = leaf({});
    const changed = Array.from({ length: 60 }, (_, index) => {
      const copy = Buffer.from(certificate);
      copy[Math.floor((index * certificate.length) / 60)]! ^= 0x21;
      return copy;
    });
    for (const der of [Buffer.alloc(0), Buffer.from('junk'), certificate.subarray(0, 200), ...changed]) {
      expect(judge({ certificate: der } as TestCertificate).ok).to.equal(false);
    }
  });
});
