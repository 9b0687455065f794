// Social security numbers are never sent. A submitter's record number that looks like one is treated as one.

// Blanks, dots and every dash that people type between the groups.
const BETWEEN = String.raw`[\s.\-\u2010-\u2015\u2212]*`;
const SSN = new RegExp(String.raw`^\s*\d{3}${BETWEEN}\d{2}${BETWEEN}\d{4}\s*$`);

/** True for `ddd-dd-dddd` and for any nine digits, however they are spaced. */
export const looksLikeSsn = (text: string): boolean => SSN.test(text);

/** True only when the nine digits are grouped 3-2-4: what an order or visit number does not do by chance. */
export const isWrittenLikeSsn = (text: string): boolean => looksLikeSsn(text) && !/^\s*\d{9}\s*$/.test(text);
