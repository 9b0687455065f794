// What the report says of one eye.
import type { EyeGrading, Finding, Laterality, Result } from '../0-order/model.ts';
import type { Texts } from './texts.ts';

export interface EyeContent {
  laterality: Laterality;
  heading: string;
  /** Said before the findings when there is something about the eye itself to say. */
  statement?: string;
  items: string[];
  /** Stands where the image would be. */
  placeholder: string;
  imageText: string;
}

const NEGATIVE = new Set(['none', 'no observable', 'negative']);

/** Open list: whatever the finding is called, it is shown. */
export const findingText = ({ finding, result }: Finding, texts: Texts): string => {
  const name = finding.trim() || texts.unnamedFinding;
  if (result === undefined || result.trim() === '') return name;
  return NEGATIVE.has(result.trim().toLowerCase()) ? texts.negative(name) : `${name}: ${result.trim()}`;
};

/** Whether the exam has anything of this eye. A missing eye stays missing, whatever its grading says, unless it has findings. */
export const isExamined = (eye: EyeGrading | undefined): boolean =>
  eye !== undefined && (!eye.missingReason || eye.findings.length > 0);

/** No eye of the exam could be graded: its report's title says so. A test message is of no exam. */
export const isUngradable = ({ test, gradings: { OD, OS } }: Pick<Result, 'gradings' | 'test'>): boolean =>
  !(test === true && (OD ?? OS) === undefined) && ![OD, OS].some((eye) => isExamined(eye) && eye?.gradable);

/** `missingReason` is the order's: it explains an eye that the result leaves out. */
export const eyeContent = (laterality: Laterality, eye: EyeGrading | undefined, missingReason: string | undefined, texts: Texts): EyeContent => {
  const shown = { laterality, heading: texts.eye[laterality], imageText: texts.imageOf[laterality], placeholder: texts.imageUnavailable };
  const findings = (eye?.findings ?? []).map((finding) => findingText(finding, texts));
  if (eye === undefined || !isExamined(eye)) {
    const reason = eye === undefined ? missingReason : eye.missingReason;
    return { ...shown, statement: texts.noImage, items: reason ? [texts.reason(reason)] : [], placeholder: texts.noImage };
  }
  if (!eye.gradable) return { ...shown, statement: texts.notGradable, items: [...eye.ungradableReasons, ...findings] };
  return findings.length > 0 ? { ...shown, items: findings } : { ...shown, statement: texts.noPathology, items: [] };
};
