// Another key for the journal: the data keys are wrapped anew, contents stay as they are.
import { changeKey } from '../key-rows.ts';
import { fingerprint } from '../sealed.ts';
import { saying } from './asking.ts';
import { appendAudit } from './audit.ts';
import type { Store } from './store.ts';

/**
 * What is open goes on with the data keys that it knows; each process learns of the new key with the next day's data key, or when it
 * opens the journal. Throws KEY_INVALID when it is not 32 bytes, REQUEST_INVALID.
 */
export const rotateKey = async (store: Store, newKey: Uint8Array, actor: string, reason = ''): Promise<{ fingerprint: string }> => {
  const by = saying('actor', actor);
  const why = reason === '' ? '' : saying('reason', reason);
  const before = store.vault.fingerprint();
  await changeKey(store, newKey);
  const after = fingerprint(newKey);
  await appendAudit(store, { actor: by, action: 'rotate-key', target: 'journal', reason: why, detail: JSON.stringify({ before, after }) });
  return { fingerprint: after };
};
