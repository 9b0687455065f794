// What the grader found, eye by eye.
import type { CodedText, EyeGrading, Finding, Note, Result } from '../model.ts';
import { gradability } from './codes.ts';
import {
  flagOf, identifierOf, instantOf, invalidField, must, objectOf, objectsOf, present, textOf, textsOf, valueOf, type Fields,
} from './fields.ts';
import { icd10, provider } from './people.ts';

/** Absent, null, [] and the text `None` all say: no finding listed. */
const findings = (eye: Fields): Finding[] => {
  const value = valueOf(eye, 'Findings');
  if (typeof value === 'string' && /^none$/i.test(value.trim())) return [];
  return objectsOf(eye, 'Findings').map((entry) =>
    ({ finding: must(textOf(entry, 'Finding'), entry, 'Finding'), ...present({ result: textOf(entry, 'Result') }) }));
};

/** Where the flag is absent, only what leaves no doubt stands in for it. */
const gradable = (eye: Fields, found: Finding[], ungradableReasons: string[]): boolean => {
  const name = ['Gradable', 'Gradeable'].find((spelling) => valueOf(eye, spelling) !== undefined);
  const value = name === undefined ? undefined : valueOf(eye, name);
  if (name !== undefined && typeof value === 'string') return gradability(value) ?? flagOf(eye, name)!;
  if (name !== undefined) return flagOf(eye, name)!;
  const ungradable = found.some(({ finding }) => gradability(finding) === false);
  if (ungradable || ungradableReasons.length > 0 || valueOf(eye, 'MissingEyeReason') !== undefined) return false;
  return must(found.length > 0 ? true : undefined, eye, 'Gradable');
};

const eyeGrading = (gradings: Fields, name: 'OD' | 'OS'): EyeGrading | undefined => {
  const eye = objectOf(gradings, name);
  if (eye === undefined) return undefined;
  const [found, ungradableReasons] = [findings(eye), textsOf(eye, 'UngradableReasons')];
  return {
    gradable: gradable(eye, found, ungradableReasons), ungradableReasons, findings: found,
    ...present({ missingReason: textOf(eye, 'MissingEyeReason') }),
  };
};

const diagnoses = (gradings: Fields): CodedText[] => {
  const coded = objectsOf(gradings, 'DiagnosisCodes').map((entry): CodedText =>
    ({ code: icd10(must(identifierOf(entry, 'Code'), entry, 'Code')), ...present({ text: textOf(entry, 'Description') }) }));
  const plain = textsOf(gradings, 'DxCodes').map((code): CodedText => ({ code: icd10(code) }));
  return [...coded, ...plain.filter(({ code }) => !coded.some((other) => other.code === code))];
};

const notes = (gradings: Fields): Note[] => objectsOf(gradings, 'Notes').flatMap((entry): Note[] => {
  const text = textOf(entry, 'Text');
  return text === undefined ? [] : [{ text, ...present({ date: instantOf(entry, 'Date') }) }];
});

export const readGradings = (root: Fields): Result['gradings'] => {
  const gradings = must(objectOf(root, 'Gradings'), root, 'Gradings');
  if (valueOf(gradings, 'OU') !== undefined) throw invalidField(gradings, 'OU', 'OD and OS instead');
  return {
    urgent: flagOf(gradings, 'Urgent') ?? false,
    emergent: flagOf(gradings, 'Emergent') ?? false,
    notes: notes(gradings),
    diagnoses: diagnoses(gradings),
    ...present({
      gradedTime: instantOf(gradings, 'GradedTime'),
      carePlanName: textOf(gradings, 'CarePlanName'), carePlanDescription: textOf(gradings, 'CarePlanDescription'),
      pathology: flagOf(gradings, 'Pathology'),
      OD: eyeGrading(gradings, 'OD'), OS: eyeGrading(gradings, 'OS'),
      provider: provider(gradings, 'Provider'),
    }),
  };
};
