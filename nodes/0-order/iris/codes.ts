// IRIS's enumerations. Its documentation asks for the code; its TypeScript client writes the number behind it.
// Lists are open: what is not in them is kept as supplied.
import type { GenderContext, Laterality, OrderControl, ResultCode } from '../model.ts';

type Codes<Value extends string> = Record<string, Value>;

const ORDER_CONTROL: Codes<OrderControl> = {
  nw: 'NW', xo: 'XO', ca: 'CA', resendresult: 'ResendResult', 1: 'NW', 2: 'XO', 4: 'CA', 11: 'ResendResult',
};

const RESULT_CODE: Codes<ResultCode> = {
  a: 'A', c: 'C', f: 'F', p: 'P', r: 'R', addendum: 'A', correction: 'C', final: 'F', preliminary: 'P', resend: 'R',
};

const GENDER_CONTEXT: Codes<GenderContext> = {
  unknown: 'unspecified', identitygender: 'identity', birthgender: 'birth', 0: 'unspecified', 1: 'identity', 2: 'birth',
};

const GENDER: Codes<string> = {
  u: 'U', m: 'M', f: 'F', n: 'N', o: 'O', tm: 'TM', tf: 'TF', nd: 'ND', eq: 'EQ', nl: 'NL', x: 'X', male: 'M', female: 'F',
  0: 'U', 1: 'M', 2: 'F', 3: 'N', 4: 'O', 5: 'TM', 6: 'TF', 7: 'ND', 8: 'EQ', 9: 'NL', 10: 'X',
};

const MARITAL_STATUS: Codes<string> = {
  a: 'A', d: 'D', i: 'I', l: 'L', m: 'M', p: 'P', s: 'S', t: 'T', w: 'W', c: 'C',
  0: 'A', 1: 'D', 2: 'I', 3: 'L', 4: 'M', 5: 'P', 6: 'S', 7: 'T', 8: 'W',
};

const EVALUATION_TYPE: Codes<string> = {
  dr: 'DR', glaucoma: 'Glaucoma', hiv: 'HIV', drme: 'DRME', dr_refnoref: 'DR_REFNOREF', amd: 'AMD', dr_amd: 'DR_AMD', sp: 'SP',
  dr_areds_glauc: 'DR_AREDS_GLAUC', ai_eyenuk_o1: 'AI_Eyenuk_O1', me: 'ME',
  0: 'Unknown', 1: 'DR', 2: 'Glaucoma', 3: 'HIV', 4: 'DRME', 6: 'DR_REFNOREF', 7: 'AMD', 8: 'DR_AMD', 9: 'SP',
  12: 'DR_AREDS_GLAUC', 13: 'AI_Eyenuk_O1',
};

const IMAGE_CONTEXT: Codes<string> = {
  primary: 'Primary', secondary: 'Secondary', secondaryviewfield: 'Secondary', unknown: 'Unknown', component: 'Component', aggregate: 'Aggregate',
  enhancement: 'Enhancement', addedlate: 'AddedLate',
  0: 'Primary', 1: 'Secondary', 2: 'Unknown', 3: 'Component', 4: 'Aggregate', 5: 'Enhancement', 6: 'AddedLate',
};

const LATERALITY: Codes<Laterality> = { od: 'OD', os: 'OS', 0: 'OS', 1: 'OD' };

const find = <Value extends string>(codes: Codes<Value>, supplied: string): Value | undefined => {
  const key = supplied.toLowerCase();
  return Object.hasOwn(codes, key) ? codes[key] : undefined;
};

export const orderControl = (supplied: string): OrderControl | undefined => find(ORDER_CONTROL, supplied);
export const resultCode = (supplied: string): ResultCode | undefined => find(RESULT_CODE, supplied);
export const genderContext = (supplied: string): GenderContext => find(GENDER_CONTEXT, supplied) ?? 'unspecified';
export const gender = (supplied: string): string => find(GENDER, supplied) ?? supplied;
export const maritalStatus = (supplied: string): string => find(MARITAL_STATUS, supplied) ?? supplied;
export const evaluationType = (supplied: string): string => find(EVALUATION_TYPE, supplied) ?? supplied;
export const imageContext = (supplied: string): string => find(IMAGE_CONTEXT, supplied) ?? supplied;
/** `OU`, both eyes, names neither and gives undefined. */
export const laterality = (supplied: string): Laterality | undefined => find(LATERALITY, supplied);

const isUngradable = (text: string): boolean => /^(?:not grade?able|ungrade?able)/i.test(text.trim());
const isGradable = (text: string): boolean => /^grade?able/i.test(text.trim());

/** `Gradable`, `Gradeable Image`, `Ungradable`, `Not Gradable`: each spelling IRIS is known to use. Undefined for anything else. */
export const gradability = (text: string): boolean | undefined => (isUngradable(text) ? false : isGradable(text) ? true : undefined);
