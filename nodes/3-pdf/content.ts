// The report as words: what it says, in the order in which it says it. How it looks stands in report.ts.
import type { Organization } from '../0-order/organization.ts';
import { type Laterality, type Result, type StoredOrder, priorityOf } from '../0-order/model.ts';
import { looksLikeSsn } from '../0-order/ssn.ts';
import { isTest } from '../0-order/test-result.ts';
import { diagnosisText } from './diagnosis.ts';
import { type EyeContent, eyeContent, isExamined, isUngradable } from './eye.ts';
import { genderText, personText, providerText } from './people.ts';
import type { ReportKind, Texts } from './texts.ts';
import { dayText, utcText, zonedText } from './times.ts';

export interface ReportSource { result: Result; order: StoredOrder; organization?: Organization | undefined }

export interface ReportContent {
  title: string;
  /** PRELIMINARY, CORRECTED, ADDENDUM, TEST: stands on every page. */
  mark?: string;
  banner?: { level: 'emergent' | 'urgent'; text: string };
  sender: string;
  patient: { name: string; birthDate: string; fields: { label: string; value: string }[]; presented: string };
  instructions: { title?: string; text: string };
  comments: string[];
  diagnoses: string[];
  eyes: EyeContent[];
  signature: string;
  documentId: string;
}

const LATERALITIES: readonly Laterality[] = ['OD', 'OS'];

const KINDS: Record<string, ReportKind> = {
  dr: 'diabetic', drme: 'diabetic', dr_refnoref: 'diabetic', ai_eyenuk_o1: 'diabetic',
  glaucoma: 'glaucoma', hiv: 'hiv', amd: 'macular', dr_amd: 'diabetic-macular',
};

const kindOf = ({ result, order }: ReportSource): ReportKind => {
  const types = result.order.evaluationTypes.length > 0 ? result.order.evaluationTypes : order.evaluationTypes;
  const kinds = new Set(types.map((type) => KINDS[type.toLowerCase()] ?? 'retinal'));
  return kinds.size === 1 ? [...kinds][0]! : 'retinal';
};

const titleOf = (source: ReportSource, texts: Texts): string => {
  const title = texts.title(kindOf(source));
  return isUngradable(source.result) ? texts.ungradable(title) : title;
};

const siteNameOf = ({ result, order, organization }: ReportSource): string =>
  organization?.sites?.[order.site.localId]?.name ?? order.site.name ?? result.site.name ?? order.site.localId;

const zoneOf = ({ order, organization }: ReportSource): string =>
  organization?.sites?.[order.site.localId]?.timeZone ?? organization?.timeZone ?? 'UTC';

const examinedText = (result: Result, texts: Texts): string | undefined => {
  const examined = LATERALITIES.filter((laterality) => isExamined(result.gradings[laterality]));
  return examined.length === 2 ? texts.eyes.both : examined[0] && texts.eyes[examined[0]];
};

const patientOf = (source: ReportSource, texts: Texts): ReportContent['patient'] => {
  const { result, order } = source;
  const { patient } = order;
  const orderer = order.orderingProvider ?? result.orderingProvider;
  const birthDate = dayText(patient.birthDate);
  const genders = patient.genders.length > 0 ? patient.genders : result.patient.genders;
  const ordererText = orderer && providerText(orderer);
  return {
    name: personText(patient.name),
    birthDate,
    fields: [
      { label: texts.field.birthDate, value: birthDate },
      { label: texts.field.gender, value: genderText(genders, texts) ?? texts.unknown },
      ...(looksLikeSsn(patient.localId) ? [] : [{ label: texts.field.mrn, value: patient.localId }]),
      { label: texts.field.order, value: order.localId },
      ...(ordererText ? [{ label: texts.field.orderer, value: ordererText }] : []),
    ],
    presented: texts.presented(siteNameOf(source), zonedText(result.order.servicedTime, zoneOf(source)), examinedText(result, texts)),
  };
};

const instructionsOf = ({ gradings: { carePlanName, carePlanDescription } }: Result, texts: Texts): ReportContent['instructions'] => ({
  ...(carePlanName && { title: carePlanName }),
  text: carePlanDescription || (carePlanName ? '' : texts.noInstructions),
});

/** Several notes carry their dates; a single one speaks for itself. */
const commentsOf = ({ gradings: { notes } }: Result, texts: Texts): string[] => {
  const said = notes.filter((note) => note.text.trim() !== '');
  if (said.length === 0) return [texts.noComments];
  return said.map(({ date, text }) => said.length > 1 && date !== undefined ? `${utcText(date)}: ${text}` : text);
};

const diagnosesOf = ({ result, order }: ReportSource, texts: Texts): string[] => {
  if (result.gradings.diagnoses.length > 0) return result.gradings.diagnoses.map(diagnosisText);
  const ordering = order.patient.diagnosisCode;
  return [ordering ? texts.orderingDiagnosis(diagnosisText({ code: ordering })) : texts.noDiagnoses];
};

const signatureOf = ({ gradings: { provider, gradedTime } }: Result, texts: Texts): string => {
  const name = provider && (providerText(provider) ?? provider.npi);
  return name ? texts.signed(name, provider.npi, provider.taxonomy, utcText(gradedTime)) : texts.unsigned;
};

export const reportContent = (source: ReportSource, texts: Texts): ReportContent => {
  const { result, order, organization } = source;
  const mark = [...(isTest(result, order) ? [texts.testMark] : []), texts.marks[result.resultCode]].filter(Boolean).join(' ');
  const level = priorityOf(result);
  const siteName = siteNameOf(source);
  const missingReason = result.order.missingEyeReason ?? order.missingEyeReason;
  return {
    title: isTest(result, order) ? texts.test(titleOf(source, texts)) : titleOf(source, texts),
    ...(mark !== '' && { mark }),
    ...(level !== 'routine' && { banner: { level, text: texts.banner[level] } }),
    sender: organization && organization.name !== siteName ? `${organization.name}  \u00b7  ${siteName}` : siteName,
    patient: patientOf(source, texts),
    instructions: instructionsOf(result, texts),
    comments: commentsOf(result, texts),
    diagnoses: diagnosesOf(source, texts),
    eyes: LATERALITIES.map((laterality) => eyeContent(laterality, result.gradings[laterality], missingReason, texts)),
    signature: signatureOf(result, texts),
    documentId: order.localId,
  };
};
