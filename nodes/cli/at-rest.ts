// What nothing more happens to by itself: somebody has to act, or nobody need.
/** States of deliveries. */
export const AT_REST: ReadonlySet<string> = new Set([
  'UNRESOLVED', 'SUPPRESSED', 'PROCESSED', 'DELIVERED', 'UNCONFIRMED', 'FAILED', 'DEAD', 'HELD', 'CANCELLED',
]);

/** Of a delivery, or of a message that stopped before it had one. */
export const hasEnded = (state: string): boolean => AT_REST.has(state) || state === 'ERROR' || state === 'FILTERED';
