// Opening a Direct message: decrypt, verify, judge the signer, unwrap. Nothing of the content is handed on before a signature
// over it holds and its signer may speak for the From address (Applicability Statement §4; RFC 5751 §3.9).
import { asCourierError, CourierError, isCourierError } from '../errors.ts';
import { type MimeEntity, parseEntity } from '../mail/mime.ts';
import { asBuffer, inPool } from '../pool.ts';
import { CONTENT, refusedAlgorithm } from './algorithms.ts';
import { decryptions, type EnvelopedData, readEnvelopedData, type RecipientInfo, transportName } from './cms-enveloped.ts';
import { readContentInfo } from './content-info.ts';
import { agreeOutside, type InnerMessage, unwrap } from './inner-message.ts';
import { holdingSigners, judgeSigners } from './signers.ts';
import { cmsOctets, holdsPkcs7, readSignedEntity, type SignedEntity } from './smime-entity.ts';
import type { OpenedMail, OpenKey, OpenRequest } from './types.ts';

const readEnvelope = (outer: MimeEntity): EnvelopedData => {
  if (!holdsPkcs7(outer)) throw new CourierError('NOT_ENCRYPTED');
  const { type, content } = readContentInfo(cmsOctets(outer));
  if (type === CONTENT.signedData) throw new CourierError('NOT_ENCRYPTED', { detail: 'signed only' });
  if (type === CONTENT.authEnvelopedData) throw refusedAlgorithm('AuthEnvelopedData');
  if (type !== CONTENT.envelopedData) throw new CourierError('CMS_MALFORMED', { detail: 'neither enveloped nor signed' });
  return readEnvelopedData(content);
};

/** The first plaintext that holds a signed entity; a wrong bare key can yield noise before it. */
const decryptSigned = (enveloped: EnvelopedData, keys: OpenKey[]): { entity: SignedEntity; info: RecipientInfo } => {
  let failure: unknown;
  for (const { plaintext, info } of decryptions(enveloped, keys)) {
    try {
      return { entity: readSignedEntity(plaintext), info };
    } catch (error) {
      if (!isCourierError(failure) || failure.code === 'CANNOT_DECRYPT') failure = error;
    }
  }
  throw failure ?? new CourierError('CANNOT_DECRYPT');
};

const describeRecipients = ({ recipients }: EnvelopedData, opened?: RecipientInfo): OpenedMail['recipients'] =>
  recipients.map((info) => ({ id: info.text, algorithm: transportName(info), opened: info === opened }));

/** Fills `report` as it goes, so that a refusal shows how far it came; returns the message. */
const open = (raw: Buffer, request: OpenRequest, report: OpenedMail): InnerMessage => {
  const outer = parseEntity(raw);
  const enveloped = readEnvelope(outer);
  report.recipients = describeRecipients(enveloped);
  const { entity, info } = decryptSigned(enveloped, request.keys);
  report.recipients = describeRecipients(enveloped, info);
  report.explanation.push(`Decrypted: ${enveloped.cipher.name}, key by ${transportName(info)}.`);
  const holding = holdingSigners(entity, report.explanation);
  const unwrapped = (content: Buffer): InnerMessage => unwrap(content, outer);
  const { code, signer, inner } = judgeSigners(holding, entity.signedData.certificates, unwrapped, request, report.explanation);
  report.signer = signer;
  if (code !== null) throw new CourierError(code);
  agreeOutside(outer, inner);
  if (!inner.wrapped) report.explanation.push('The message is not wrapped: its headers are not covered by the signature.');
  return inner;
};

/** Decrypts, verifies, judges, unwraps. Never throws for bad mail: the verdict says what is wrong, and `message` is null. */
export const openMail = (raw: Uint8Array, request: OpenRequest): OpenedMail => {
  const report: OpenedMail = { verdict: 'reject', code: null, explanation: [], signer: null, recipients: [], message: null };
  try {
    const { message } = open(asBuffer(raw), request, report);
    return { ...report, verdict: 'accept', message };
  } catch (error) {
    const fault = asCourierError(error, 'CMS_MALFORMED');
    return { ...report, code: fault.code, explanation: [...report.explanation, fault.message] };
  }
};

/** The worker's side of `openInPool`. */
export const openTask = ({ raw, request }: { raw: Uint8Array; request: OpenRequest }): OpenedMail => {
  const opened = openMail(raw, request);
  // Its own memory, so that it can be handed over without dragging the mail along.
  return opened.message === null ? opened : { ...opened, message: Buffer.from(new Uint8Array(opened.message).buffer) };
};

/** `openMail` off the main thread. */
export const openInPool = async (raw: Uint8Array, request: OpenRequest): Promise<OpenedMail> => {
  const opened = await inPool<{ raw: Uint8Array; request: OpenRequest }, OpenedMail>(import.meta.url, 'openTask', { raw, request });
  return { ...opened, message: opened.message === null ? null : asBuffer(opened.message) };
};
