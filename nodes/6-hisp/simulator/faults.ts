// What goes wrong in the simulated network while somebody wants it to: for tests, and for showing what the courier does about it.

export interface Faults {
  /** `refuse`: every log-in is answered with 535. */
  login: 'ok' | 'refuse';
  /** `untrusted`: the server shows a certificate of an authority that nobody trusts. */
  tls: 'ok' | 'untrusted';
  /** False: the edge log-in's mailbox cannot be reached. */
  mailbox: boolean;
  /** How many mails, from the start, are cut off in the middle when they are read from the mailbox. */
  mailboxCuts: number;
  /** False: nobody listens for mail, connections are refused. */
  listening: boolean;
  /** How long the network takes over its answer to a mail, in ms. */
  answerMs: number;
  /** How often a recipient under `later.` is put off, a mail to `greylist.`, and the answer to a mail for `swallow.` kept back. */
  laterTries: number;
  greylistTries: number;
  swallowTries: number;
}

export const NO_FAULTS: Faults = {
  login: 'ok', tls: 'ok', listening: true, mailbox: true, mailboxCuts: 0, answerMs: 0, laterTries: 1, greylistTries: 1, swallowTries: 1,
};

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 1_000_000;

const FITS: Record<keyof Faults, (value: unknown) => boolean> = {
  login: (value) => value === 'ok' || value === 'refuse',
  tls: (value) => value === 'ok' || value === 'untrusted',
  listening: (value) => typeof value === 'boolean',
  mailbox: (value) => typeof value === 'boolean',
  mailboxCuts: isCount,
  answerMs: isCount, laterTries: isCount, greylistTries: isCount, swallowTries: isCount,
};

/** What a request asks for; null when it is nothing of that kind. */
export const readFaults = (text: string): Partial<Faults> | null => {
  try {
    const asked: unknown = JSON.parse(text);
    if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) return null;
    const fits = Object.entries(asked).every(([name, value]) => Object.hasOwn(FITS, name) && FITS[name as keyof Faults](value));
    return fits ? asked as Partial<Faults> : null;
  } catch {
    return null;
  }
};

/** True for the first `times` calls of each key. */
export const firstTimes = (): ((key: string, times: number) => boolean) => {
  const seen = new Map<string, number>();
  return (key, times) => {
    const count = (seen.get(key) ?? 0) + 1;
    if (count <= times) seen.set(key, count);
    return count <= times;
  };
};
