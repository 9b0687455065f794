// Requests to the owner, read field by field: what is not named here does not get through.
import { BLOCK_KINDS } from '../0-order/do-not-send.ts';
import { CourierError } from '../errors.ts';
import type { AcceptRequest, OwnerMethod, OwnerMethods } from './owner-wire.ts';
import type { Action, DeliverySelection, DeliveryState, PruneRequest, RerunRequest, VerifyRequest } from './port.ts';
import { STAGES } from './records.ts';
import { RETENTION } from './requests.ts';

type Fields = Record<string, unknown>;

const invalid = (path: string): CourierError => new CourierError('OWNER_REQUEST_INVALID', { path });

const LONGEST = 500;
/** What a terminal or a log could take for something else than text. */
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/;

const text = (fields: Fields, name: string): string => {
  const value = fields[name];
  if (typeof value !== 'string' || value.trim() === '' || value.length > LONGEST || CONTROL.test(value)) throw invalid(name);
  return value;
};

const given = (fields: Fields, name: string): boolean => fields[name] !== undefined && fields[name] !== null;

const optional = <Name extends string>(fields: Fields, name: Name): { [Key in Name]?: string } =>
  (given(fields, name) ? { [name]: text(fields, name) } : {}) as { [Key in Name]?: string };

const oneOf = <Value extends string>(fields: Fields, name: string, values: readonly Value[]): Value => {
  const value = fields[name];
  if (!(values as readonly unknown[]).includes(value)) throw invalid(name);
  return value as Value;
};

const fieldsOf = (value: unknown, name: string): Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name);
  return value as Fields;
};

const MOST_IDS = 200_000;

const ids = (fields: Fields, name: string): string[] => {
  const value = fields[name];
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_IDS) throw invalid(name);
  return value.map((_, index) => text(value as unknown as Fields, String(index)));
};

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const bytes = (fields: Fields, name: string): Uint8Array => {
  const value = fields[name];
  if (typeof value !== 'string' || value.length % 4 !== 0 || !BASE64.test(value)) throw invalid(name);
  return new Uint8Array(Buffer.from(value, 'base64'));
};

const byPerson = (fields: Fields): { actor: string; reason: string } => ({ actor: text(fields, 'actor'), reason: text(fields, 'reason') });

const STATES: readonly DeliveryState[] = [
  'RESOLVING', 'UNRESOLVED', 'SUPPRESSED', 'QUEUED', 'SENDING', 'SENT', 'PROCESSED', 'DELIVERED', 'UNCONFIRMED', 'FAILED', 'DEAD', 'HELD',
  'CANCELLED',
];

const selection = (fields: Fields): DeliverySelection => {
  const chosen = fieldsOf(fields['deliveries'], 'deliveries');
  if (given(chosen, 'ids')) return { ids: ids(chosen, 'ids') };
  const filter = fieldsOf(chosen['filter'], 'filter');
  const read = {
    ...optional(filter, 'account'), ...optional(filter, 'orderLocalId'), ...optional(filter, 'recipient'),
    ...(given(filter, 'state') && { state: oneOf(filter, 'state', STATES) }),
  };
  // A filter that a slip has emptied would be for everything.
  if (Object.keys(read).length === 0) throw invalid('filter');
  return { filter: read };
};

const KINDS: readonly Action['kind'][] = [
  'hold', 'release', 'cancel', 'redirect', 'pause', 'resume', 'legal-hold', 'legal-release', 'release-message', 'close-message',
  'acknowledge', 'block', 'unblock', 'test', 'viewed', 'exported',
];

const action = (fields: Fields): Action => {
  const kind = oneOf(fields, 'kind', KINDS);
  const person = byPerson(fields);
  switch (kind) {
    case 'hold': case 'release': case 'cancel': return { kind, ...person, deliveries: selection(fields) };
    case 'redirect': return { kind, ...person, deliveryId: text(fields, 'deliveryId'), address: text(fields, 'address') };
    case 'pause': case 'resume': return { kind, ...person, account: text(fields, 'account') };
    case 'legal-hold': case 'legal-release': return { kind, ...person, messageId: text(fields, 'messageId') };
    case 'release-message': return { kind, ...person, messageId: text(fields, 'messageId'), ...optional(fields, 'organization') };
    case 'close-message': return { kind, ...person, messageId: text(fields, 'messageId') };
    case 'acknowledge':
      return { kind, ...person, ...optional(fields, 'alertId'), ...optional(fields, 'deliveryId'), ...optional(fields, 'messageId') };
    case 'block': return { kind, ...person, block: oneOf(fields, 'block', BLOCK_KINDS), value: text(fields, 'value') };
    case 'unblock': return { kind, ...person, id: text(fields, 'id') };
    case 'test': return {
      kind, ...person, organization: text(fields, 'organization'), address: text(fields, 'address'), ...optional(fields, 'site'),
      ...(typeof fields['finalDelivery'] === 'boolean' && { finalDelivery: fields['finalDelivery'] }),
    };
    case 'viewed': case 'exported': return { kind, ...person, target: text(fields, 'target') };
  }
};

const rerun = (fields: Fields): RerunRequest => ({
  ...byPerson(fields), messageId: text(fields, 'messageId'), from: oneOf(fields, 'from', STAGES),
  ...(given(fields, 'only') && { only: ids(fields, 'only') }),
});

const days = (fields: Fields, name: string): number => {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 100_000) throw invalid(name);
  return value;
};

const prune = (fields: Fields): PruneRequest => {
  const settings = fieldsOf(fields['settings'], 'settings');
  const names = Object.keys(RETENTION) as (keyof typeof RETENTION)[];
  if (typeof fields['dryRun'] !== 'boolean') throw invalid('dryRun');
  const read = Object.fromEntries(names.map((name) => [name, days(settings, name)])) as unknown as PruneRequest['settings'];
  return { ...byPerson(fields), dryRun: fields['dryRun'], settings: read };
};

const verify = (fields: Fields): VerifyRequest => ({ auditOnly: fields['auditOnly'] === true, ...optional(fields, 'head') });

const KEY_BYTES = 32;

const rotateKey = (fields: Fields): { newKey: Uint8Array; actor: string; reason: string } => {
  const newKey = bytes(fields, 'newKey');
  if (newKey.length !== KEY_BYTES) throw invalid('newKey');
  return { newKey, ...byPerson(fields) };
};

const accept = (fields: Fields): AcceptRequest => ({
  ...byPerson(fields), messageId: text(fields, 'messageId'), edited: given(fields, 'edited') ? bytes(fields, 'edited') : null,
  ...(given(fields, 'only') && { only: ids(fields, 'only') }),
});

const READERS: { [Method in OwnerMethod]: (fields: Fields) => Parameters<OwnerMethods[Method]>[0] } =
  { act: action, rerun, prune, verify, rotateKey, accept };

/** A request made ready to run. Throws OWNER_REQUEST_INVALID with the field's name, or `method`. */
export const readRequest = (request: Fields): ((methods: OwnerMethods) => Promise<unknown>) => {
  const method = oneOf(request, 'method', Object.keys(READERS) as OwnerMethod[]);
  const input = READERS[method](fieldsOf(request['input'], 'input'));
  return (methods) => (methods[method] as (input: unknown) => Promise<unknown>)(input);
};

/** Bytes become base64; the rest is plain JSON already. */
export const packRequest = <Method extends OwnerMethod>(method: Method, input: Parameters<OwnerMethods[Method]>[0]): Fields => ({
  method,
  input: Object.fromEntries(Object.entries(input).map(([name, value]) =>
    [name, value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value as unknown])),
});
