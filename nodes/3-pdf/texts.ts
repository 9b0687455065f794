// Every word that a report shows by itself. Another language is another catalog of the same shape.
import type { Laterality, Priority } from '../0-order/model.ts';

const EN_US = {
  title: (kind: ReportKind): string => ({
    diabetic: 'Diabetic Retinal Exam Report',
    glaucoma: 'Glaucoma Exam Report',
    hiv: 'HIV Retinopathy Exam Report',
    macular: 'Macular Degeneration Exam Report',
    'diabetic-macular': 'Diabetic and Macular Degeneration Exam Report',
    retinal: 'Retinal Exam Report',
  })[kind],
  test: (title: string): string => `TEST: ${title}`,
  testMark: 'TEST',
  ungradable: (title: string): string => `${title}: UNGRADABLE`,
  marks: { A: 'ADDENDUM', C: 'CORRECTED', P: 'PRELIMINARY' } as Partial<Record<string, string>>,
  banner: {
    emergent: 'EMERGENT: immediate emergency care is needed',
    urgent: 'URGENT: prompt action is needed',
  } satisfies Partial<Record<Priority, string>>,
  field: { birthDate: 'Date of birth', gender: 'Gender', mrn: 'MRN', orderer: 'Ordering provider', order: 'Order' },
  unknown: 'Not supplied',
  genders: {
    U: 'Unspecified', M: 'Male', F: 'Female', N: 'Non-binary', O: 'Other', TM: 'Transgender male', TF: 'Transgender female',
    ND: 'Not disclosed', EQ: 'Exploring or questioning', NL: 'Not listed', X: 'Not exclusively male or female',
  } as Partial<Record<string, string>>,
  presented: (site: string, when: string | undefined, eyes: string | undefined): string =>
    `Presented to ${site}${when === undefined ? '' : ` on ${when}`} for a retinal exam${eyes === undefined ? '' : ` of ${eyes}`}.`,
  eyes: { both: 'both eyes', OD: 'the right eye', OS: 'the left eye' },
  instructions: 'Patient Instructions',
  noInstructions: 'No instructions provided',
  comments: 'Interpreting Provider\u2019s Comments',
  noComments: 'No comments provided',
  diagnoses: 'Diagnoses',
  noDiagnoses: 'No diagnosis reported',
  orderingDiagnosis: (diagnosis: string): string => `${diagnosis} (ordering diagnosis)`,
  findings: 'Images and Findings',
  eye: { OD: 'Right eye (OD)', OS: 'Left eye (OS)' } satisfies Record<Laterality, string>,
  continued: (heading: string): string => `${heading}, continued`,
  negative: (finding: string): string => `Negative for ${finding}`,
  unnamedFinding: 'Other',
  noPathology: 'No pathology found',
  notGradable: 'Not gradable',
  noImage: 'No image of this eye',
  reason: (reason: string): string => `Reason: ${reason}`,
  imageUnavailable: 'Image not available',
  logoOf: (sender: string): string => `Logo of ${sender}`,
  imageOf: { OD: 'Fundus image of the right eye', OS: 'Fundus image of the left eye' } satisfies Record<Laterality, string>,
  signature: 'Signature',
  signed: (name: string, npi: string | undefined, taxonomy: string | undefined, when: string | undefined): string => [
    `Electronically signed by ${name}`,
    npi === undefined ? '' : `NPI: ${npi}`,
    taxonomy === undefined ? '' : `Taxonomy: ${taxonomy}`,
  ].filter((part) => part !== '').join(', ') + (when === undefined ? '' : ` on ${when}`),
  unsigned: 'The result names no interpreting provider',
  document: (id: string): string => `Document ${id}`,
  page: (page: number, pages: number): string => `Page ${page} of ${pages}`,
};

/** Which exam the title speaks of. */
export type ReportKind = 'diabetic' | 'glaucoma' | 'hiv' | 'macular' | 'diabetic-macular' | 'retinal';
export type Texts = typeof EN_US;
export type Locale = 'en-US';

const CATALOGS: Record<Locale, Texts> = { 'en-US': EN_US };

export const textsOf = (locale: Locale): Texts => CATALOGS[locale];
