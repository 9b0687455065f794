// Base64 at 76 columns with CRLF (RFC 2045 §6.8), fast: the encoder works on large runs, line ends are put in by block moves.
// One 0.5 MB mail is wrapped twice on its way out, so this is a measurable part of sealing.

const LINE_BYTES = 57, LINE_CHARS = 76;
const RUN_LINES = 512;
const RUN_BYTES = LINE_BYTES * RUN_LINES;

/** Characters that `bytes` octets take, line ends included; the last line ends without CRLF. */
export const base64Size = (bytes: number): number => {
  const characters = Math.ceil(bytes / 3) * 4;
  return characters + 2 * Math.max(0, Math.ceil(characters / LINE_CHARS) - 1);
};

/** Writes the base64 of `bytes` to `target` at `offset`; returns the offset after it. No CRLF after the last line. */
export const writeBase64 = (target: Buffer, offset: number, bytes: Buffer): number => {
  const scratch = Buffer.allocUnsafe(RUN_LINES * LINE_CHARS);
  let at = offset;
  for (let from = 0; from < bytes.length; from += RUN_BYTES) {
    const length = scratch.write(bytes.toString('base64', from, Math.min(from + RUN_BYTES, bytes.length)), 0, 'latin1');
    for (let line = 0; line < length; line += LINE_CHARS) {
      if (at > offset) {
        target[at] = 13;
        target[at + 1] = 10;
        at += 2;
      }
      at += scratch.copy(target, at, line, Math.min(line + LINE_CHARS, length));
    }
  }
  return at;
};

/** The base64 of `bytes` in lines of 76 characters, CRLF between them. */
export const wrapBase64 = (bytes: Buffer): Buffer => {
  const out = Buffer.allocUnsafeSlow(base64Size(bytes.length));
  writeBase64(out, 0, bytes);
  return out;
};
