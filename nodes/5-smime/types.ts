// What the security agent takes and gives. Certificates travel as DER, private keys as KeyObjects (both can go to a worker).
import type { KeyObject } from 'node:crypto';
import type { Code } from '../errors.ts';
import type { Mail } from '../mail/message.ts';

export type Der = Uint8Array;

/** A signing (and decrypting) identity: PKCS#12 or PEM, read once. `chain` holds intermediates, leaf excluded. */
export interface Identity { certificate: Der; chain: Der[]; privateKey: KeyObject }

/** Who signs and encrypts a mail: we, or the HISP that it is handed to. */
export type Sealing = 'courier' | 'hisp';

export type ContentCipher = 'aes-256-cbc' | 'aes-128-cbc';

/** seal.ts `sealMail(request): Buffer` — wrap (message/rfc822), sign detached with SHA-256, encrypt; CRLF throughout. */
export interface SealRequest {
  /** A complete RFC 5322 message with From, To, Date, Message-ID, MIME-Version; or what it is to be written from. */
  message: Uint8Array | Mail;
  identity: Identity;
  /** Certificates of the recipient: one RecipientInfo each. */
  recipients: Der[];
  cipher: ContentCipher;
  signingTime: Date;
}

/** Why a certificate was taken or not: one line per rule looked at, in words. */
export interface TrustVerdict {
  ok: boolean;
  code: Extract<Code, `CERT_${string}`> | null;
  explanation: string[];
  /** Upper-case hex SHA-256 of the certificate. */
  thumbprint: string;
  /** Subject of the anchor that the path ends at. */
  anchor: string | null;
}

/** trust.ts `judgeCertificate(certificate, question): TrustVerdict` */
export interface TrustQuestion {
  /** The Direct address that the certificate must be bound to (SAN rfc822Name, or dNSName equal to its domain). */
  address: string;
  purpose: 'sign' | 'encrypt';
  anchors: Der[];
  intermediates: Der[];
  now: Date;
}

/** certificate-store.ts: where certificates of recipients come from; DNS and LDAP discovery will be others. Empty: none found. */
export interface CertificateSource { find(address: string): Promise<Der[]> }

export interface OpenKey { privateKey: KeyObject; certificate?: Der }

/** open.ts `openMail(raw, request): OpenedMail` — decrypt, verify, judge, unwrap; never throws for bad mail. */
export interface OpenRequest { keys: OpenKey[]; anchors: Der[]; now: Date }

export interface OpenedMail {
  verdict: 'accept' | 'reject';
  code: Code | null;
  explanation: string[];
  /** The accepted signer (on reject: the one looked at last), or null. */
  signer: { subject: string; thumbprint: string; addresses: string[]; domains: string[]; anchor: string | null; certificate: Der } | null;
  /** Recipient infos found: issuer and serial or key id, with the key transport's name. */
  recipients: { id: string; algorithm: string; opened: boolean }[];
  /** The inner, authoritative message (headers and body) — only on accept. */
  message: Buffer | null;
}
