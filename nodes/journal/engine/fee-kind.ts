// Which fee a delivery is: the first one for its recipient, or that of a resend.
import type { ChargeableEvent } from '../port.ts';
import { first, type Store } from './store.ts';

interface Charged { test: number; address_mark: Uint8Array | null; resend_of: string | null; link_of: string | null; instead_of: string | null }

interface Standing { at: number | null; of: string | null }
interface Origin { link: string | null; resend: string | null }

/** Whether the HISP had accepted what the delivery stands in place of, or what that stood in place of. */
const predecessorWent = async (store: Store, insteadOf: string | null): Promise<boolean> => {
  for (let id = insteadOf; id !== null;) {
    const row = await first<Standing>(store, 'SELECT accepted_at AS at, instead_of AS of FROM delivery WHERE id = :id', { id });
    if (row?.at != null) return true;
    id = row?.of ?? null;
  }
  return false;
};

/** Whether a message that this one was made from went to the same address, or was a resend itself. */
const originWent = async (store: Store, linkOf: string | null, mark: Uint8Array | null): Promise<boolean> => {
  for (let id = linkOf; id !== null;) {
    const went = await first(store, `SELECT 1 FROM delivery WHERE message_id = :id AND address_mark = :mark
      AND accepted_at IS NOT NULL`, { id, mark });
    if (went !== undefined) return true;
    const row = await first<Origin>(store, 'SELECT link_of AS link, resend_of AS resend FROM message WHERE id = :id', { id });
    if (row?.link == null) return row?.resend != null;
    id = row.link;
  }
  return false;
};

/**
 * A `ResendResult` is a resend. What a person ran again, edited or redirected is one only where the HISP had accepted the result for this
 * recipient before: until then nothing was delivered that could be sent again.
 * What is nobody's result is a test, whatever else it is.
 */
export const feeKindOf = async (store: Store, row: Charged): Promise<ChargeableEvent['kind']> => {
  if (row.test === 1) return 'test';
  const again = row.link_of === null ? row.resend_of !== null
    : await predecessorWent(store, row.instead_of) || await originWent(store, row.link_of, row.address_mark);
  return again ? 'resend' : 'delivery';
};
