// Whether a mail may go over an account as it is: sealed mail over one that leaves sealing to us, plain mail over one whose HISP seals.
import { isEnveloped } from '../5-smime/plain-mail.ts';
import type { Code } from '../errors.ts';
import type { HispAccount } from './types.ts';

/** Told from the mail's bytes, whatever anybody says about them; null when it may go. */
export const sealingFault = (
  { sealing }: Pick<HispAccount, 'sealing'>, raw: Uint8Array,
): Extract<Code, 'PLAINTEXT_REFUSED' | 'ALREADY_SEALED'> | null => {
  const sealed = isEnveloped(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength));
  if (sealing === 'hisp') return sealed ? 'ALREADY_SEALED' : null;
  return sealed ? null : 'PLAINTEXT_REFUSED';
};
