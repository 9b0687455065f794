// Certificates of the simulated network: structure by node-forge, keys and signatures by node:crypto.
import { generateKeyPair, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A certificate and its key as PEM (PKCS#8). */
export interface Holder { certificatePem: string; keyPem: string }

export interface CertificateWish {
  name: string;
  /** Absent: self-signed. */
  issuer?: Holder;
  purpose: 'authority' | 'mail' | 'server';
  /** dNSName, and iPAddress where it is one. */
  hosts?: string[];
  notBefore: Date;
  notAfter: Date;
}

const makeKeys = promisify(generateKeyPair);

// RFC 5280 §4.2.1: what each kind may be used for.
const extensionsFor = ({ purpose, hosts = [] }: CertificateWish): object[] => [
  { name: 'basicConstraints', critical: true, cA: purpose === 'authority' },
  purpose === 'authority'
    ? { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true }
    : { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
  ...(purpose === 'authority' ? [] : [{ name: 'extKeyUsage', emailProtection: purpose === 'mail', serverAuth: purpose === 'server' }]),
  ...(hosts.length === 0 ? [] : [{
    name: 'subjectAltName', altNames: hosts.map((host) => /^\d+(\.\d+){3}$/.test(host) ? { type: 7, ip: host } : { type: 2, value: host }),
  }]),
  { name: 'subjectKeyIdentifier' },
];

/** RSA-2048, SHA-256. */
export const issueCertificate = async (wish: CertificateWish): Promise<Holder> => {
  const { privateKey, publicKey } = await makeKeys('rsa', { modulusLength: 2048 });
  const certificate = forge.pki.createCertificate();
  const issuer = wish.issuer && forge.pki.certificateFromPem(wish.issuer.certificatePem);
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey.export({ type: 'spki', format: 'pem' }).toString());
  // A leading 40 keeps the serial number positive and its encoding as short as it is.
  certificate.serialNumber = `40${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = wish.notBefore;
  certificate.validity.notAfter = wish.notAfter;
  certificate.setSubject([{ name: 'commonName', value: wish.name.slice(0, 64) }, { name: 'organizationName', value: 'Simulated HISP network' }]);
  certificate.setIssuer((issuer ?? certificate).subject.attributes);
  const keyIdentifier = (issuer ?? certificate).generateSubjectKeyIdentifier().getBytes();
  certificate.setExtensions([...extensionsFor(wish), { name: 'authorityKeyIdentifier', keyIdentifier }]);
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  // forge's own RSA is slow; it is asked for the structure only.
  const signer = {
    sign: () => sign('sha256', Buffer.from(forge.asn1.toDer(certificate.tbsCertificate as forge.asn1.Asn1).getBytes(), 'binary'),
      wish.issuer?.keyPem ?? keyPem).toString('binary'),
  };
  certificate.sign(signer as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return { certificatePem: forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n'), keyPem };
};

/** The holder as a PKCS#12 file. */
export const toPkcs12 = ({ certificatePem, keyPem }: Holder, passphrase: string): Buffer => {
  const bag = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(keyPem), [forge.pki.certificateFromPem(certificatePem)], passphrase, { algorithm: 'aes256' },
  );
  return Buffer.from(forge.asn1.toDer(bag).getBytes(), 'binary');
};
