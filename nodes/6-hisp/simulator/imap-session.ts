// One client of the simulated mailbox, line by line.
import { capabilitiesOf, IMAP_COMMANDS, type ImapLine, type ImapPlace, logInPlain, tellNews, type Visit } from './imap-commands.ts';
import { tokensOf } from './imap-line.ts';

export interface ImapSession { take(line: string): void; end(): void }

const command = (visit: Visit, text: string): void => {
  const { line, state } = visit;
  const [, tag, name, rest = ''] = /^([A-Za-z0-9.]{1,40}) ([A-Za-z]{1,20})(?: (.*))?$/.exec(text) ?? [];
  if (tag === undefined || name === undefined) return line.write('* BAD not a command\r\n');
  const known = IMAP_COMMANDS.get(name.toUpperCase());
  const tokens = tokensOf(rest);
  if (known === undefined || tokens === null) return line.write(`${tag} BAD unknown command\r\n`);
  const answer = known.from.includes(state) ? known.act(visit, tokens, tag) : 'BAD not now';
  if (answer !== undefined) line.write(`${tag} ${answer}\r\n`);
  if (name.toUpperCase() === 'LOGOUT') line.hangUp();
};

export const imapSession = (place: ImapPlace, line: ImapLine): ImapSession => {
  const visit: Visit = { place, line, state: 'new', readOnly: false, told: 0, waiting: undefined };
  line.write(`* OK [${capabilitiesOf(place)}] simulated HISP\r\n`);
  return {
    take(text) {
      const { waiting } = visit;
      if (waiting === undefined) return command(visit, text);
      visit.waiting = undefined;
      const done = waiting.for === 'AUTHENTICATE' ? logInPlain(visit, text) : text.toUpperCase() === 'DONE' ? 'OK done' : 'BAD expected DONE';
      line.write(`${waiting.tag} ${done}\r\n`);
    },
    end: place.mailbox.watch(() => { if (visit.waiting?.for === 'IDLE') tellNews(visit); }),
  };
};
