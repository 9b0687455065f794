// The machine-readable part of a notification: groups of header-like fields (RFC 3464 §2.1.2, RFC 8098 §3.1.1),
// and the values in them as they are written in the field: brackets, prefixes, names, odd case.

/** One group; names in lower case, the first of two equal names counts. */
export type FieldGroup = ReadonlyMap<string, string>;

// Our mails have one recipient each, so an honest report about one has few groups and is short.
const MOST_GROUPS = 100;
const LONGEST_BODY = 1 << 18;

/** Blank lines part the groups; leading and doubled ones are passed over, and so are lines that are no field. NUL bytes are dropped. */
export const fieldGroups = (body: Buffer): FieldGroup[] => {
  const unfolded = body.subarray(0, LONGEST_BODY).toString('utf8').replaceAll('\0', '').replace(/\r\n?/g, '\n').replace(/\n[ \t]+(?=\S)/g, ' ');
  return unfolded.split(/\n[ \t]*(?:\n[ \t]*)+|^\s*\n/).slice(0, MOST_GROUPS).flatMap((block) => {
    const group = new Map<string, string>();
    for (const line of block.split('\n')) {
      const [, name, value] = /^\s*([!-9;-~]+)\s*:(.*)$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined && !group.has(name.toLowerCase())) group.set(name.toLowerCase(), value.trim());
    }
    return group.size === 0 ? [] : [group];
  });
};

// No honest value is longer (RFC 5322 §2.1.1: 998 characters a line); searching a hostile one must stay cheap.
const LONGEST_VALUE = 998;

/**
 * A Message-ID to compare with: unfolded, no white space around, no angle brackets; the left part keeps its case.
 * Some systems leave the brackets away, double them or write a comment behind: all the same id. '' when there is none.
 */
export const messageIdOf = (value: string | undefined): string => {
  const text = (value ?? '').slice(0, LONGEST_VALUE).trim();
  const bracketed = /<([^<>]*)>/.exec(text);
  if (bracketed) return bracketed[1]!.replace(/\s/g, '');
  return /^[^\s<>]+/.exec(text.replace(/^<+\s*/, ''))?.[0] ?? '';
};

/** The last Message-ID of a References field. */
export const lastMessageIdOf = (value: string | undefined): string => {
  const text = (value ?? '').slice(-LONGEST_VALUE).trim();
  return messageIdOf(text.match(/<[^<>]*>/g)?.at(-1) ?? text.split(/\s+/).at(-1));
};

/** An address to compare with, from `rfc822; "Dr. Lee" <Lee@Direct.example>` and its relatives: lower case, no type, name, brackets or comment. */
export const addressOf = (value: string | undefined): string => {
  const typeless = (value ?? '').slice(0, LONGEST_VALUE).replace(/^\s*[a-z0-9-]+\s*;/i, '').replace(/\([^()]*\)/g, ' ');
  const bare = /<([^<>]*)>/.exec(typeless)?.[1]?.trim() ?? typeless.split(/\s+/).findLast((word) => word.includes('@')) ?? '';
  return bare.replace(/^(?:mailto|smtp|direct):/i, '').replace(/^['"]+|['";,]+$/g, '').toLowerCase();
};

/** Text for people and logs: control characters gone, at most 200 characters. */
export const cleanText = (value: string): string =>
  value.slice(0, 4 * LONGEST_VALUE).replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ').trim().slice(0, 200);
