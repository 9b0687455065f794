// The package that only the mailboxes of accounts need: loaded when one is opened.
import type { ImapFlow } from 'imapflow';
import { CourierError } from '../errors.ts';

export type ImapClient = ImapFlow;
export type ImapDriver = new (options: ConstructorParameters<typeof ImapFlow>[0]) => ImapClient;

const missing = (error: unknown): boolean => ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Throws IMAP_MISSING. */
export const loadImap = async (load: (name: string) => Promise<unknown> = (name) => import(name)): Promise<ImapDriver> => {
  try {
    return (await load('imapflow') as { ImapFlow: ImapDriver }).ImapFlow;
  } catch (error) {
    if (missing(error)) throw new CourierError('IMAP_MISSING', { cause: error });
    throw error;
  }
};
