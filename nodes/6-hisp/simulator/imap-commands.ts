// What the simulated mailbox answers to each command: IMAP4rev1 (RFC 3501) with IDLE (RFC 2177) and SASL-IR (RFC 4959), only what a
// reader of notifications needs. Everything else is BAD.
import { fetchItem, mailsOf, searchTest, type Token } from './imap-line.ts';
import type { SimulatedMailbox, StoredMail } from './mailbox.ts';

/** `mayLogIn` is asked each time, because it changes; `cuts` is true when the connection is to break in the middle of this mail. */
export interface ImapPlace {
  mailbox: SimulatedMailbox;
  mayLogIn: (user: string, password: string) => boolean;
  /** Whether the server knows IDLE, and lets clients keep keywords of their own. */
  idle: boolean;
  keywords: boolean;
  cuts: () => boolean;
}

/** Pieces to write; `hangUp` ends the connection. */
export interface ImapLine { write(...pieces: (string | Buffer)[]): void; hangUp(): void }

type State = 'new' | 'in' | 'selected';

/** One client. `told`: how many mails it knows of. `waiting`: what its next line answers. */
export interface Visit {
  place: ImapPlace; line: ImapLine;
  state: State; readOnly: boolean; told: number;
  waiting: { tag: string; for: 'IDLE' | 'AUTHENTICATE' } | undefined;
}

/** Undefined: no answer now. */
type Answer = string | undefined;
export interface ImapCommand { from: State[]; act: (visit: Visit, rest: Token[], tag: string) => Answer }

const STANDING = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'];

export const capabilitiesOf = ({ idle }: ImapPlace): string => `CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN${idle ? ' IDLE' : ''}`;

export const tellNews = (visit: Visit): void => {
  const count = visit.place.mailbox.mails.length;
  if (visit.state !== 'selected' || visit.told === count) return;
  visit.told = count;
  visit.line.write(`* ${count} EXISTS\r\n`);
};

const logIn = (visit: Visit, user: string | undefined, password: string | undefined): Answer => {
  if (user === undefined || password === undefined) return 'BAD not a log-in';
  if (!visit.place.mayLogIn(user, password)) return 'NO [AUTHENTICATIONFAILED] wrong user or password';
  visit.state = 'in';
  return `OK [${capabilitiesOf(visit.place)}] logged in`;
};

/** RFC 4616: authorization identity, user and password, in base64. */
export const logInPlain = (visit: Visit, text: string): Answer => {
  const [, user, password] = Buffer.from(text, 'base64').toString('utf8').split('\0');
  return logIn(visit, user, password);
};

const select = (examine: boolean) => (visit: Visit, [name]: Token[]): Answer => {
  const { place: { mailbox: { mails, uidValidity }, keywords }, line } = visit;
  if (typeof name !== 'string' || name.toUpperCase() !== 'INBOX') return 'NO [NONEXISTENT] no such mailbox';
  Object.assign(visit, { state: 'selected', readOnly: examine, told: mails.length });
  const permanent = [...STANDING, ...(keywords ? ['\\*'] : [])].join(' ');
  line.write([
    `* FLAGS (${STANDING.join(' ')})`, `* ${mails.length} EXISTS`, '* 0 RECENT', `* OK [UIDVALIDITY ${uidValidity}] valid`,
    `* OK [UIDNEXT ${(mails.at(-1)?.uid ?? 0) + 1}] next`, `* OK [PERMANENTFLAGS (${permanent})] kept`, '',
  ].join('\r\n'));
  return examine ? 'OK [READ-ONLY] examined' : 'OK [READ-WRITE] selected';
};

const search = ({ place: { mailbox }, line }: Visit, keys: Token[]): Answer => {
  const test = searchTest(keys);
  if (test === null) return 'BAD not a search that is known here';
  line.write(`* SEARCH${mailbox.mails.filter(test).map(({ uid }) => ` ${uid}`).join('')}\r\n`);
  return 'OK searched';
};

const fetch = ({ place: { mailbox, cuts }, line }: Visit, mails: StoredMail[], items: Token | undefined): Answer => {
  const names = [items ?? []].flat();
  for (const mail of mails) {
    const number = mailbox.mails.indexOf(mail) + 1;
    const found = names.map((name) => typeof name === 'string' ? fetchItem(name, mail) : null);
    if (found.length === 0 || found.includes(null)) return 'BAD not an item that is known here';
    if (found.some((pieces) => pieces!.length > 1) && cuts()) {
      line.write(`* ${number} FETCH (UID ${mail.uid} BODY[] {${mail.raw.length}}\r\n`, mail.raw.subarray(0, mail.raw.length >> 1));
      line.hangUp();
      return undefined;
    }
    line.write(`* ${number} FETCH (`, ...found.flatMap((pieces, index) => index === 0 ? pieces! : [' ', ...pieces!]), ')\r\n');
  }
  return 'OK fetched';
};

const store = ({ place: { mailbox, keywords }, line, readOnly }: Visit, mails: StoredMail[], [way, flags]: Token[]): Answer => {
  const given = [flags ?? []].flat();
  const keepable = given.every((flag) => typeof flag === 'string' && (STANDING.includes(flag) || (keywords && /^\w+$/.test(flag))));
  if (readOnly || !keepable || given.length === 0) return 'NO these flags cannot be kept';
  const [, sign, silent] = /^([+-])FLAGS(\.SILENT)?$/.exec(String(way).toUpperCase()) ?? [];
  if (sign === undefined) return 'BAD not a way to store flags';
  for (const mail of mails) {
    for (const flag of given as string[]) mail.flags[sign === '+' ? 'add' : 'delete'](flag);
    if (!silent) line.write(`* ${mailbox.mails.indexOf(mail) + 1} FETCH (UID ${mail.uid} FLAGS (${[...mail.flags].join(' ')}))\r\n`);
  }
  return 'OK stored';
};

const byUid = (visit: Visit, [what, ...rest]: Token[]): Answer => {
  const name = String(what).toUpperCase();
  if (name === 'SEARCH') return search(visit, rest);
  const mails = typeof rest[0] === 'string' ? mailsOf(rest[0], visit.place.mailbox.mails) : null;
  if (mails === null) return 'BAD not a set of mails';
  if (name === 'FETCH') return fetch(visit, mails, rest[1]);
  return name === 'STORE' ? store(visit, mails, rest.slice(1)) : 'BAD unknown command';
};

const list = ({ line }: Visit, [reference, pattern]: Token[]): Answer => {
  if (typeof pattern !== 'string' || reference !== '') return 'BAD not a list that is known here';
  if (pattern === '') line.write('* LIST (\\Noselect) "/" ""\r\n');
  else if (/^(inbox|\*|%)$/i.test(pattern)) line.write('* LIST (\\HasNoChildren) "/" INBOX\r\n');
  return 'OK listed';
};

const authenticate = (visit: Visit, [mechanism, initial]: Token[], tag: string): Answer => {
  if (String(mechanism).toUpperCase() !== 'PLAIN') return 'NO not a mechanism that is known here';
  if (typeof initial === 'string') return logInPlain(visit, initial);
  visit.waiting = { tag, for: 'AUTHENTICATE' };
  visit.line.write('+ \r\n');
  return undefined;
};

const startIdle = (visit: Visit, _rest: Token[], tag: string): Answer => {
  if (!visit.place.idle) return 'BAD unknown command';
  visit.waiting = { tag, for: 'IDLE' };
  visit.line.write('+ idling\r\n');
  tellNews(visit);
  return undefined;
};

const [ALWAYS, INSIDE]: State[][] = [['new', 'in', 'selected'], ['in', 'selected']];
const words = (rest: Token[]): (string | undefined)[] => rest.map((token) => typeof token === 'string' ? token : undefined);

export const IMAP_COMMANDS: ReadonlyMap<string, ImapCommand> = new Map(Object.entries<ImapCommand>({
  CAPABILITY: { from: ALWAYS!, act: ({ place, line }) => { line.write(`* ${capabilitiesOf(place)}\r\n`); return 'OK that is all'; } },
  NOOP: { from: ALWAYS!, act: (visit) => { tellNews(visit); return 'OK nothing done'; } },
  LOGOUT: { from: ALWAYS!, act: ({ line }) => { line.write('* BYE\r\n'); return 'OK bye'; } },
  LOGIN: { from: ['new'], act: (visit, rest) => logIn(visit, words(rest)[0], words(rest)[1]) },
  AUTHENTICATE: { from: ['new'], act: authenticate },
  LIST: { from: INSIDE!, act: list },
  SELECT: { from: INSIDE!, act: select(false) },
  EXAMINE: { from: INSIDE!, act: select(true) },
  UID: { from: ['selected'], act: byUid },
  IDLE: { from: ['selected'], act: startIdle },
}));
