// A made-up patient's order and result, to find out whether an address can be reached. Whoever sees them sees TEST.
import type { Result, StoredOrder } from './model.ts';

export interface TestSubject {
  /** ClientGuid in lower case. */
  organization: string;
  site: string;
  /** The order's number. */
  localId: string;
  /** ISO 8601. */
  at: string;
}

/** Nobody's result. One of an order that is marked test is a test, too. */
export const isTest = (result: Pick<Result, 'test'> | null | undefined, order: Pick<StoredOrder, 'test'> | null | undefined): boolean =>
  result?.test === true || order?.test === true;

const NOTE = 'TEST MESSAGE. This is not the result of an exam, and there is no such patient. It shows that results can reach this address. '
  + 'Nothing needs to be done.';

const PATIENT = { localId: 'TEST', name: { family: 'TEST', given: 'TEST' }, birthDate: '1900-01-01', genders: [] };

const EVALUATION = ['DR'];

export const testOrder = ({ organization, site, localId }: TestSubject): StoredOrder => ({
  control: 'NW', organization, site: { localId: site }, localId, evaluationTypes: EVALUATION, test: true, patient: PATIENT, warnings: [],
});

export const testResult = ({ site, localId, at }: TestSubject): Result => ({
  resultCode: 'F', test: true, site: { localId: site }, order: { localId, evaluationTypes: EVALUATION, servicedTime: at }, patient: PATIENT,
  gradings: {
    gradedTime: at, carePlanName: 'TEST', carePlanDescription: NOTE, urgent: false, emergent: false, notes: [{ text: NOTE }], diagnoses: [],
  },
  images: [], warnings: [],
});
