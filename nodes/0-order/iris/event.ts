// IRIS's events queue: what became of an order on its way. Only the receipt of an order says something that is kept beside the order.
import type { OrderEvent } from '../model.ts';
import { codeOf, type Fields, flagOf, identifierOf, must, present, valueOf } from './fields.ts';

const RECEIPT = 'OrderCreationReceipt';

/** IRIS's list of `ResultObjectType`, EventsObject. The rest of them is noted and changes nothing. */
const TYPES: readonly string[] = [
  RECEIPT, 'OrderCancelled', 'ImageReceipt', 'ReadyForGradingEvent', 'GradingReceipt', 'OrderGradedEvent', 'ResultsDeliveryReceipt',
];

const typeOf = (root: Fields): string | undefined => {
  const supplied = valueOf(root, 'ResultObjectType');
  return typeof supplied === 'string' ? TYPES.find((type) => type.toLowerCase() === supplied.trim().toLowerCase()) : undefined;
};

export const isEvent = (root: Fields): boolean => typeOf(root) !== undefined;

/** A receipt must name both numbers, unless it says that there is none. Throws FIELD_MISSING, FIELD_INVALID with the path. */
export const readEvent = (root: Fields): OrderEvent => {
  const type = must(typeOf(root), root, 'ResultObjectType');
  const receipt = type === RECEIPT;
  const success = receipt ? must(flagOf(root, 'Success'), root, 'Success') : true;
  const [irisOrderId, orderLocalId] = [codeOf(root, 'IrisOrderId'), identifierOf(root, 'OrderLocalId')];
  if (receipt && success) {
    must(irisOrderId, root, 'IrisOrderId');
    must(orderLocalId, root, 'OrderLocalId');
  }
  return { type, receipt, success, ...present({ irisOrderId, orderLocalId, patientLocalId: identifierOf(root, 'PatientLocalId') }) };
};
