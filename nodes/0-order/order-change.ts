// What a change (`XO`) does to a stored order, and what an order needs to be stored at all.
import { sentence } from '../errors.ts';
import { normalizeAddress } from './direct-address.ts';
import { patientKey } from './folding.ts';
import type { Order, Patient, PatientChange, PrimaryCareProvider, Provider, StoredOrder, Warning } from './model.ts';

/** The path of the first field that a new order lacks; null when it can be stored. */
export const missingForNew = (order: Order): string | null => {
  const { site, patient } = order;
  const needed: [string, unknown][] = [
    ['Site.LocalId', site?.localId],
    ['Order.LocalId', order.localId],
    ['Order.EvaluationTypes', order.evaluationTypes[0]],
    ['Patient.LocalId', patient?.localId],
    ['Patient.Name.Last', patient?.name?.family],
    ['Patient.Dob', patient?.birthDate],
  ];
  return needed.find(([, value]) => value === undefined || value === '')?.[0] ?? null;
};

/** The order as it is stored when it is new: an `NW`, or an `XO` that says enough. Null when something is missing. */
export const asStored = (order: Order): StoredOrder | null => {
  if (missingForNew(order) !== null) return null;
  const { site, patient } = order as StoredOrder;
  // A person with one name has a family name only.
  return { ...order, site, patient: { ...patient, genders: patient.genders ?? [], name: { ...patient.name, given: patient.name.given ?? '' } } };
};

/** Whether an order that a reader has filled up (`asStored`) can be stored as new. */
export const isComplete = (order: Order): order is StoredOrder => missingForNew(order) === null;

const overlay = <Whole extends object>(stored: Whole | undefined, change: Partial<Whole> | undefined): Whole | undefined =>
  stored === undefined && change === undefined ? undefined : { ...stored, ...change } as Whole;

/**
 * A change that names another NPI or address names another provider: mixing the two would address a result to one person
 * under the number of the other, so nothing of the stored one stays.
 */
const changeProvider = <Person extends Provider | PrimaryCareProvider>(stored?: Person, change?: Person): Person | undefined => {
  if (stored === undefined || change === undefined) return change ?? stored;
  const known = (person: Provider & PrimaryCareProvider): [string | undefined, string | undefined] =>
    [person.npi, person.address === undefined ? undefined : normalizeAddress(person.address) ?? person.address];
  const [npi, address] = known(stored);
  const [newNpi, newAddress] = known(change);
  const anonymous = (npi ?? address) === undefined || (newNpi ?? newAddress) === undefined;
  const sameNpi = newNpi !== undefined && newNpi === npi;
  const sameAddress = newAddress !== undefined && newAddress === address && (newNpi === undefined || npi === undefined);
  return anonymous || sameNpi || sameAddress ? { ...stored, ...change } : change;
};

/** An empty given name or list of genders says nothing: an order is filled up with them when it is read. */
const changePatient = (stored: Patient, change: PatientChange | undefined): Patient => {
  if (change === undefined) return stored;
  const { localId: _fixed, name, address, genders = [], ...rest } = change;
  const { given, ...otherNames } = name ?? {};
  const changed: Patient = {
    ...stored, ...rest,
    name: { ...stored.name, ...otherNames, given: given || stored.name.given },
    genders: genders.length > 0 ? genders : stored.genders,
  };
  const merged = overlay(stored.address, address);
  return merged === undefined ? changed : { ...changed, address: merged };
};

/** A change under another patient id that also names another person is about that person: nothing of it is taken. */
const isSomeoneElse = (stored: Patient, change: PatientChange): boolean => {
  const [before, after] = [patientKey(stored), patientKey(changePatient(stored, change))];
  return before.family !== after.family || before.birthDate !== after.birthDate;
};

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  [...a].sort().join('\n').toLowerCase() === [...b].sort().join('\n').toLowerCase();

/**
 * The stored order with the change applied: what the change names overrides, objects are merged, arrays replaced.
 * `Order.LocalId`, `Order.EvaluationTypes` and `Patient.LocalId` never change; a try is a warning ORDER_FIELD_FIXED.
 */
export const applyChange = (stored: StoredOrder, change: Order): { order: StoredOrder; warnings: Warning[] } => {
  const warnings: Warning[] = [];
  const fixed = (path: string): void => { warnings.push({ code: 'ORDER_FIELD_FIXED', path, text: sentence('ORDER_FIELD_FIXED') }); };
  if (change.localId !== stored.localId) fixed('Order.LocalId');
  if (change.evaluationTypes.length > 0 && !sameSet(change.evaluationTypes, stored.evaluationTypes)) fixed('Order.EvaluationTypes');
  const patientId = change.patient?.localId;
  const moved = patientId !== undefined && patientKey({ ...stored.patient, localId: patientId }).localId !== patientKey(stored.patient).localId;
  if (moved) fixed('Patient.LocalId');
  const foreign = moved && change.patient !== undefined && isSomeoneElse(stored.patient, change.patient);

  // Nor does a change make a test of what a patient waits for, or the other way round.
  const { control: _change, organization: _same, localId: _number, evaluationTypes: _types, test: _mark, ...rest } = change;
  const parts = {
    orderingProvider: changeProvider(stored.orderingProvider, change.orderingProvider),
    referringProvider: changeProvider(stored.referringProvider, change.referringProvider),
    primaryCareProvider: changeProvider(stored.primaryCareProvider, change.primaryCareProvider),
    healthPlan: overlay(stored.healthPlan, change.healthPlan),
  };
  const order: StoredOrder = {
    ...stored, ...rest, ...Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)),
    site: { ...stored.site, ...change.site, localId: stored.site.localId },
    patient: foreign ? stored.patient : changePatient(stored.patient, change.patient),
    warnings: [...stored.warnings, ...change.warnings, ...warnings],
  };
  return { order, warnings };
};
