// PKCS #12 (RFC 7292) by node-forge: the old ciphers and PBES2/AES, as OpenSSL 3, Windows and Java write them.
import { createRequire } from 'node:module';
import type forge from 'node-forge';

type Forge = typeof forge;

/** Loaded for who has such a file: most have PEM, and can do without its 11 MB. */
const loadForge = (): Forge => createRequire(import.meta.url)('node-forge') as Forge;

/** Certificates and private keys (PKCS #8) of a file, in DER. */
export interface Pkcs12Contents { certificates: Buffer[]; keys: Buffer[] }

const derOf = ({ asn1 }: Forge, structure: forge.asn1.Asn1): Buffer => Buffer.from(asn1.toDer(structure).getBytes(), 'latin1');

// forge reads RSA itself and hands over what it does not know (elliptic curves) as ASN.1.
const certificateOf = (lib: Forge, { cert, asn1: other }: forge.pkcs12.Bag): Buffer[] =>
  cert ? [derOf(lib, lib.pki.certificateToAsn1(cert))] : other ? [derOf(lib, other)] : [];

const keyOf = (lib: Forge, { key, asn1: other }: forge.pkcs12.Bag): Buffer[] =>
  key ? [derOf(lib, lib.pki.wrapRsaPrivateKey(lib.pki.privateKeyToAsn1(key)))] : other ? [derOf(lib, other)] : [];

/** Throws what forge throws: a wrong passphrase and a damaged file look alike. */
export const readPkcs12 = (file: Uint8Array, passphrase: string): Pkcs12Contents => {
  const lib = loadForge();
  const structure = lib.asn1.fromDer(Buffer.from(file).toString('latin1'));
  const store = lib.pkcs12.pkcs12FromAsn1(structure, passphrase);
  const bags = (type: string): forge.pkcs12.Bag[] => store.getBags({ bagType: type })[type] ?? [];
  const oids = lib.pki.oids as Record<string, string>;
  return {
    certificates: bags(oids['certBag']!).flatMap((bag) => certificateOf(lib, bag)),
    keys: [...bags(oids['pkcs8ShroudedKeyBag']!), ...bags(oids['keyBag']!)].flatMap((bag) => keyOf(lib, bag)),
  };
};
