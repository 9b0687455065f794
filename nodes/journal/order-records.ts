// What the journal takes and tells about the life of orders and the versions of documents.

/**
 * For results that wait for their order since `waitMs`, of these order in nodes (and of nodes that are no more). `standIn`: a ClientGuid whose
 * results are sent all the same, to site and organization; null: each is held.
 */
export interface ExpiryRequest { waitMs: number; standIn: string | null; entries: string[] }

/** `more`: those of one order number were seen to, call again. */
export interface ExpiryOutcome { held: number; stoodIn: number; more: boolean }

/** `linked`: IRIS's number and ours are known to be one order. `noted`: kept, and nothing changes; the code says what it tells. */
export interface EventOutcome { inputId: string; outcome: 'linked' | 'replay' | 'noted'; code?: string }
