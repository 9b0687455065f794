// What an SMTP exchange that did not end in acceptance means: for this mail, or for the account.
import type { Code } from '../errors.ts';
import type { Setback } from './types.ts';

/** What nodemailer puts on its errors. */
export interface SmtpFault extends Error {
  code?: string | undefined;
  originalCode?: string | undefined;
  command?: string | undefined;
  response?: string | undefined;
  responseCode?: number | undefined;
}

/** How far the mail had come: DATA was entered; all of it was read for the wire, so that the HISP may have it. */
export interface HandedOver { seen: boolean; whole: boolean }

// OpenSSL's and Node's names for a handshake or a certificate that does not hold.
const TLS_TROUBLE = /^(ETLS|EPROTO|ERR_(SSL|TLS|OSSL)_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_)/;

/** A server's answer on one line: control characters gone, at most 200 characters. */
export const cleanResponse = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ').trim().slice(0, 200);

export const isTlsFault = ({ code = '', originalCode = '' }: SmtpFault): boolean => TLS_TROUBLE.test(code) || TLS_TROUBLE.test(originalCode);

/** Codes only: the text of a socket error names hosts and files of this machine. */
const withoutAnswer = ({ code = 'ERROR', originalCode }: SmtpFault): string => cleanResponse(originalCode ?? code);

const answerOf = (fault: SmtpFault): string => cleanResponse(fault.response ?? '') || withoutAnswer(fault);

const hasAnswer = (fault: SmtpFault): fault is SmtpFault & { responseCode: number } => fault.responseCode !== undefined && fault.code !== 'ETLS';

const isLogin = ({ code, responseCode }: SmtpFault): boolean => code === 'EAUTH' || responseCode === 530 || responseCode === 535;

const enhancedOf = ({ response = '' }: SmtpFault): string => /^[45]\d\d[ -]+[45]\.(\d{1,3}\.\d{1,3})/.exec(response)?.[1] ?? '';

// RFC 3463 §3.2: X.1.7 and X.1.8 are about the sender's address. Postfix answers 553 5.7.1 where the log-in does not own it, and both only at RCPT.
const isAboutSender = (fault: SmtpFault): boolean =>
  ['1.7', '1.8'].includes(enhancedOf(fault)) || (fault.responseCode === 553 && enhancedOf(fault) === '7.1');

// RFC 1870 §6: MAIL FROM carries the size, so that 452 and 552 there are about the message.
const isAboutSize = (fault: SmtpFault): boolean =>
  fault.responseCode === 452 || fault.responseCode === 552 || ['2.3', '3.1', '3.4'].includes(enhancedOf(fault));

/** RFC 5321 §4.2.1: 4yz try again, 5yz never. Only what RCPT and DATA are answered is about the recipient or the message. */
const setbackOfAnswer = (fault: SmtpFault & { responseCode: number }): Pick<Setback, 'kind' | 'code'> => {
  const { responseCode, command } = fault;
  const final = responseCode >= 500;
  // RFC 5321 §3.8: 421 may answer anything and says that the service goes away.
  if (responseCode === 421) return { kind: 'doubtful', code: 'HISP_DEFERRED' };
  if (isLogin(fault)) return { kind: 'doubtful', code: 'HISP_LOGIN' };
  const toMail = command === 'MAIL FROM' && !isAboutSize(fault);
  if (toMail || isAboutSender(fault)) return { kind: 'doubtful', code: final ? 'HISP_SENDER' : 'HISP_DEFERRED' };
  if (command === 'MAIL FROM' || command === 'RCPT TO' || command === 'DATA') {
    return final ? { kind: 'refused', code: 'HISP_REFUSED' } : { kind: 'temporary', code: 'HISP_DEFERRED' };
  }
  return { kind: 'doubtful', code: 'HISP_DEFERRED' };
};

/** A fault in the exchange about one mail, over a connection that had been logged in. */
export const setbackOf = (fault: SmtpFault, handedOver: HandedOver): Setback => {
  if (hasAnswer(fault)) return { ...setbackOfAnswer(fault), response: answerOf(fault), ...handedOver };
  const response = withoutAnswer(fault);
  if (handedOver.whole) return { kind: 'unknown', code: 'HISP_UNKNOWN', response, ...handedOver };
  const refused = (why: string): Setback => ({ kind: 'refused', code: 'HISP_REFUSED', response: why, ...handedOver });
  // Found by nodemailer before a byte was sent: larger than the server's SIZE, or an address that cannot stand in an envelope.
  if (fault.code === 'EMESSAGE') return refused('larger than the HISP allows (SIZE)');
  if (fault.code === 'EENVELOPE') return refused('not usable as an envelope address');
  return { kind: 'doubtful', code: isTlsFault(fault) ? 'HISP_TLS' : 'HISP_UNREACHABLE', response, ...handedOver };
};

/** A fault before any mail: DNS, connection, greeting, TLS, log-in, or a sender who may not send. */
export const accountFault = (fault: SmtpFault): { code: Code; response: string } => {
  const response = answerOf(fault);
  if (isLogin(fault)) return { code: 'HISP_LOGIN', response };
  // From a probe, which asks whether the sender may send.
  if (hasAnswer(fault) && fault.command === 'MAIL FROM' && fault.responseCode >= 500) return { code: 'HISP_SENDER', response };
  if (hasAnswer(fault)) return { code: 'HISP_DEFERRED', response };
  return { code: isTlsFault(fault) ? 'HISP_TLS' : 'HISP_UNREACHABLE', response };
};
