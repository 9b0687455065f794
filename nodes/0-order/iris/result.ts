// The IRIS OrderResults as a canonical result.
import { CourierError } from '../../errors.ts';
import type { ImageReference, Result } from '../model.ts';
import { imageContext, laterality, resultCode } from './codes.ts';
import {
  codeOf, flagOf, identifierOf, instantOf, invalidField, localTimeOf, must, objectOf, objectsOf, pathOf, present, testOf, textOf, valueOf, warn,
  type Fields,
} from './fields.ts';
import { readGradings } from './gradings.ts';
import { checkVersion } from './order.ts';
import { checkNpi, cpt, evaluationTypes, patient, provider, site } from './people.ts';

/** The result's own report: base64 (RFC 4648 §4, white space tolerated) of a PDF. */
const reportDocument = (root: Fields): Result['document'] => {
  const supplied = objectOf(root, 'ResultsDocument');
  if (supplied === undefined) return undefined;
  const [type, content] = [textOf(supplied, 'Type') ?? 'PDF', valueOf(supplied, 'Content')];
  if (!/^pdf$/i.test(type) || content === undefined) {
    warn(supplied, 'DOCUMENT_IGNORED', 'Content');
    return undefined;
  }
  if (typeof content !== 'string') throw invalidField(supplied, 'Content', 'a base64 string');
  const base64 = content.replace(/\s+/g, '');
  const bytes = Buffer.from(base64, 'base64');
  // Decoding skips what is no base64; only what encodes to the same text was whole.
  if (bytes.toString('base64') !== base64 || bytes.toString('latin1', 0, 5) !== '%PDF-') {
    throw new CourierError('PDF_BROKEN', { path: pathOf(supplied, 'Content') });
  }
  return { mediaType: 'application/pdf', base64 };
};

const images = (root: Fields): ImageReference[] => objectsOf(root, 'Images').map((image) => {
  const [side, context] = [codeOf(image, 'Laterality'), codeOf(image, 'ImageContext')];
  return present({
    fileName: textOf(image, 'FileName'), localId: textOf(image, 'LocalId'),
    laterality: side === undefined ? undefined : laterality(side), context: context === undefined ? undefined : imageContext(context),
  });
});

const examined = (root: Fields): Result['order'] => {
  const order = must(objectOf(root, 'Order'), root, 'Order.LocalId');
  return {
    localId: must(identifierOf(order, 'LocalId'), order, 'LocalId'),
    evaluationTypes: evaluationTypes(order),
    ...present({
      irisOrderId: codeOf(order, 'PatientOrderId'), status: codeOf(order, 'Status'),
      scheduledTime: localTimeOf(order, 'ScheduledTime'), createdTime: instantOf(order, 'CreatedTime'),
      servicedTime: instantOf(order, 'ServicedTime', 'ServiceDate'),
      encounterNumber: textOf(order, 'EncounterNumber'), departmentId: textOf(order, 'DepartmentId'),
      missingEyeReason: textOf(order, 'MissingEyeReason'), singleEyeOnly: flagOf(order, 'SingleEyeOnly'),
    }),
  };
};

const person = (root: Fields): Result['patient'] => {
  const read = patient(root);
  const name = { given: '', ...read?.name };
  return {
    localId: must(read?.localId, root, 'Patient.LocalId'),
    name: { ...name, family: must(name.family, root, 'Patient.Name.Last') },
    birthDate: must(read?.birthDate, root, 'Patient.Dob'),
    genders: read?.genders ?? [],
    ...present({ phone: read?.phone }),
  };
};

/** Throws FIELD_MISSING, FIELD_INVALID, DATE_INVALID or PDF_BROKEN with the path. */
export const readResult = (root: Fields): Result => {
  const code = resultCode(must(codeOf(root, 'ResultCode'), root, 'ResultCode'));
  if (code === undefined) throw invalidField(root, 'ResultCode', 'A, C, F, P or R');
  checkVersion(root);
  checkNpi(root, 'ReferringProvider');
  checkNpi(root, 'CameraOperator');
  return {
    resultCode: code,
    site: must(site(root), root, 'Site.LocalId'),
    order: examined(root),
    patient: person(root),
    gradings: readGradings(root),
    images: images(root),
    ...present({
      test: testOf(root), transactionId: identifierOf(root, 'TransactionId'), timestamp: instantOf(root, 'Timestamp'),
      orderingProvider: provider(root, 'OrderingProvider'), cpt: cpt(root, 'Cpt', 'CPTCode'), document: reportDocument(root),
    }),
    warnings: root.warnings,
  };
};
