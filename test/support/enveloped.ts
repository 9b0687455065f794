// A mail that has the outside of a sealed one, for tests that look no further.

/** The beginning of a ContentInfo with enveloped data, in base64. */
const BEGINNING = Buffer.from('308006092a864886f70d010703a080', 'hex').toString('base64');

/** `headers` are whole lines with CRLF; `rest` follows the beginning of the CMS. */
export const enveloped = (headers = '', rest = ''): Buffer => Buffer.from(
  `${headers}MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n`
  + `Content-Transfer-Encoding: base64\r\n\r\n${BEGINNING}\r\n${rest}`,
);
