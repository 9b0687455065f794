// The IRIS OrderRequest as a canonical order.
import { CourierError } from '../../errors.ts';
import type { Order } from '../model.ts';
import { asStored, missingForNew } from '../order-change.ts';
import { orderControl } from './codes.ts';
import {
  codeOf, flagOf, identifierOf, invalidField, localTimeOf, must, objectOf, pathOf, present, testOf, textOf, warn, type Fields,
} from './fields.ts';
import { checkNpi, cpt, evaluationTypes, patient, primaryCareProvider, provider, site } from './people.ts';
import { stateCode } from '../states.ts';

const GUID = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;

const clientGuid = (root: Fields): string => {
  const supplied = must(textOf(root, 'ClientGuid'), root, 'ClientGuid');
  const guid = GUID.exec(supplied)?.[1]?.toLowerCase();
  if (guid === undefined) throw invalidField(root, 'ClientGuid', 'a GUID');
  return guid;
};

export const checkVersion = (root: Fields): void => {
  const version = codeOf(root, 'Version');
  if (version !== undefined && !/^v?2(?:\.|$)/i.test(version)) warn(root, 'VERSION_UNKNOWN', 'Version');
};

const healthPlan = (root: Fields): Pick<Order, 'healthPlan' | 'primaryCareProvider'> => {
  const plan = objectOf(root, 'HealthPlan');
  if (plan === undefined) return {};
  const person = objectOf(plan, 'PrimaryCareProvider');
  const about = present({ localId: textOf(plan, 'LocalId'), name: textOf(plan, 'Name'), memberId: textOf(plan, 'MemberId') });
  return present({
    healthPlan: Object.keys(about).length === 0 ? undefined : about,
    primaryCareProvider: person === undefined ? undefined : primaryCareProvider(person),
  });
};

const exam = (order: Fields): Partial<Order> => {
  const state = textOf(order, 'State');
  return present({
    cpt: cpt(order, 'CPTCode', 'Cpt'), scheduledTime: localTimeOf(order, 'ScheduledTime'),
    encounterNumber: textOf(order, 'EncounterNumber'), departmentId: textOf(order, 'DepartmentId'),
    state: state === undefined ? undefined : stateCode(state), singleEyeOnly: flagOf(order, 'SingleEyeOnly'),
    missingEyeReason: textOf(order, 'MissingEyeReason'), urgent: flagOf(order, 'Urgent'),
  });
};

/** Reads all that a new order or a change may say. */
const whole = (root: Fields, order: Fields, base: Order): Order => {
  checkNpi(root, 'CameraOperator');
  const read: Order = {
    ...base,
    evaluationTypes: evaluationTypes(order),
    ...exam(order),
    ...present({
      patient: patient(root),
      orderingProvider: provider(root, 'OrderingProvider'),
      referringProvider: provider(root, 'ReferringProvider'),
    }),
    ...healthPlan(root),
  };
  const stored = asStored(read);
  if (stored !== null) return stored;
  const missing = base.control === 'NW' ? missingForNew(read) : read.site === undefined ? 'Site.LocalId' : null;
  if (missing !== null) throw new CourierError('FIELD_MISSING', { path: missing });
  return read;
};

/** Throws FIELD_MISSING, FIELD_INVALID or DATE_INVALID with the path. `CA` and `ResendResult` read what identifies the order only. */
export const readOrder = (root: Fields): Order => {
  const supplied = must(codeOf(root, 'OrderControlCode'), root, 'OrderControlCode');
  const control = orderControl(supplied);
  if (control === undefined) throw invalidField(root, 'OrderControlCode', 'NW, XO, CA or ResendResult');
  checkVersion(root);
  const order = must(objectOf(root, 'Order'), root, 'Order.LocalId');
  const base: Order = {
    control, organization: clientGuid(root), ...present({ site: site(root), test: testOf(root) }),
    localId: must(identifierOf(order, 'LocalId'), root, pathOf(order, 'LocalId')),
    evaluationTypes: [], warnings: root.warnings,
  };
  return control === 'CA' || control === 'ResendResult' ? base : whole(root, order, base);
};
