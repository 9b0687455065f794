// The stage: one document per message and profile, made in a worker, kept by the journal so that a repetition has the same bytes.
import type { ClinicalDocument, DirectIdentity, Recipient } from '../0-order/message.ts';
import type { Result, StoredOrder, Warning } from '../0-order/model.ts';
import type { Organization, PatientIdentifier } from '../0-order/organization.ts';
import { effectiveOrganization } from '../0-order/organizations.ts';
import { type DocumentRecord, type Journal, OWN_DOCUMENT } from '../journal/port.ts';
import { inPool } from '../pool.ts';
import type { CheckReport } from './check.ts';
import type { GenderPreference } from './codes.ts';
import type { DocumentInput, DocumentSettings } from './document.ts';
import { DEFAULT_CODE, documentOf, identifiersWanted, profileOf } from './profiles.ts';

/** Our own reading of the rules on our own document: what it finds travels as a warning, since a patient waits for the report. */
const rulesBroken = ({ findings }: CheckReport): Warning[] => {
  const [first, ...more] = findings.filter(({ severity }) => severity === 'error');
  if (first === undefined) return [];
  return [{ code: 'CDA_INVALID', path: first.xpath, text: `${first.code}: ${first.text}${more.length > 0 ? ` And ${more.length} more.` : ''}` }];
};

/** The worker's side: the libraries that write and read XML are loaded there only. */
export const buildInWorker = async (input: DocumentInput): Promise<{ data: Buffer; warnings: Warning[] }> => {
  const [{ buildDocument }, { checkDocument }] = await Promise.all([import('./document.ts'), import('./check.ts')]);
  const { data, warnings } = buildDocument(input);
  return { data, warnings: [...warnings, ...rulesBroken(checkDocument(data))] };
};

/** What the form saves. `organization`: as the organization, or its site, says; *none* where neither does. */
export interface BuildChoices {
  patientIdentifier: 'organization' | PatientIdentifier;
  documentCode: string;
  title: string;
  gender: GenderPreference;
}

export interface BuildRequest { order: StoredOrder; result: Result; organization: Organization; pdf: Uint8Array; direct?: DirectIdentity | undefined }

export interface BuildSurroundings {
  journal: Pick<Journal, 'document' | 'documentLineage' | 'saveDocument'> | undefined;
  now: Date;
  newId: () => string;
}

const settingsOf = (choices: BuildChoices, organization: Organization): DocumentSettings => ({
  documentCode: choices.documentCode.trim() || DEFAULT_CODE,
  title: choices.title.trim(),
  genderPreference: choices.gender,
  identifier: choices.patientIdentifier === 'organization' ? organization.patientIdentifier ?? 'none' : choices.patientIdentifier,
});

/**
 * The message's document with these settings. Where the journal already has one of this profile for the message, or for the one that it
 * resends, that one comes back: same bytes, same id. Errors as `buildDocument`.
 */
const buildOne = async (
  { order, result, organization, pdf, direct }: BuildRequest, settings: DocumentSettings, { journal, now, newId }: BuildSurroundings,
): Promise<ClinicalDocument> => {
  const profile = profileOf(settings);
  const stored = documentOf(direct && await journal?.document(direct.id, profile));
  if (stored !== null) return stored;
  const id = newId().toUpperCase();
  const lineage = direct && await journal?.documentLineage(direct.id, profile);
  const input: DocumentInput = { order, result, organization, pdf, now, id, settings, lineage };
  const built = await inPool<DocumentInput, { data: Uint8Array; warnings: Warning[] }>(import.meta.url, 'buildInWorker', input, 1);
  const version = lineage === undefined ? {} : { setId: lineage.setId, versionNumber: lineage.versionNumber };
  const record: DocumentRecord = { id, profile, ...built, ...version };
  return documentOf(direct && journal ? await journal.saveDocument(direct.id, record, direct.run) : record)!;
};

const submitterOf = ({ organization, order }: BuildRequest): Organization => effectiveOrganization(organization, order.site?.localId);

/** The message's own document. */
export const buildClinicalDocument = async (
  request: BuildRequest, choices: BuildChoices, surroundings: BuildSurroundings,
): Promise<ClinicalDocument> => {
  const organization = submitterOf(request);
  return await buildOne({ ...request, organization }, settingsOf(choices, organization), surroundings);
};

export interface BuiltDocuments { cda: ClinicalDocument; documents: Record<string, ClinicalDocument> }

/**
 * The message's own document, and one for each other patient identifier that the domains of its recipients want, by profile. The rule
 * for a domain counts more than the node and the organization: it says what the receivers there can take.
 */
export const buildDocuments = async (
  request: BuildRequest & { recipients: readonly Pick<Recipient, 'address'>[] }, choices: BuildChoices,
  surroundings: BuildSurroundings & { journal: Pick<Journal, 'recordStage'> | undefined },
): Promise<BuiltDocuments> => {
  const { recipients, direct } = request;
  const cda = await buildClinicalDocument(request, choices, surroundings);
  const organization = submitterOf(request);
  const settings = settingsOf(choices, organization);
  const further: ClinicalDocument[] = [];
  for (const identifier of identifiersWanted(recipients, organization, settings.identifier)) {
    further.push(await buildOne({ ...request, organization }, { ...settings, identifier }, surroundings));
  }
  if (further.length > 0 && direct) await surroundings.journal?.recordStage(direct.id, OWN_DOCUMENT, cda.profile);
  return { cda, documents: Object.fromEntries(further.map((document) => [document.profile, document])) };
};
