// The judgement over a run with kills: every promise that it broke, in words, with ids to look for.
import type { MailRecord } from '../../nodes/6-hisp/simulator/record.ts';
import type { Exam } from './cases.ts';
import type { Outcome } from './child.ts';
import type { Ended } from './run-once.ts';
import type { Fall } from './windows.ts';

export interface Breach { rule: string; what: string }

type Message = Outcome['messages'][number];

const groups = <Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> => {
  const found = new Map<string, Item[]>();
  for (const item of items) found.set(keyOf(item), [...found.get(keyOf(item)) ?? [], item]);
  return found;
};

const told = (state: string, code: string | null | undefined): string => code == null ? state : `${state} ${code}`;

/** What an input has come to, without ids and times. A repetition of an acknowledged input is no news, how often it was answered no matter. */
const endsOf = ({ inputs, messages, deliveries }: Outcome): Map<string, { text: string; messages: Message[] }> => {
  const ofMessage = groups(deliveries, ({ messageId }) => messageId);
  const messagesOf = groups(messages, ({ inputName }) => inputName ?? '');
  return new Map([...groups(inputs, ({ name }) => name ?? '')].map(([name, kept]) => {
    const made = messagesOf.get(name) ?? [];
    const fates = new Set(kept.filter(({ outcome }) => outcome !== 'replay').map(({ outcome, code }) => told(outcome, code)));
    const ends = made.map(({ id, state, code }) => {
      const own = ofMessage.get(id) ?? [];
      const recipients = own.map((delivery) => `${delivery.recipient ?? delivery.npi}: ${told(delivery.state, delivery.code)}`).sort();
      return `${told(state, code)} [${recipients.join(', ')}]`;
    }).sort();
    return [name, { text: `${[...fates].sort().join(' + ')} → ${ends.join(' + ') || 'no message'}`, messages: made }];
  }));
};

/** The kills that fell while the process had it in hand, by their numbers. */
const killsOf = (ids: string[], falls: Fall[]): string => {
  const lives = falls.filter(({ inFlow, sending }) => [...inFlow, ...sending].some((id) => ids.includes(id))).map(({ life }) => life);
  return lives.length === 0 ? '' : `, in hand at kill ${lives.join(', ')}`;
};

const entriesOf = (text: string): string[] => /\[(.*)\]/.exec(text)?.[1]?.split(', ') ?? [];

/**
 * A result that a correction overtakes ends as it would alone, or SUPERSEDED where it had not been accepted yet: how far it
 * got is a matter of time. What it would come to alone is what its correction came to, for the same recipients.
 */
const mayBeOvertaken = (text: string, correction: string): boolean => {
  if (text === 'ready → FILTERED SUPERSEDED []') return true;
  const [own, alone] = [entriesOf(text), entriesOf(correction)];
  return own.length === alone.length && own.every((entry, index) =>
    entry === alone[index] || entry === `${alone[index]!.split(': ')[0]}: SUPPRESSED SUPERSEDED`);
};

const sameEnds = (exams: Exam[], calm: Ended, disturbed: Ended): Breach[] => {
  const [expected, found] = [endsOf(calm.outcome), endsOf(disturbed.outcome)];
  const overtaken = new Map(exams.flatMap(({ overtaken: names, steps }) => names.map((name) => [name, steps.at(-1)!.name] as const)));
  return disturbed.acknowledged.flatMap(({ name }) => {
    const [wanted, got] = [expected.get(name)?.text, found.get(name)?.text ?? 'nothing is kept of it'];
    const correction = overtaken.get(name);
    if (got === wanted || (correction !== undefined && mayBeOvertaken(got, expected.get(correction)?.text ?? ''))) return [];
    const ids = (found.get(name)?.messages ?? []).map(({ id }) => id);
    const about = `${name} (message ${ids.join(', ') || 'none'}${killsOf(ids, disturbed.falls)})`;
    return [{ rule: 'ends as undisturbed', what: `${about}: ${got}; undisturbed: ${wanted}` }];
  });
};

/** How many attempts of a delivery a kill has cut off. */
const cutOff = (id: string, falls: Fall[]): number => falls.filter(({ sending }) => sending.includes(id)).length;

const bare = (messageId: string | null): string => (messageId ?? '').replace(/^<|>$/g, '');

/** What the HISP took without answering is one copy more, as after a lost connection. */
const fewCopies = ({ outcome, taken, falls }: Ended): Breach[] => {
  const sealed = outcome.deliveries.filter(({ mailMessageId }) => mailMessageId !== null);
  const deliveryOf = new Map(sealed.map((delivery) => [bare(delivery.mailMessageId), delivery]));
  return [...groups(taken, ({ messageId, to }) => `${messageId} ${to}`)].flatMap(([key, copies]): Breach[] => {
    const [{ messageId, to }] = copies as [MailRecord];
    const delivery = deliveryOf.get(messageId);
    if (delivery === undefined || delivery.recipient !== to) {
      return [{ rule: 'one Message-ID', what: `the HISP has a mail ${key} that the journal does not know` }];
    }
    const unanswered = copies.filter(({ answer }) => answer === 'none').length;
    const [allowed, bytes] = [1 + unanswered + cutOff(delivery.id, falls), new Set(copies.map(({ sha256 }) => sha256)).size];
    const about = `delivery ${delivery.id} of message ${delivery.messageId}${killsOf([delivery.id, delivery.messageId], falls)}`;
    return [
      ...(copies.length > allowed ? [{ rule: 'copies', what: `${about}: ${copies.length} copies, ${allowed} allowed` }] : []),
      ...(bytes > 1 ? [{ rule: 'same bytes', what: `${about}: ${bytes} different mails under one Message-ID` }] : []),
    ];
  });
};

const onceBilled = ({ outcome, taken, falls }: Ended): Breach[] => {
  const lines = groups(outcome.ledger, ({ deliveryId }) => deliveryId);
  const arrived = new Set(taken.map(({ messageId }) => messageId));
  const wrong = outcome.deliveries.flatMap(({ id, messageId, acceptedAt, mailMessageId }): Breach[] => {
    const [billed, due] = [lines.get(id)?.length ?? 0, acceptedAt === null ? 0 : 1];
    const about = `delivery ${id} of message ${messageId}${killsOf([id, messageId], falls)}`;
    return [
      ...(billed === due ? [] : [{ rule: 'one fee', what: `${about}: ${billed} ledger lines, ${due} due` }]),
      ...((acceptedAt !== null) === arrived.has(bare(mailMessageId)) ? []
        : [{ rule: 'accepted', what: `${about}: the HISP and the journal disagree about it` }]),
    ];
  });
  const known = new Set(outcome.deliveries.map(({ id }) => id));
  const strays = outcome.ledger.filter(({ deliveryId }) => !known.has(deliveryId));
  return [...wrong, ...strays.map(({ deliveryId }) => ({ rule: 'one fee', what: `a ledger line for delivery ${deliveryId}, which does not exist` }))];
};

const sum = (figures: number[]): number => figures.reduce((total, figure) => total + figure, 0);

const sound = ({ outcome: { verified, looks: entries }, settled, falls }: Ended): Breach[] => {
  const [asked, kept] = [sum(falls.map(({ looks }) => looks.asked)), sum(falls.map(({ looks }) => looks.kept))];
  return [
    ...(settled ? [] : [{ rule: 'comes to rest', what: 'nothing moved any more although something should' }]),
    ...(verified.ok ? [] : [{ rule: 'verifies', what: JSON.stringify({ ...verified, contents: verified.contents.damaged }) }]),
    ...(entries >= kept && entries <= asked ? []
      : [{ rule: 'audit', what: `${entries} looks stand in the chain; ${kept} of ${asked} were told as kept` }]),
  ];
};

/** Copies, fees and soundness: what holds for a run whatever was posted. */
export const judgeAlone = (ended: Ended): Breach[] => [...fewCopies(ended), ...onceBilled(ended), ...sound(ended)];

/** Everything acknowledged is judged; the undisturbed run itself must keep the promises too. */
export const judge = (exams: Exam[], calm: Ended, disturbed: Ended): Breach[] =>
  [...judgeAlone(calm), ...judgeAlone(disturbed), ...sameEnds(exams, calm, disturbed)];
