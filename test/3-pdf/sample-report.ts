// A made-up order and its result in canonical form, and a foreign reader of PDF.
import { extractText, getDocumentProxy } from 'unpdf';
import type { Organization } from '../../nodes/0-order/organization.ts';
import type { Result, StoredOrder } from '../../nodes/0-order/model.ts';
import { renderReport, type RenderInput } from '../../nodes/3-pdf/render.ts';
import { CLINIC, NPI } from '../support/samples.ts';

export const order = (change: Partial<StoredOrder> = {}): StoredOrder => ({
  control: 'NW', organization: CLINIC, site: { localId: 'SITE01', name: 'Lakeside Eye Clinic' }, localId: 'ORD1001', evaluationTypes: ['DR'],
  patient: {
    localId: 'MRN1001', name: { given: 'Zoë', family: 'Testpatient' }, birthDate: '1960-01-15',
    genders: [{ context: 'identity', code: 'M' }, { context: 'birth', code: 'F' }], diagnosisCode: 'E119',
  },
  orderingProvider: { npi: NPI.orderer, name: { given: 'Alex', family: 'Orderer' } },
  warnings: [],
  ...change,
});

export const patient = (change: Partial<StoredOrder['patient']>): StoredOrder => order({ patient: { ...order().patient, ...change } });

const gradings: Result['gradings'] = {
  gradedTime: '2026-01-06T14:10:00+00:00', carePlanName: 'Return in 6 months', carePlanDescription: 'Return for a follow-up exam in 6 months.',
  urgent: false, emergent: false, notes: [{ text: 'Compare with last year.' }],
  OD: {
    gradable: true, ungradableReasons: [],
    findings: [{ finding: 'Diabetic Retinopathy', result: 'Mild' }, { finding: 'Macular Edema', result: 'None' }, { finding: 'Suspected Glaucoma' }],
  },
  OS: { gradable: false, ungradableReasons: ['Image Out of Focus'], findings: [] },
  diagnoses: [{ code: 'E113291' }],
  provider: { npi: NPI.grader, taxonomy: '207W00000X', name: { prefix: 'Dr', given: 'Gina', family: 'Grader' }, degrees: 'MD' },
};

export const result = (change: Partial<Result> = {}): Result => ({
  resultCode: 'F', site: { localId: 'SITE01' },
  order: { localId: 'ORD1001', evaluationTypes: ['DR'], servicedTime: '2026-01-05T10:30:00+00:00' },
  patient: { localId: 'MRN1001', name: { given: 'Zoë', family: 'Testpatient' }, birthDate: '1960-01-15', genders: [] },
  gradings, images: [], warnings: [], ...change,
});

/** Removes keys that are set to undefined: in canonical form an absent value is an absent key. */
export const graded = (change: { [Key in keyof Result['gradings']]?: Result['gradings'][Key] | undefined }): Result =>
  result({ gradings: Object.fromEntries(Object.entries({ ...gradings, ...change })
    .filter(([, value]) => value !== undefined)) as unknown as Result['gradings'] });

export const organization: Organization = { clientGuid: CLINIC, name: 'Lakeside Health', timeZone: 'America/Chicago' };

export const input = (change: Partial<RenderInput> = {}): RenderInput =>
  ({ result: result(), order: order(), organization, images: [], pageSize: 'letter', now: Date.UTC(2026, 0, 7), ...change });

export interface ReadPdf {
  text: string; pages: string[]; size: [number, number]; info: Record<string, unknown>; fonts: { name: string; embedded: boolean }[];
}

const squeeze = (text: string): string => text.replace(/\s+/g, ' ');

/** Read back by PDF.js; blank runs are one space. */
export const readPdf = async (data: Uint8Array): Promise<ReadPdf> => {
  const pdf = await getDocumentProxy(Uint8Array.from(data));
  const { text } = await extractText(pdf, { mergePages: false });
  const first = await pdf.getPage(1);
  const [, , width = 0, height = 0] = first.view;
  const operators = await first.getOperatorList();
  const names = new Set(operators.argsArray.flatMap((args: unknown) =>
    Array.isArray(args) && typeof args[0] === 'string' && first.commonObjs.has(args[0]) ? [args[0]] : []));
  const fonts = [...names].map((name) => first.commonObjs.get(name) as { name?: string; missingFile?: boolean })
    .filter((font) => typeof font.name === 'string').map(({ name, missingFile }) => ({ name: name!, embedded: missingFile !== true }));
  const { info } = await pdf.getMetadata();
  return { text: squeeze(text.join(' ')), pages: text.map(squeeze), size: [width, height], info: info as Record<string, unknown>, fonts };
};

export const textOf = async (change: Partial<RenderInput> = {}): Promise<string> => (await readPdf((await renderReport(input(change))).data)).text;
