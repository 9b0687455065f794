// Which of several signers counts: one whose signature holds and whose certificate may speak for the From address suffices,
// in any order (Applicability Statement §4).
import { type Code, CourierError, isCourierError } from '../errors.ts';
import type { Certificate } from './certificate.ts';
import { candidatesFor, type Signer, verifySigner } from './cms-signed.ts';
import type { InnerMessage } from './inner-message.ts';
import type { SignedEntity } from './smime-entity.ts';
import { judgeCertificate } from './trust.ts';
import type { OpenedMail, OpenRequest } from './types.ts';

export interface HoldingSigner { certificate: Certificate; content: Buffer; canonical: boolean }

const holdsOver = (signer: Signer, entity: SignedEntity, certificate: Certificate): HoldingSigner => {
  let failure: unknown;
  for (const { pieces, canonical } of entity.forms()) {
    try {
      verifySigner(signer, entity.signedData.contentType, pieces, certificate);
      return { certificate, content: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces), canonical };
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
};

const verified = (signer: Signer, entity: SignedEntity): HoldingSigner => {
  let failure: unknown = new CourierError('SIGNATURE_INVALID', { detail: 'the signer\'s certificate is not enclosed' });
  for (const certificate of candidatesFor(signer, entity.signedData.certificates)) {
    try {
      return holdsOver(signer, entity, certificate);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
};

/** The signers whose signatures hold, with the octets that they hold over. Errors: those of the last one when none holds. */
export const holdingSigners = (entity: SignedEntity, explanation: string[]): HoldingSigner[] => {
  let failure: unknown = new CourierError('NOT_SIGNED', { detail: 'no signer' });
  const holding = entity.signedData.signers.flatMap((signer) => {
    try {
      return [verified(signer, entity)];
    } catch (error) {
      failure = error;
      explanation.push(`The signature of ${signer.id.text} does not hold${isCourierError(error) && error.detail ? `: ${error.detail}` : ''}.`);
      return [];
    }
  });
  if (holding.length === 0) throw failure;
  return holding;
};

const described = ({ subjectText, thumbprint, addresses, domains, der }: Certificate, anchor: string | null): NonNullable<OpenedMail['signer']> =>
  ({ subject: subjectText, thumbprint, addresses, domains, anchor, certificate: der });

export interface JudgedSigner { code: Code | null; signer: NonNullable<OpenedMail['signer']>; inner: InnerMessage }

/** The first signer who may speak for the From of what he signed, else the one looked at last with the code that refused him. */
export const judgeSigners = (
  holding: HoldingSigner[], certificates: Uint8Array[], read: (content: Buffer) => InnerMessage, { anchors, now }: OpenRequest, explanation: string[],
): JudgedSigner => {
  let refused: JudgedSigner | undefined;
  for (const { certificate, content, canonical } of holding) {
    const inner = read(content);
    const verdict = judgeCertificate(certificate.der, { address: inner.from, purpose: 'sign', anchors, intermediates: certificates, now });
    explanation.push(
      `The signature of ${certificate.subjectText} holds${canonical ? ' once line ends are restored to CRLF' : ''}.`, ...verdict.explanation,
    );
    const signer = described(certificate, verdict.anchor);
    if (verdict.code === null) return { code: null, signer, inner };
    refused = { code: verdict.code === 'CERT_NOT_BOUND' ? 'SIGNER_NOT_BOUND' : verdict.code, signer, inner };
  }
  return refused!;
};
