// The people of the S/MIME tests: a clinic that sends, a practice that receives, the authority above both.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeEnvelopedData } from '../../nodes/5-smime/cms-enveloped.ts';
import { writeSignedData } from '../../nodes/5-smime/cms-signed.ts';
import type { Identity, OpenRequest, SealRequest } from '../../nodes/5-smime/types.ts';
import { writeMail } from '../../nodes/mail/message.ts';
import { makeAuthority, makeCertificate, type TestCertificate } from '../support/pki.ts';

export const SENDER = 'results@clinic.example';
export const RECIPIENT = 'dr.lee@lakeside.example';

export const authority = makeAuthority('Test HISP CA');
export const clinic = makeCertificate({ authority, dns: 'clinic.example' });
export const practice = makeCertificate({ authority, dns: 'lakeside.example' });

export const identityOf = ({ certificate, privateKey }: TestCertificate, chain: Uint8Array[] = []): Identity => ({ certificate, chain, privateKey });

export const message = writeMail({
  from: SENDER, to: RECIPIENT, subject: 'Exam result of nobody', date: new Date('2026-01-06T14:15:00Z'), messageId: '<d1@clinic.example>',
  parts: [
    { contentType: 'text/plain; charset=utf-8', body: 'A result from the clinic.\nWith a second line.' },
    { contentType: 'text/xml; charset=utf-8', fileName: 'exam-result.xml', body: Buffer.from('<ClinicalDocument/>'.repeat(200)) },
  ],
});

export const sealRequest = (change: Partial<SealRequest> = {}): SealRequest => ({
  message, identity: identityOf(clinic), recipients: [practice.certificate], cipher: 'aes-256-cbc', signingTime: new Date(), ...change,
});

export const openRequest = (change: Partial<OpenRequest> = {}): OpenRequest => ({
  keys: [{ privateKey: practice.privateKey, certificate: practice.certificate }], anchors: [authority.certificate], now: new Date(), ...change,
});

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/(.{76})(?=.)/g, '$1\r\n');

/** The wrapped message as a signed entity. */
export const wrapped = Buffer.concat([Buffer.from('Content-Type: message/rfc822\r\n\r\n'), message]);

/** multipart/signed around an entity; the signature is over `signedOver`, by default the entity itself. */
export const signedMultipart = (entity: Buffer, signedOver = entity, signer = clinic): Buffer => {
  const p7s = writeSignedData(createHash('sha256').update(signedOver).digest(), identityOf(signer), new Date());
  return Buffer.concat([
    Buffer.from('Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s\r\n\r\n--s\r\n'), entity,
    Buffer.from(`\r\n--s\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(p7s)}\r\n--s--\r\n`),
  ]);
};

export const OUTER = `From: ${SENDER}\r\nTo: ${RECIPIENT}\r\nDate: Tue, 06 Jan 2026 14:15:00 +0000\r\nMessage-ID: <d1@clinic.example>\r\nMIME-Version: 1.0\r\n`;

/** Encrypts any entity to the practice and puts the usual mail around it. */
export const envelope = (entity: Buffer, outer = OUTER): Buffer => Buffer.from(
  `${outer}Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n`
  + `${base64(writeEnvelopedData([entity], [practice.certificate], 'aes-256-cbc'))}\r\n`,
);

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A folder with the scene's files in it, and openssl run there. */
export interface Workshop { run: (...args: string[]) => Buffer; write: (name: string, content: string | Uint8Array) => void; folder: string; remove: () => void }

export const workshop = (): Workshop => {
  const folder = mkdtempSync(join(tmpdir(), 'smime-'));
  const write: Workshop['write'] = (name, content) => writeFileSync(join(folder, name), content);
  for (const [name, holder] of Object.entries({ clinic, practice, ca: authority })) {
    write(`${name}.pem`, holder.pem);
    write(`${name}.key`, holder.keyPem);
  }
  return {
    folder, write,
    run: (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 }),
    remove: () => rmSync(folder, { recursive: true }),
  };
};
