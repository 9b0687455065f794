// A patient made of marks, and every good and failing way that its order and result can go.
import { CLINIC, inputPair, irisOrder, irisResult, type PairSetup } from '../support/samples.ts';

export const FAMILY = 'Zzfamilymark';
const [GIVEN, MRN, PHONE, BORN] = ['Qxgivenmark', 'MRKRECORD7', '(555) 555-0173', '3/17/1947'];
export const SSN = '219-46-7788';
/** However it is written. */
export const SSN_MARK = /219\D{0,6}46\D{0,6}7788/;
const BIRTHDAYS = ['0?3/17/1947', '1947-?03-?17', '17 Mar 1947', 'Mar(ch)? 17, 1947'];
export const MARKS = new RegExp([FAMILY, GIVEN, MRN, '555-?0173', ...BIRTHDAYS, SSN_MARK.source].join('|'), 'i');
const ADDRESS = 'dr.lee@good.lakeside.sim.example';
export const PATIENT = { LocalId: MRN, Name: { First: GIVEN, Last: FAMILY }, Dob: BORN, Phone: PHONE, Address: { Street1: `1 ${FAMILY} St` } };
const NOTE = `SSN ${SSN}, please compare; once ${SSN.replaceAll('-', ' ')}, then ${SSN.replaceAll('-', '\u2013')} and ${SSN.replaceAll('-', '')}.`;
const LEAKY = { Ssn: SSN, SocialSecurityNumber: SSN.replaceAll('-', ''), AdditionalInfo: SSN.replaceAll('-', '') };
const PERSON = `${GIVEN} ${FAMILY}, born ${BORN}, ${MRN}, ${PHONE}`;
export const EVERYTHING = `${PERSON}, SSN ${SSN}`;

export type Json = Record<string, unknown>;
export const pair = (n: number, { address = ADDRESS, npi = null, order = {}, result = {} }: PairSetup = {}): Json[] => Object.values(inputPair(n, {
  address, npi,
  order: { Patient: { ...PATIENT, ...LEAKY }, ...order },
  result: { Patient: { ...PATIENT, ...LEAKY }, Gradings: { Notes: [{ Date: '2026-01-06T14:09:00+00:00', Text: NOTE }] }, ...result },
}));
const control = (OrderControlCode: string, n: number, change: Json = {}): Json =>
  ({ Version: '2.3.1', OrderControlCode, ClientGuid: CLINIC, Site: { LocalId: 'SITE01' }, Order: { LocalId: `ORD${n}` }, ...change });

// What names an order and whom its result goes to is shown. An identifier is kept as it is, even one that looks like a number to blank.
const SHOWN = /^\.(Order|Site)\.LocalId$|PrimaryCareProvider\./;

/** Every value of the object in turn replaced: wrong types, wrong dates, wrong codes. */
const spoiled = (object: Json, value: unknown, path = ''): Json[] => Object.entries(object).flatMap(([key, inner]) => {
  const here = `${path}.${key}`;
  const deeper = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? spoiled(inner as Json, value, here) : [];
  return [...(SHOWN.test(here) ? [] : [key === 'LocalId' ? FAMILY : value]), ...deeper].map((each) => ({ ...object, [key]: each }));
});
const order = (change: Json): Json => irisOrder({ Patient: PATIENT, ...change });
export const BROKEN_TEXT = [
  '{"Patient": X', '{"Patient": "X', '{"Patient": \'X\'}', '{"Patient": "X",}', '{"X": 1}', '"X"', 'X', '<X/>', 'MSH|^~\\&|X', '["X"]',
  '{"OrderControlCode": "X"}', '{"ResultCode": "X", // X\n}',
].map((text) => text.replaceAll('X', EVERYTHING));

export const WAYS: Json[] = [
  ...pair(1, { order: { Comment: `SSN ${SSN}` } }),
  ...pair(2, { result: { Patient: { ...PATIENT, Name: { First: GIVEN, Last: `${FAMILY}else` } } } }),
  ...pair(3, { result: { Patient: { ...PATIENT, Dob: '3/18/1947' } } }),
  ...pair(4, { order: { Patient: { ...PATIENT, Name: { First: GIVEN, Last: `${FAMILY} 漢字` } } }, result: { Patient: { ...PATIENT, Name: { First: GIVEN, Last: `${FAMILY} 漢字` } } } }),
  ...pair(5, { result: { Images: [{ FileName: `${FAMILY}-${MRN}.png`, Laterality: 'OD' }, { FileName: `../${FAMILY}.png`, Laterality: 'OS' }] } }),
  ...['refuse', 'untrusted', 'expired', 'nocert', 'bounce'].flatMap((label, index) => pair(10 + index, { address: `x@${label}.lakeside.sim.example` })),
  ...pair(20, { address: null }), ...pair(21, { address: null, npi: SSN }), ...pair(22, { address: null, npi: '2990000095' }), ...pair(23, { address: `${SSN}@` }),
  ...pair(24, { order: { ClientGuid: '00000000-0000-4000-8000-0000000000cc' } }),
  pair(25)[1]!, pair(26)[0]!, order({ Order: { LocalId: 'ORD26' }, Patient: { ...PATIENT, LocalId: `${MRN}B` } }),
  control('XO', 26, { Patient: { LocalId: `${MRN}C` } }), control('CA', 26), pair(26)[1]!, control('ResendResult', 27), control('ResendResult', 1),
  pair(1)[1]!, ...pair(30), ...pair(31), ...pair(32), ...pair(33), ...pair(34),
];

/** What no reader lets through reaches the stages by a Function node in between. A number that such a node brings along is its author's. */
export const SABOTAGE = `const patient = msg.order.patient, text = ${JSON.stringify(PERSON)};
({ 0: () => { msg.order.patient = text; }, 1: () => { patient.birthDate = text; }, 2: () => { msg.result.gradings = text; },
  3: () => { msg.images = [{ laterality: 'OD', data: Buffer.from(text) }]; patient.name.family += '\\u0000\\ud800'; },
  4: () => { msg.result.document = { base64: text }; patient.genders = text; } }[/^ORD[34](\\d)$/.exec(msg.direct.orderLocalId)?.[1]] ?? (() => {}))();
return msg;`;

/** One field wrong after the other, of an order and of a result. */
export const WRONG: Json[] = [...spoiled(order({}), EVERYTHING), ...spoiled(irisResult({ Patient: PATIENT }), [EVERYTHING])];
