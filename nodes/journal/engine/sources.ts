// Sources of notifications: whether they are up, and how the clocks of deliveries stand still while the one that would tell of them is down.
import { CourierError } from '../../errors.ts';
import { all, by, first, insert, list, lockName, parsed, run, type Store, type Values } from './store.ts';

/** A source without a sign of life for this long is taken for down, in ms. */
const SILENCE = 30_000;

// RFC 1123 labels; nothing that means something in SQL or LIKE.
const DOMAIN = /^[a-z0-9]+(?:[.-]+[a-z0-9]+)*$/;

interface SourceRow { id: string; domains: string; account: string | null; seen_at: number; down_since: number | null }

/** `domains` of senders, empty: all. `account`: the one whose mailbox it is. `since`: null while it is up, else when its silence began. */
interface Source { id: string; domains: string[]; account: string | null; since: number | null }

/** A sign of life from the future is none: the clock was set back. */
const sinceOf = ({ seen_at: seen, down_since: down }: SourceRow, now: number): number | null =>
  down === null && Math.abs(now - seen) <= SILENCE ? null : Math.min(down ?? seen, now);

const sourcesOf = async (store: Store): Promise<Source[]> => {
  const rows = await all<SourceRow>(store, 'SELECT id, domains, account, seen_at, down_since FROM source ORDER BY id');
  return rows.map((row) => ({ id: row.id, domains: parsed<string[]>(row.domains), account: row.account, since: sinceOf(row, store.now) }));
};

const servedBy = (sources: Source[]): string => {
  if (sources.some(({ domains }) => domains.length === 0)) return '1 = 1';
  const domains = [...new Set(sources.flatMap((source) => source.domains))];
  return domains.length === 0 ? '1 = 0' : `(${domains.map((domain) => `lower(d.sender) LIKE '%@${domain}'`).join(' OR ')})`;
};

/** Of the sources that belong to no account: a clock runs where one that serves the sender is up, and where none serves it at all. */
const generalRuns = (sources: Source[]): string => {
  const down = sources.filter(({ since }) => since !== null);
  if (down.length === 0) return '1 = 1';
  const up = servedBy(sources.filter(({ since }) => since === null));
  return up === '1 = 1' ? up : `(${up} OR NOT ${servedBy(down)})`;
};

/** SQL: whether the clock of a SENT delivery `d` runs. Where its account has a mailbox that is read, nothing else tells of it. */
const clockRuns = async (store: Store): Promise<{ sql: string; values: Values }> => {
  const sources = await sourcesOf(store);
  const own = sources.filter(({ account }) => account !== null);
  const general = generalRuns(sources.filter(({ account }) => account === null));
  if (own.length === 0) return { sql: general, values: {} };
  const known = list('own', own.map(({ account }) => account!));
  const up = list('up', own.filter(({ since }) => since === null).map(({ account }) => account!).concat(''));
  return { sql: `(d.account IN ${up.sql} OR (d.account NOT IN ${known.sql} AND ${general}))`, values: { ...known.values, ...up.values } };
};

/** When the next deadline falls whose clock runs; null: none does. */
export const nextDeadline = async (store: Store): Promise<number | null> => {
  const { sql, values } = await clockRuns(store);
  return (await first<{ at: number | null }>(store, `SELECT min(d.deadline_at) AS at FROM delivery d ${by(store, 'delivery_deadline')}
    WHERE d.state = 'SENT' AND ${sql}`, values))?.at ?? null;
};

/** Deliveries whose deadline is over and whose clock runs, the longest overdue first. */
export const overdue = async (store: Store, limit: number): Promise<string[]> => {
  const { sql, values } = await clockRuns(store);
  return (await all<{ id: string }>(store, `SELECT d.id FROM delivery d ${by(store, 'delivery_deadline')} WHERE d.state = 'SENT'
    AND d.deadline_at <= :now AND ${sql} ORDER BY d.deadline_at LIMIT :limit`, { ...values, now: store.now, limit })).map(({ id }) => id);
};

/** Deliveries whose clocks go together. */
interface Way { sender: string; account: string }

/** Since when the clocks of a way's deliveries stand still: since the last of those who serve it went down. Null: they run. */
const standsSince = (sources: Source[], { sender, account }: Way): number | null => {
  const domain = sender.slice(sender.lastIndexOf('@') + 1).toLowerCase();
  const own = sources.filter((source) => source.account === account);
  const serving = own.length > 0 ? own
    : sources.filter((source) => source.account === null && (source.domains.length === 0 || source.domains.includes(domain)));
  if (serving.length === 0 || serving.some(({ since }) => since === null)) return null;
  return Math.max(...serving.map(({ since }) => since!));
};

const CHUNK = 200;

/** Clocks that stood still and run on now: the deadlines move by the time in between, from acceptance on at most. */
const moveClocks = async (store: Store, before: Source[], after: Source[]): Promise<void> => {
  if (before.every(({ since }) => since === null)) return;
  const ways = await all<Way>(store, `SELECT DISTINCT sender, account FROM delivery
    WHERE state = 'SENT' AND sender IS NOT NULL AND account IS NOT NULL ORDER BY sender, account`);
  const moved = new Map<string, { since: number; account: string; names: string[] }>();
  for (const way of ways) {
    const since = standsSince(before, way);
    if (since === null || since >= store.now || standsSince(after, way) !== null) continue;
    const key = JSON.stringify([since, way.account]);
    moved.set(key, { since, account: way.account, names: [...moved.get(key)?.names ?? [], way.sender] });
  }
  for (const { since, account, names } of moved.values()) {
    for (let at = 0; at < names.length; at += CHUNK) {
      const { sql, values } = list('sender', names.slice(at, at + CHUNK));
      await run(store, `UPDATE delivery SET deadline_at = deadline_at + (:now - CASE WHEN accepted_at > :since THEN accepted_at ELSE :since END)
        WHERE state = 'SENT' AND accepted_at < :now AND account = :account AND sender IN ${sql}`,
        { ...values, since, account, now: store.now });
    }
  }
};

const readDomains = (domains: readonly string[]): string[] => domains.map((domain) => {
  const name = domain.trim().toLowerCase();
  if (name.length > 255 || !DOMAIN.test(name)) throw new CourierError('REQUEST_INVALID', { path: 'domains' });
  return name;
}).sort();

export const sourceUp = async (store: Store, source: string, domains: string[], account: string | null = null): Promise<void> => {
  const own: Source = { id: source, domains: readDomains(domains), account, since: null };
  await lockName(store, 'sources');
  const before = await sourcesOf(store);
  const known = before.find(({ id }) => id === source);
  const text = JSON.stringify(own.domains);
  if (known?.since !== null || JSON.stringify(known.domains) !== text || known.account !== account) {
    await moveClocks(store, before, [...before.filter(({ id }) => id !== source), own]);
    store.works.add('queue');
  }
  await insert(store, 'source', { id: source, domains: text, account, seen_at: store.now, down_since: null },
    'ON CONFLICT (id) DO UPDATE SET domains = excluded.domains, account = excluded.account, seen_at = excluded.seen_at, down_since = NULL');
};

export const sourceDown = async (store: Store, source: string, removed: boolean): Promise<void> => {
  await lockName(store, 'sources');
  const before = await sourcesOf(store);
  const known = before.find(({ id }) => id === source);
  if (known === undefined) return;
  if (removed) {
    await moveClocks(store, before, before.filter(({ id }) => id !== source));
    await run(store, 'DELETE FROM source WHERE id = :source', { source });
  } else {
    await run(store, 'UPDATE source SET down_since = :since WHERE id = :source', { source, since: known.since ?? store.now });
  }
  store.works.add('queue');
};
