// The named points of a message's way at which the process ends itself, and the windows that they stand for.
// A point is a request to the journal's worker that is about to be posted, or a reply that has just arrived: both are seen from outside.

export const WINDOWS = [
  'after commit before emit', 'inside the flow', 'after seal before queue', 'after the final dot before commit', 'after acceptance before the fee',
] as const;
export type Window = typeof WINDOWS[number];

/** What passes between the process and its journal. `about`: ids of messages or deliveries. */
export interface JournalEvent { at: number; side: 'request' | 'reply'; call: number; method: string; about: string[]; note: string }

export interface Point { window: Window | 'elsewhere'; side: JournalEvent['side']; method: string; note?: string }

/** Several per window, as the window has several edges. The old product had no `claimFlow`: a point that is never passed is never hit. */
export const POINTS: Record<string, Point> = {
  'accepted, not emitted': { window: 'after commit before emit', side: 'reply', method: 'acceptResult', note: 'ready' },
  'handed out, not emitted': { window: 'after commit before emit', side: 'reply', method: 'claimFlow', note: 'some' },
  'plan under way': { window: 'inside the flow', side: 'request', method: 'planRecipients' },
  'plan made': { window: 'inside the flow', side: 'reply', method: 'planRecipients' },
  'recipients settled': { window: 'inside the flow', side: 'reply', method: 'settleRecipients' },
  'report kept': { window: 'inside the flow', side: 'reply', method: 'saveReport' },
  'document under way': { window: 'inside the flow', side: 'request', method: 'saveDocument' },
  'document kept': { window: 'inside the flow', side: 'reply', method: 'saveDocument' },
  'sealed, not queued': { window: 'after seal before queue', side: 'request', method: 'enqueue' },
  'answered, not settled': { window: 'after the final dot before commit', side: 'request', method: 'settleAttempt', note: 'accepted' },
  'settled, not metered': { window: 'after acceptance before the fee', side: 'reply', method: 'settleAttempt', note: 'accepted' },
  'fee under way': { window: 'after acceptance before the fee', side: 'request', method: 'appendLedger' },
  'input under way': { window: 'elsewhere', side: 'request', method: 'acceptResult' },
  'order kept, not answered': { window: 'elsewhere', side: 'reply', method: 'storeOrder' },
  'queued, not claimed': { window: 'elsewhere', side: 'reply', method: 'enqueue' },
  'claimed, not sent': { window: 'elsewhere', side: 'reply', method: 'claimDue', note: 'some' },
  'fee kept': { window: 'elsewhere', side: 'reply', method: 'appendLedger' },
  'notification under way': { window: 'elsewhere', side: 'request', method: 'applyNotice' },
  'notification kept, not answered': { window: 'elsewhere', side: 'reply', method: 'applyNotice' },
};
export type PointName = string;

export const isAt = ({ side, method, note }: Point, event: JournalEvent): boolean =>
  event.side === side && event.method === method && (note === undefined || event.note === note);
