// PKCS #12 (RFC 7292) by node-forge: the old ciphers and PBES2/AES, as OpenSSL 3, Windows and Java write them.
import forge from 'node-forge';

const { asn1, pkcs12, pki } = forge;

/** Certificates and private keys (PKCS #8) of a file, in DER. */
export interface Pkcs12Contents { certificates: Buffer[]; keys: Buffer[] }

const derOf = (structure: forge.asn1.Asn1): Buffer => Buffer.from(asn1.toDer(structure).getBytes(), 'latin1');

// forge reads RSA itself and hands over what it does not know (elliptic curves) as ASN.1.
const certificateOf = ({ cert, asn1: other }: forge.pkcs12.Bag): Buffer[] =>
  cert ? [derOf(pki.certificateToAsn1(cert))] : other ? [derOf(other)] : [];

const keyOf = ({ key, asn1: other }: forge.pkcs12.Bag): Buffer[] =>
  key ? [derOf(pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(key)))] : other ? [derOf(other)] : [];

/** Throws what forge throws: a wrong passphrase and a damaged file look alike. */
export const readPkcs12 = (file: Uint8Array, passphrase: string): Pkcs12Contents => {
  const structure = asn1.fromDer(Buffer.from(file).toString('latin1'));
  const store = pkcs12.pkcs12FromAsn1(structure, passphrase);
  const bags = (type: string): forge.pkcs12.Bag[] => store.getBags({ bagType: type })[type] ?? [];
  const oids = pki.oids as Record<string, string>;
  return {
    certificates: bags(oids['certBag']!).flatMap(certificateOf),
    keys: [...bags(oids['pkcs8ShroudedKeyBag']!), ...bags(oids['keyBag']!)].flatMap(keyOf),
  };
};
