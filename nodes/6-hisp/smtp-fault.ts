// What an SMTP exchange that did not end in acceptance means for the delivery.
import type { Code } from '../errors.ts';
import type { TransportOutcome } from './types.ts';

/** What nodemailer puts on its errors. */
export interface SmtpFault extends Error {
  code?: string | undefined;
  originalCode?: string | undefined;
  command?: string | undefined;
  response?: string | undefined;
  responseCode?: number | undefined;
}

// OpenSSL's and Node's names for a handshake or a certificate that does not hold.
const TLS_TROUBLE = /^(ETLS|EPROTO|ERR_(SSL|TLS|OSSL)_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_)/;

/** A server's answer on one line: control characters gone, at most 200 characters. */
export const cleanResponse = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ').trim().slice(0, 200);

const isTls = ({ code = '', originalCode = '' }: SmtpFault): boolean => TLS_TROUBLE.test(code) || TLS_TROUBLE.test(originalCode);

/** Codes only: the text of a socket error names hosts and files of this machine. */
const withoutAnswer = ({ code = 'ERROR', originalCode }: SmtpFault): string => cleanResponse(originalCode ?? code);

const temporary = (code: Code, response: string): TransportOutcome => ({ kind: 'temporary', code, response });

const ABOUT_THE_MAIL = new Set(['MAIL FROM', 'RCPT TO', 'DATA']);

const isLogin = ({ code, responseCode }: SmtpFault): boolean => code === 'EAUTH' || responseCode === 530 || responseCode === 535;

// RFC 5321 §4.2.1: 4yz try again, 5yz never. Only an answer to MAIL, RCPT or DATA is about this mail.
const outcomeOfAnswer = (fault: SmtpFault, answer: string): TransportOutcome =>
  (fault.responseCode ?? 0) >= 500 && ABOUT_THE_MAIL.has(fault.command ?? '')
    ? { kind: 'refused', code: 'HISP_REFUSED', response: answer }
    : temporary('HISP_DEFERRED', answer);

/**
 * `handedOver`: the whole mail had been read for the wire when the fault came, so without an answer the HISP may have it.
 * A wrong log-in or certificate is a fault of the account and not of the mail: the mail waits.
 */
export const outcomeOfFault = (fault: SmtpFault, handedOver: boolean): TransportOutcome => {
  const answer = cleanResponse(fault.response ?? '') || withoutAnswer(fault);
  if (isLogin(fault)) return temporary('HISP_LOGIN', answer);
  if (fault.responseCode !== undefined && fault.code !== 'ETLS') return outcomeOfAnswer(fault, answer);
  if (handedOver) return { kind: 'unknown', code: 'HISP_UNKNOWN', response: withoutAnswer(fault) };
  if (isTls(fault)) return temporary('HISP_TLS', answer);
  // Found by nodemailer before a byte was sent: larger than the server's SIZE, or an address that cannot stand in an envelope.
  if (fault.code === 'EMESSAGE') return { kind: 'refused', code: 'HISP_REFUSED', response: 'larger than the HISP allows (SIZE)' };
  if (fault.code === 'EENVELOPE') return { kind: 'refused', code: 'HISP_REFUSED', response: 'not usable as an envelope address' };
  return temporary('HISP_UNREACHABLE', withoutAnswer(fault));
};
