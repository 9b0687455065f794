// What takes the place of an order that never came, where a result is to reach its site or organization all the same.
import { sentence } from '../errors.ts';
import type { Result, StoredOrder } from './model.ts';

/**
 * An order made from the result: it names no provider, and of the patient what a result carries to know them by, number, name, birth
 * date and gender. Whoever looks at a delivery is told by the warning.
 */
export const standInFor = ({ site, order, patient, cpt, orderingProvider }: Result, organization: string): StoredOrder => {
  const { localId, evaluationTypes, encounterNumber, departmentId, singleEyeOnly, missingEyeReason } = order;
  const { localId: patientId, name, birthDate, genders } = patient;
  return {
    control: 'NW', organization, site, localId, evaluationTypes, standIn: true,
    ...(encounterNumber !== undefined && { encounterNumber }), ...(departmentId !== undefined && { departmentId }),
    ...(singleEyeOnly !== undefined && { singleEyeOnly }), ...(missingEyeReason !== undefined && { missingEyeReason }),
    ...(cpt !== undefined && { cpt }), ...(orderingProvider !== undefined && { orderingProvider }),
    patient: { localId: patientId, name, birthDate, genders },
    warnings: [{ code: 'ORDER_STOOD_IN', path: 'Order.LocalId', text: sentence('ORDER_STOOD_IN') }],
  };
};
