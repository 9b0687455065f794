// Canonical line ends (RFC 8551 §3.1.1): signatures are made and verified over CRLF.

/** True when every CR is followed by LF and every LF preceded by CR. */
export const hasOnlyCrlf = (bytes: Uint8Array): boolean => {
  // Searching a one-byte string is several times faster than searching the buffer line by line.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  let at = 0;
  for (;;) {
    const [cr, lf] = [text.indexOf('\r', at), text.indexOf('\n', at)];
    if (cr < 0 && lf < 0) return true;
    if (cr < 0 || lf !== cr + 1) return false;
    at = lf + 1;
  }
};

/** The same octets with every bare LF and bare CR made CRLF. */
export const toCrlf = (bytes: Uint8Array): Buffer => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return Buffer.from(text.replace(/\r\n|\r|\n/g, '\r\n'), 'latin1');
};
