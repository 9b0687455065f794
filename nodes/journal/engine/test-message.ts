// A test message: a person wants to know whether an address can be reached. It takes the real way, over the real account, marked TEST.
import { normalizeAddress } from '../../0-order/direct-address.ts';
import { testOrder, testResult, type TestSubject } from '../../0-order/test-result.ts';
import { CourierError } from '../../errors.ts';
import type { ActionOutcome, ByPerson, DeliveryState, MessageState, TestResult } from '../port.ts';
import { plain, refuse } from './asking.ts';
import { detailsOf } from './deliveries.ts';
import { keepInput } from './inputs.ts';
import { settleMessage } from './message-state.ts';
import { insertMessage, messageRow } from './messages.ts';
import { storeStandIn } from './orders.ts';
import { insertRecipient } from './recipients.ts';
import { all, run, type Store, unlessDamaged } from './store.ts';

export interface TestRequest { organization: unknown; site?: unknown; address: unknown; finalDelivery?: unknown }

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Stands where no site was named: none of the organization's is called so. */
export const NO_SITE = 'TEST';

const subjectOf = (store: Store, { organization, site }: TestRequest): TestSubject => {
  const guid = plain('organization', organization).toLowerCase();
  if (!GUID.test(guid)) refuse('organization');
  const at = new Date(store.now).toISOString();
  return { organization: guid, site: site === undefined ? NO_SITE : plain('site', site), localId: `TEST-${store.newId().slice(-12)}`, at };
};

/** Throws REQUEST_INVALID, ADDRESS_INVALID. The do-not-send list holds for it too: such a test ends at once. */
export const sendTest = async (store: Store, asked: TestRequest, { actor, reason }: ByPerson): Promise<ActionOutcome> => {
  const address = typeof asked.address === 'string' ? normalizeAddress(asked.address) : null;
  if (address === null) throw new CourierError('ADDRESS_INVALID', { path: 'address' });
  const subject = subjectOf(store, asked);
  const result = testResult(subject);
  const raw = { bytes: Buffer.from(JSON.stringify(result)), source: 'test message' };
  const inputId = await keepInput(store, raw, { kind: 'result', outcome: 'ready', orderLocalId: subject.localId });
  const joined = await storeStandIn(store, testOrder(subject), inputId);
  const id = await insertMessage(store, {
    inputId, result, boundTo: null, joined, state: 'RECEIVED', code: null, why: null, resendOf: null, repeatable: false, entry: '',
    link: { kind: 'test', of: null, actor, reason },
  });
  await run(store, `UPDATE message SET state = 'ROUTED', planned_at = :now WHERE id = :id`, { id, now: store.now });
  await insertRecipient(store, (await messageRow(store, id))!, {
    level: asked.site === undefined ? 'organization' : 'site', alsoFrom: [], address, npi: null, source: 'test message',
    why: `A test message, sent by ${actor}: ${reason}`, finalDelivery: asked.finalDelivery !== false, state: 'RESOLVING', code: null, warnings: [],
  }, 0);
  await settleMessage(store, id);
  return { changed: [], skipped: [], created: id };
};

interface Row {
  id: string; organization: string; site: string; received_at: number; link_actor: string; link_reason: string; message_state: MessageState;
  message_code: string | null; delivery: string | null; state: DeliveryState | null; code: string | null;
  details: Uint8Array | null; at: number | null;
}

/** Tests are few; those of years ago say nothing any more. */
const LATEST = 1000;

const resultOf = async (store: Store, row: Row): Promise<TestResult | null> => {
  const details = row.details === null ? null : await unlessDamaged(() => detailsOf(store, { details: row.details! }));
  if (details?.address == null) return null;
  return {
    organization: row.organization, site: row.site, address: details.address, messageId: row.id, deliveryId: row.delivery,
    state: row.state ?? row.message_state, code: row.state === null ? row.message_code : row.code, at: row.at ?? row.received_at,
    actor: row.link_actor, reason: row.link_reason,
  };
};

export const testResults = async (store: Store): Promise<TestResult[]> => {
  const rows = await all<Row>(store, `SELECT m.id, m.organization, m.site, m.received_at, m.link_actor, m.link_reason, m.state AS message_state,
      m.code AS message_code, d.id AS delivery, d.state, d.code, d.details,
      (SELECT max(h.at) FROM delivery_history h WHERE h.delivery_id = d.id) AS at
    FROM message m LEFT JOIN delivery d ON d.message_id = m.id AND d.ordinal >= 0 WHERE m.link_kind = 'test' ORDER BY m.seq DESC LIMIT ${LATEST}`);
  const latest = new Map<string, TestResult>();
  for (const row of rows) {
    const found = await resultOf(store, row);
    const key = found === null ? '' : JSON.stringify([found.organization, found.site, found.address]);
    if (found !== null && !latest.has(key)) latest.set(key, found);
  }
  return [...latest.values()];
};
