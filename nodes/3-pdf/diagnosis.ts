// ICD-10-CM codes as people read them: with the dot, and with a text for the families that a retinal exam yields.
import type { CodedText } from '../0-order/model.ts';

const DIABETES: Record<string, string> = {
  E08: 'Diabetes mellitus due to underlying condition',
  E09: 'Drug or chemical induced diabetes mellitus',
  E10: 'Type 1 diabetes mellitus',
  E11: 'Type 2 diabetes mellitus',
  E13: 'Other specified diabetes mellitus',
};
const RETINOPATHY: Record<string, string> = {
  1: 'unspecified diabetic retinopathy',
  2: 'mild nonproliferative diabetic retinopathy',
  3: 'moderate nonproliferative diabetic retinopathy',
  4: 'severe nonproliferative diabetic retinopathy',
  5: 'proliferative diabetic retinopathy',
};
const EDEMA: Record<string, string> = { 1: 'with macular edema', 9: 'without macular edema' };
const EYE: Record<string, string> = { 1: 'right eye', 2: 'left eye', 3: 'bilateral', 9: 'unspecified eye' };
const DRY_STAGE: Record<string, string> = {
  0: 'stage unspecified', 1: 'early dry stage', 2: 'intermediate dry stage',
  3: 'advanced atrophic without subfoveal involvement', 4: 'advanced atrophic with subfoveal involvement',
};
const FIXED: Record<string, string> = { H3581: 'Retinal edema' };

const joined = (parts: (string | undefined)[], separator: string): string => parts.filter((part) => part !== undefined).join(separator);

const diabetesText = (code: string): string | undefined => {
  const type = DIABETES[code.slice(0, 3)];
  if (type === undefined) return undefined;
  if (code.slice(3) === '9') return `${type} without complications`;
  const [, level, edema, eye] = /^3([1-5])([19])([1239])?$/.exec(code.slice(3)) ?? [];
  if (level === undefined) return undefined;
  return joined([`${type} with ${RETINOPATHY[level]} ${EDEMA[edema!]}`, eye && EYE[eye]], ', ');
};

const macularText = (code: string): string | undefined => {
  const [, form, eye, stage] = /^H353([12])([1239])([0-4])$/.exec(code) ?? [];
  if (form === undefined) return undefined;
  if (form === '1') return `Nonexudative age-related macular degeneration, ${EYE[eye!]}, ${DRY_STAGE[stage!]}`;
  return stage === '0' ? `Exudative age-related macular degeneration, ${EYE[eye!]}, stage unspecified` : undefined;
};

/** `E113291` → `E11.3291`. */
export const dotted = (code: string): string => /^[A-Z]\d[0-9A-Z][0-9A-Z]+$/i.test(code) ? `${code.slice(0, 3)}.${code.slice(3)}` : code;

/** Code and text: the supplied text first, else the classification's own words where they can be derived, else the bare code. */
export const diagnosisText = ({ code, text }: CodedText): string => {
  const bare = code.replace('.', '').toUpperCase();
  return joined([dotted(code), text || (FIXED[bare] ?? diabetesText(bare) ?? macularText(bare))], ' \u2013 ');
};
