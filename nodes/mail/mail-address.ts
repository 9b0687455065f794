// Addresses in header fields: RFC 5322 §3.4, with the obsolete forms that real mail has. Display names are dropped.

/** The tokens that structure an address list; comments vanish, quoted strings stay whole. */
const tokens = (text: string): string[] => {
  const found: string[] = [];
  let word = '';
  let depth = 0;
  const end = (): void => {
    if (word !== '') found.push(word);
    word = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]!;
    if (sign === '\\' && at + 1 < text.length) {
      at += 1;
      if (depth === 0) word += text[at]!;
    } else if (sign === '(') depth += 1;
    else if (sign === ')' && depth > 0) depth -= 1;
    else if (depth > 0) continue;
    else if (sign === '"') {
      const close = /^"(?:[^"\\]|\\[^])*"?/.exec(text.slice(at))![0];
      word += close;
      at += close.length - 1;
    } else if ('<>,;:'.includes(sign)) {
      end();
      found.push(sign);
    } else if (/\s/.test(sign)) end();
    else word += sign;
  }
  end();
  return found;
};

// A local part in quotes means the same without them where they are not needed (RFC 5322 §3.4.1).
const normalised = (address: string): string | null => {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at).replace(/^"([\w!#$%&'*+/=?^`{|}~.-]+)"$/, '$1');
  const domain = address.slice(at + 1);
  if (at < 1 || local === '' || !/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(domain) || !/^[\u0021-\u007e]+$/.test(local)) return null;
  return `${local}@${domain}`.toLowerCase();
};

/** `angle` holds the words between < and >; two words there, or outside without them, are no address. */
interface Reading { inAngle: boolean; angle: string[] | null; words: string[]; found: (string | null)[] }

const finish = (reading: Reading): void => {
  const words = reading.angle ?? reading.words;
  if (reading.angle !== null || words.length > 0) reading.found.push(words.length === 1 ? normalised(words[0]!) : null);
  reading.angle = null;
  reading.words = [];
  reading.inAngle = false;
};

/** All mailboxes of a header value, in lower case; null for one that is no address. Groups are opened. */
export const readMailboxes = (value: string): (string | null)[] => {
  const reading: Reading = { inAngle: false, angle: null, words: [], found: [] };
  for (const token of tokens(value)) {
    if (token === '<') {
      // A second angle address in one mailbox spoils it: the empty word makes two.
      reading.angle = reading.angle === null ? [] : [...reading.angle, ''];
      reading.inAngle = true;
    } else if (token === '>') reading.inAngle = false;
    else if (reading.inAngle) reading.angle!.push(token);
    else if (token === ':') reading.words = [];
    else if (token === ',' || token === ';') finish(reading);
    else reading.words.push(token);
  }
  finish(reading);
  return reading.found;
};

/** The one mailbox of a header value such as From, in lower case; null when there is none, more than one, or it is no address. */
export const readMailbox = (value: string): string | null => {
  const found = readMailboxes(value);
  return found.length === 1 ? found[0]! : null;
};

/** The part after the last `@`, in lower case. */
export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();
