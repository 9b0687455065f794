// A node's hold on its journal: opened once, shared with all who ask, tried again for as long as the node lives.
import { asCourierError } from '../errors.ts';
import type { Journal } from './port.ts';
import { createTeller, type Tell } from './teller.ts';

export interface Opener {
  /** The journal, or why it cannot be opened just now; whoever asks later causes another try. */
  open(): Promise<Journal>;
  /** Resolves when the journal is first open, whenever that is; never rejects. */
  opened: Promise<Journal>;
  /** Opens by itself, and again with growing pauses while that fails. */
  begin(): void;
  /** Gives the journal back. */
  close(): Promise<void>;
}

export interface OpenerOptions {
  open: () => Promise<Journal>;
  /** Each fault once, null when it is over. */
  tell: Tell;
  /** Pauses between tries, in ms: from `first`, doubling, up to `last`. */
  pauses?: { first: number; last: number };
}

export const createOpener = ({ open: openIt, tell, pauses = { first: 1_000, last: 30_000 } }: OpenerOptions): Opener => {
  const say = createTeller(tell);
  let current: Promise<Journal> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let first: (journal: Journal) => void;
  const opened = new Promise<Journal>((resolve) => { first = resolve; });

  const hold = async (): Promise<Journal> => {
    try {
      const journal = await openIt();
      first(journal);
      if (!closed) say(null);
      return journal;
    } catch (error) {
      const fault = asCourierError(error, 'JOURNAL_FAILED');
      current = undefined;
      if (!closed) say(fault);
      throw fault;
    }
  };

  const open = async (): Promise<Journal> => {
    if (!closed) return await (current ??= hold());
    // Asked by what is still on its way through a flow that was replaced: lent, not held.
    const journal = await openIt();
    await journal.close();
    return journal;
  };

  const attempt = (pause: number): void => {
    open().catch(() => {
      if (!closed) timer = setTimeout(() => attempt(Math.min(pause * 2, pauses.last)), pause).unref();
    });
  };

  const close = async (): Promise<void> => {
    closed = true;
    clearTimeout(timer);
    const held = current;
    current = undefined;
    await held?.then((journal) => journal.close()).catch(() => undefined);
  };

  return { open, opened, begin: () => { if (!closed) attempt(pauses.first); }, close };
};
