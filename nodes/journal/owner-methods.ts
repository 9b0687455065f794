// What the owner of a journal does for others: also what a command does by itself where nobody owns the journal.
import { acceptAgain } from './again.ts';
import type { OwnerMethods } from './owner-wire.ts';
import type { Journal } from './port.ts';

export const methodsOf = (journal: Journal): OwnerMethods => ({
  act: journal.act, rerun: journal.rerun, prune: journal.prune, verify: journal.verify,
  rotateKey: ({ newKey, actor, reason }) => journal.rotateKey(newKey, actor, reason),
  accept: (request) => acceptAgain(journal, request, new Date()),
});
