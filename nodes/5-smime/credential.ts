// Files kept in a Node-RED credential: a one-line field, so they stand there in base64; an environment variable may hold PEM as it is.

const PEM = '-----BEGIN ';

/** The file's octets. A PEM text may have its line ends written as `\n`. */
export const credentialFile = (value: string): Buffer =>
  value.includes(PEM) ? Buffer.from(value.replaceAll('\\n', '\n')) : Buffer.from(value, 'base64');
