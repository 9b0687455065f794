import { CourierError } from '../errors.ts';
import type { Identity, OpenKey } from '../5-smime/types.ts';

/**
 * Keys to open notifications with: each organization signs with its own identity, and answers come back to that one.
 * Identities that cannot be read are passed over as long as one can. Errors: IDENTITY_INVALID.
 */
export const openingKeys = async (identities: { open(): Promise<Identity> }[]): Promise<OpenKey[]> => {
  const read = await Promise.allSettled(identities.map(async (identity) => await identity.open()));
  const keys = read.flatMap((each) => each.status === 'fulfilled' ? [each.value] : [])
    .map(({ privateKey, certificate }) => ({ privateKey, certificate }));
  if (keys.length === 0) throw new CourierError('IDENTITY_INVALID', { detail: 'no identity to open notifications with' });
  return keys;
};
