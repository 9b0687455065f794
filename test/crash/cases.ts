// The made-up exams of a run: what a sender posts about each of them, in which order, and which answers it takes as an end.
import { CLINIC, inputPair, irisOrder, NPI, OTHER_CLINIC, type PairSetup } from '../support/samples.ts';
import { SOON_CLINIC } from './flow.ts';
import { type Chance, chance } from './random.ts';

/** One post. `answers`: statuses after which the sender goes on; anything else is posted again. */
export interface Step { name: string; body: string; answers: number[] }

/** `overtaken`: names of results that a later step of the case corrects. */
export interface Exam { order: string; kind: string; steps: Step[]; overtaken: string[] }

type Json = Record<string, unknown>;
interface Scene { n: number; luck: Chance; pair: (setup?: PairSetup) => { order: Json; result: Json } }
interface Wish { step: string; body: unknown; answers?: number[]; overtaken?: boolean }

const PDF_BASE64 = Buffer.from([
  '%PDF-1.4', '1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj', '2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj',
  '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>endobj', 'trailer<</Root 1 0 R>>', '%%EOF', '',
].join('\n')).toString('base64');

const DOMAINS = ['good.lakeside', 'good.riverside', 'good.hillview'];
const doctor = ({ n, luck }: Scene, domain = luck.pick(DOMAINS)): string => `dr.${n % 40}@${domain}.sim.example`;

const both = ({ order, result }: { order: Json; result: Json }): Wish[] => [{ step: 'order', body: order }, { step: 'result', body: result }];

const changed = (result: Json, change: Json): Json => ({ ...result, ...change });
const graded = (result: Json, change: Json): Json => changed(result, { Gradings: { ...result['Gradings'] as Json, ...change } });
const told = (domain: string) => (scene: Scene): Wish[] => both(scene.pair({ address: doctor(scene, domain) }));
const plain = (scene: Scene): { order: Json; result: Json } => scene.pair({ address: doctor(scene) });

const KINDS: Record<string, { weight: number; wishes: (scene: Scene) => Wish[] }> = {
  'address': { weight: 30, wishes: (scene) => both(plain(scene)) },
  'urgent': {
    weight: 6, wishes: (scene) => {
      const { order, result } = plain(scene);
      return both({ order, result: graded(result, { [scene.luck.pick(['Urgent', 'Emergent'])]: true }) });
    },
  },
  'rendered': {
    weight: 5, wishes: (scene) => {
      const { order, result } = plain(scene);
      return both({ order, result: changed(result, { ResultsDocument: undefined }) });
    },
  },
  'npi': { weight: 7, wishes: ({ pair }) => both(pair({ npi: NPI.pcp })) },
  'site and address': { weight: 6, wishes: (scene) => both(scene.pair({ site: 'SITE02', address: doctor(scene) })) },
  'site': { weight: 4, wishes: ({ pair }) => both(pair({ site: 'SITE02' })) },
  'organization': { weight: 6, wishes: ({ pair }) => both(pair({ organization: OTHER_CLINIC })) },
  'organization and address': { weight: 4, wishes: (scene) => both(scene.pair({ organization: OTHER_CLINIC, address: doctor(scene) })) },
  'replay': {
    weight: 5, wishes: (scene) => {
      const { order, result } = plain(scene);
      return [...both({ order, result }), { step: 'again', body: changed(result, { TransactionId: scene.luck.uuid() }) }];
    },
  },
  'correction': {
    weight: 5, wishes: (scene) => {
      const { order, result } = plain(scene);
      const corrected = changed(graded(result, { CarePlanName: 'Return in 3 months' }), { ResultCode: 'C', TransactionId: scene.luck.uuid() });
      return [{ step: 'order', body: order }, { step: 'result', body: result, overtaken: true }, { step: 'corrected', body: corrected }];
    },
  },
  'sent again': {
    weight: 3, wishes: (scene) => {
      const { order, result } = plain(scene);
      return [...both({ order, result }), { step: 'once more', body: changed(result, { ResultCode: 'R', TransactionId: scene.luck.uuid() }) }];
    },
  },
  'result first': { weight: 4, wishes: (scene) => both(plain(scene)).reverse() },
  'refused': { weight: 4, wishes: told('refuse.lakeside') },
  'greylisted': { weight: 4, wishes: told('greylist.lakeside') },
  'put off': { weight: 2, wishes: told('later.lakeside') },
  'taken without an answer': { weight: 2, wishes: told('swallow.lakeside') },
  'bounced': { weight: 3, wishes: told('bounce.lakeside') },
  'untrusted': { weight: 3, wishes: told('untrusted.lakeside') },
  'no certificate': { weight: 2, wishes: told('nocert.lakeside') },
  'silent': { weight: 1, wishes: (scene) => both(scene.pair({ organization: SOON_CLINIC, address: doctor(scene, 'silent.lakeside') })) },
  'npi unknown': { weight: 2, wishes: ({ pair }) => both(pair({ npi: NPI.grader })) },
  'no route': { weight: 2, wishes: ({ pair }) => both(pair({})) },
  'other patient': {
    weight: 2, wishes: (scene) => {
      const { order, result } = plain(scene);
      return both({ order, result: changed(result, { Patient: { ...result['Patient'] as Json, Dob: '2/2/1962' } }) });
    },
  },
  'unknown organization': { weight: 1, wishes: (scene) => both(scene.pair({ organization: `${CLINIC.slice(0, -2)}ff`, address: doctor(scene) })) },
  'cancelled': {
    weight: 1, wishes: (scene) => {
      const { order, result } = plain(scene);
      const { LocalId } = order['Order'] as Json;
      const cancel = { ...irisOrder(), OrderControlCode: 'CA', ClientGuid: CLINIC, Site: order['Site'], Order: { LocalId } };
      return [{ step: 'order', body: order }, { step: 'cancel', body: cancel }, { step: 'result', body: result }];
    },
  },
  'unreadable': {
    weight: 2, wishes: (scene) => {
      const { order, result } = plain(scene);
      return [{ step: 'order', body: order }, { step: 'result', body: changed(result, { ResultCode: 'Q' }), answers: [422] }];
    },
  },
};

const NAMES = Object.keys(KINDS);
const LOTS = NAMES.flatMap((kind) => Array.from({ length: KINDS[kind]!.weight }, () => kind));

const examOf = (n: number, kind: string, luck: Chance): Exam => {
  const document = { ResultsDocument: { Type: 'PDF', Content: PDF_BASE64 }, TransactionId: luck.uuid(), Images: [] };
  const pair = (setup: PairSetup = {}): { order: Json; result: Json } => {
    const [order, result] = Object.values(inputPair(n, { ...setup, result: document }));
    return { order: order!, result: result! };
  };
  const wishes = KINDS[kind]!.wishes({ n, luck, pair });
  const name = (step: string): string => `${n}-${step.replaceAll(' ', '-')}`;
  return {
    order: `ORD${n}`, kind,
    steps: wishes.map(({ step, body, answers = [202] }) => ({ name: name(step), body: JSON.stringify(body), answers })),
    overtaken: wishes.filter(({ overtaken }) => overtaken).map(({ step }) => name(step)),
  };
};

/** One exam of each of these kinds, in this order. */
export const examsOf = (seed: number, kinds: readonly string[]): Exam[] => {
  const luck = chance(seed);
  return kinds.map((kind, index) => examOf(10_001 + index, kind, luck));
};

/** Each kind at least once where there is room; those that end by a deadline only early, so that nobody waits for them at the end. */
export const examsFor = (seed: number, count: number): Exam[] => {
  const luck = chance(seed);
  const SLOW = 'silent';
  const rest = Array.from({ length: Math.max(0, count - NAMES.length) }, () => luck.pick(LOTS)).map((kind) => kind === SLOW ? 'address' : kind);
  const first = luck.shuffled(NAMES).slice(0, count);
  const later = luck.shuffled([...first.filter((kind) => kind !== SLOW), ...rest]);
  return examsOf(luck.below(2 ** 31), [...first.filter((kind) => kind === SLOW), ...later]);
};
