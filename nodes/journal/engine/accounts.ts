// HISP accounts that stand still: paused by a person, or at fault and being probed. Meanwhile the ages of their deliveries stand still too.
import type { AccountRecord, IncidentRecord } from '../port.ts';
import { all, by, first, insert, list, lock, opened, run, sealed, type Store } from './store.ts';

interface AccountRow {
  name: string; paused_at: number | null; paused_by: string | null; paused_why: string | null;
  fault_since: number | null; fault_code: string | null; probes: number; next_probe_at: number | null; stopped_since: number | null;
}

/** Whoever claims a probe has this long to settle it, in ms; then another process may probe. */
const PROBE_TIME = 60_000;

/** The newest incidents that are listed. */
const LISTED = 500;

/**
 * Locks the account, which gets its row if it has none. Take it before any delivery of the account is changed: whoever sets an account
 * going again changes its deliveries under this lock.
 */
const lockAccount = async (store: Store, name: string): Promise<AccountRow> => {
  await insert(store, 'account', { name }, 'ON CONFLICT DO NOTHING');
  await lock(store, 'account', name);
  return (await first<AccountRow>(store, 'SELECT * FROM account WHERE name = :name', { name }))!;
};

export const pausedOrFaulty = async (store: Store, accounts: readonly string[]): Promise<Set<string>> => {
  const { sql, values } = list('account', accounts);
  const rows = await all<{ name: string }>(store, `SELECT name FROM account WHERE name IN ${sql}
    AND (paused_at IS NOT NULL OR fault_since IS NOT NULL)`, values);
  return new Set(rows.map(({ name }) => name));
};

/** The account is at fault. Further faults of an account that is at fault already only bring the incident up to date. */
export const openFault = async (store: Store, account: string, code: string, response: string, probeAt: number): Promise<void> => {
  const row = await lockAccount(store, account);
  const text = sealed(store, 'incident', response);
  await run(store, `UPDATE account SET fault_code = :code, fault_since = coalesce(fault_since, :now), stopped_since = coalesce(stopped_since, :now),
    next_probe_at = coalesce(next_probe_at, :probeAt) WHERE name = :account`, { account, code, probeAt, now: store.now });
  if (row.fault_since === null) {
    await insert(store, 'incident', { id: store.newId(), account, code, opened_at: store.now, response: text });
  } else {
    await run(store, 'UPDATE incident SET code = :code, response = :text WHERE account = :account AND resolved_at IS NULL', { account, code, text });
  }
  store.works.add('queue');
};

/** Nothing stops the account any more: its deliveries have not aged meanwhile. A clock that went back adds nothing. */
const restart = async (store: Store, account: string): Promise<void> => {
  store.works.add('queue');
  const row = (await first<AccountRow>(store, 'SELECT * FROM account WHERE name = :account', { account }))!;
  if (row.paused_at !== null || row.fault_since !== null || row.stopped_since === null) return;
  const values = { account, since: row.stopped_since, now: store.now };
  await run(store, 'UPDATE account SET stopped_since = NULL WHERE name = :account', values);
  await run(store, `UPDATE delivery ${by(store, 'delivery_by_state')}
    SET age_from = age_from + (:now - CASE WHEN age_from > :since THEN age_from ELSE :since END)
    WHERE account = :account AND state IN ('RESOLVING', 'QUEUED', 'HELD', 'SENDING') AND age_from < :now AND CAST(:since AS BIGINT) < :now`, values);
};

/** Each due one is handed to one caller. A paused account is left in peace: whoever paused it may have the server's door closed. */
export const claimProbes = async (store: Store, accounts: readonly string[]): Promise<{ account: string; probes: number; at: number }[]> => {
  const { sql, values } = list('account', accounts);
  const due = await all<{ name: string; probes: number }>(store, `SELECT name, probes FROM account WHERE name IN ${sql}
    AND fault_since IS NOT NULL AND paused_at IS NULL AND next_probe_at <= :now ORDER BY name`, { ...values, now: store.now });
  const claimed: { account: string; probes: number; at: number }[] = [];
  for (const { name, probes } of due) {
    const won = await run(store, 'UPDATE account SET next_probe_at = :until WHERE name = :name AND next_probe_at <= :now AND fault_since IS NOT NULL',
      { name, until: store.now + PROBE_TIME, now: store.now });
    if (won === 1) claimed.push({ account: name, probes, at: store.now });
  }
  if (claimed.length > 0) store.works.add('queue');
  return claimed;
};

type ProbeOutcome = { ok: true } | { ok: false; code: string; response: string; probeAt: number; at?: number };

/** Settling a fault that is over already changes nothing. */
export const settleProbe = async (store: Store, account: string, outcome: ProbeOutcome): Promise<void> => {
  const row = await lockAccount(store, account);
  if (row.fault_since === null) return;
  await run(store, 'UPDATE incident SET probes = probes + 1 WHERE account = :account AND resolved_at IS NULL', { account });
  if (!outcome.ok) {
    const { code, response, at = store.now } = outcome;
    const probeAt = store.now + outcome.probeAt - at;
    const values = { account, code, probeAt, text: sealed(store, 'incident', response) };
    await run(store, 'UPDATE account SET probes = probes + 1, fault_code = :code, next_probe_at = :probeAt WHERE name = :account', values);
    await run(store, 'UPDATE incident SET code = :code, response = :text WHERE account = :account AND resolved_at IS NULL', values);
    store.works.add('queue');
    return;
  }
  await run(store, 'UPDATE incident SET resolved_at = :now WHERE account = :account AND resolved_at IS NULL', { account, now: store.now });
  await run(store, `UPDATE account SET fault_since = NULL, fault_code = NULL, probes = 0, next_probe_at = NULL WHERE name = :account`, { account });
  await restart(store, account);
};

/** False: it is paused already. */
export const pauseAccount = async (store: Store, account: string, actor: string, reason: string): Promise<boolean> => {
  if ((await lockAccount(store, account)).paused_at !== null) return false;
  await run(store, `UPDATE account SET paused_at = :now, paused_by = :actor, paused_why = :reason, stopped_since = coalesce(stopped_since, :now)
    WHERE name = :account`, { account, actor, reason, now: store.now });
  return true;
};

/** False: it is not paused. An account that is at fault as well is probed at once. */
export const resumeAccount = async (store: Store, account: string): Promise<boolean> => {
  if ((await lockAccount(store, account)).paused_at === null) return false;
  await run(store, `UPDATE account SET paused_at = NULL, paused_by = NULL, paused_why = NULL,
    next_probe_at = CASE WHEN fault_since IS NULL THEN NULL ELSE CAST(:now AS BIGINT) END WHERE name = :account`, { account, now: store.now });
  await restart(store, account);
  return true;
};

const accountRecord = (row: AccountRow, queued: number): AccountRecord => ({
  name: row.name, queued,
  paused: row.paused_at === null ? null : { at: row.paused_at, by: row.paused_by ?? '', reason: row.paused_why ?? '' },
  fault: row.fault_since === null ? null
    : { since: row.fault_since, code: row.fault_code ?? '', probes: row.probes, nextProbeAt: row.next_probe_at ?? row.fault_since },
});

const unknownAccount = (name: string): AccountRow => ({
  name, paused_at: null, paused_by: null, paused_why: null, fault_since: null, fault_code: null, probes: 0, next_probe_at: null, stopped_since: null,
});

/** One look into the index per name, however many deliveries there are. */
const namesOfDeliveries = async (store: Store): Promise<string[]> => {
  const names: string[] = [];
  for (let last: string | null = ''; last !== null;) {
    const next: { name: string | null } | undefined = await first(store, 'SELECT min(account) AS name FROM delivery WHERE account > :last', { last });
    last = next?.name ?? null;
    if (last !== null) names.push(last);
  }
  return names;
};

/** All that ever had a delivery, or were paused or at fault; by name. */
export const accounts = async (store: Store): Promise<AccountRecord[]> => {
  const rows = new Map((await all<AccountRow>(store, 'SELECT * FROM account')).map((row) => [row.name, row]));
  const records: AccountRecord[] = [];
  for (const name of [...new Set([...rows.keys(), ...await namesOfDeliveries(store)])].sort()) {
    const queued = await first<{ n: number }>(store, `SELECT count(*) AS n FROM delivery ${by(store, 'delivery_due')}
      WHERE state = 'QUEUED' AND account = :name`, { name });
    records.push(accountRecord(rows.get(name) ?? unknownAccount(name), queued!.n));
  }
  return records;
};

interface IncidentRow {
  id: string; account: string; code: string; opened_at: number; resolved_at: number | null; probes: number; response: Uint8Array | null;
}

/** Newest first. */
export const incidents = async (store: Store, filter: { account?: string; open?: boolean } = {}): Promise<IncidentRecord[]> => {
  const open = filter.open === undefined ? null : Number(filter.open);
  const rows = await all<IncidentRow>(store, `SELECT * FROM incident WHERE (CAST(:account AS TEXT) IS NULL OR account = :account)
    AND (CAST(:open AS BIGINT) IS NULL OR CASE WHEN resolved_at IS NULL THEN 1 ELSE 0 END = :open) ORDER BY seq DESC LIMIT ${LISTED}`,
  { account: filter.account ?? null, open });
  const records: IncidentRecord[] = [];
  for (const { id, account, code, probes, ...row } of rows) {
    const response = row.response === null ? '' : await opened<string>(store, 'incident', row.response);
    records.push({ id, account, code, openedAt: row.opened_at, resolvedAt: row.resolved_at, probes, response });
  }
  return records;
};
