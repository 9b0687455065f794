// Codes about who gets a result and why: orders and their results, routing, looking up.
import { type Meaning, meaning } from './meaning.ts';

export const CODES_OF_ROUTING = {
  // joining
  ORGANIZATION_UNKNOWN: meaning(
    'The ClientGuid belongs to no configured organization.',
    'Add the organization to the organizations list, then send the order again.',
  ),
  ORDER_UNKNOWN: meaning('No such order is stored.', 'Send the order first, or correct Order.LocalId and Site.LocalId.'),
  ORDER_AMBIGUOUS: meaning('More than one stored order fits.', 'Bind the order in node to one organization, or name the site.'),
  ORDER_CANCELLED: meaning(
    'The order was cancelled.',
    'Nothing is sent for a cancelled order; send a new order with a new number if the exam counts.',
  ),
  ORDER_CONFLICT: meaning('An order with this number exists for another patient.', 'Use a new Order.LocalId for a new patient.'),
  ORDER_FIELD_FIXED: meaning(
    'A change tried to alter a field that an order keeps for life.',
    'Order number, evaluation types and patient id cannot change; cancel and send a new order.',
  ),
  ORDER_PRUNED: meaning('The order\'s data has been removed after its time.', 'Send the order again as a new one, then the result.'),
  RESEND_EXPIRED: meaning('The result\'s data has been removed after its time.', 'It cannot be sent again; ask its source for a new result.'),
  RESULT_UNKNOWN: meaning('The order has no result to send again.', 'Ask for a resend after the result has come.'),
  AWAITS_ORDER: meaning('The result waits for its order.', 'Send the order; the result goes on by itself.'),
  PATIENT_MISMATCH: meaning(
    'Patient id, birth date or family name of result and order differ.',
    'Find out which is right; correct the order with XO, then send the result again.',
  ),
  NPI_CHECK_DIGIT: meaning('An NPI has a wrong check digit.', 'Correct the NPI at its source.'),
  // routing and look-up
  NO_ROUTE: meaning(
    'Neither the order nor the route table names a recipient.',
    'Add a Direct address or NPI to the order, or a row to the route table.',
  ),
  ROUTE_ROW_INVALID: meaning('A row of the route table cannot be used.', 'Correct the row at the line shown.'),
  ROUTE_TABLE_MISSING: meaning('The chosen route table is not deployed.', 'Choose a route table in the resolve route node and deploy it.'),
  ROUTE_NODE_MISSING: meaning('The flow has no resolve route node, or not this one.', 'Deploy the flow, or name a flow file that has one.'),
  ROUTE_FILE_UNREADABLE: meaning('The file of the route table cannot be read.', 'Correct the path in the route table, or the file\'s permissions.'),
  ORGANIZATION_ROW_INVALID: meaning('An entry of the organizations list cannot be used.', 'Correct the entry shown.'),
  LEVEL_OFF: meaning(
    'This level of delivery is switched off for the organization or site.',
    'Enable the row in the route table if the recipient should get results.',
  ),
  ADDRESS_INVALID: meaning('The address is not a well-formed Direct address.', 'Correct the address on the order or in the table.'),
  ADDRESS_NOT_DIRECT: meaning('The address is not on a Direct domain.', 'Ask the provider for the Direct address; ordinary e-mail cannot be used.'),
  DO_NOT_SEND: meaning(
    'The recipient is on the do-not-send list.',
    'The reason says who entered it and why; take the entry off the list with `journal do-not-send remove` if it no longer holds.',
  ),
  TEST_TRAFFIC: meaning(
    'The input is marked test, and the account is no simulated one.',
    'Nothing was sent. Send it in without the mark if it is a patient\'s result; to try an address out, send a test message.',
  ),
  MERGED: meaning('Another recipient of the message has the same address.', 'Nothing to do; the mail goes there once.'),
  NPI_INVALID: meaning('The NPI fails its check digit or form.', 'Correct the NPI on the order.'),
  NPI_NOT_FOUND: meaning('The directory has no Direct address for this NPI.', 'Ask the provider for the Direct address, or add it to the directory.'),
  NPI_AMBIGUOUS: meaning(
    'The directory has several Direct addresses for this NPI.',
    'Put the right address on the order or keep one row in the directory.',
  ),
  NPI_DEACTIVATED: meaning('The NPI is deactivated.', 'Ask who follows this patient now.'),
  NAME_MISMATCH: meaning(
    'The directory has another family name for the NPI than the order.',
    'Ask the submitter which is right; then release the delivery, redirect it, or cancel it.',
  ),
  NAME_NOT_COMPARED: meaning(
    'The directory has a shared mailbox or an organization for the NPI, so that the provider\'s name could not be compared.',
    'Nothing to do if the mailbox is the provider\'s practice; else correct the NPI at its source.',
  ),
  ADDRESS_DIFFERS: meaning(
    'The order\'s address is not the one that the directory has for the same NPI.',
    'The order\'s address was used; ask the submitter which is current.',
  ),
  DIRECTORY_UNAVAILABLE: meaning('The directory could not be asked.', 'Check the directory file or source, then run the message again.'),
  DIRECTORY_INVALID: meaning('The directory file cannot be read.', 'It needs a header with the columns npi, address, name, status.'),
  DIRECTORY_ROW_INVALID: meaning('A row of the directory cannot be used; it was skipped.', 'Correct the row at the line shown.'),
} as const satisfies Record<string, Meaning>;
