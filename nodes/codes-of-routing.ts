// Codes about who gets a result and why: orders and their results, routing, looking up.
import { type Meaning, meaning } from './meaning.ts';

export const CODES_OF_ROUTING = {
  // joining
  ORGANIZATION_UNKNOWN: meaning(
    'The ClientGuid belongs to no configured organization.',
    'Add the organization to the organizations list, then send the order again.',
  ),
  ORDER_UNKNOWN: meaning('No such order is stored.', 'Send the order first, or correct Order.LocalId and Site.LocalId.'),
  ORDER_AMBIGUOUS: meaning(
    'More than one stored order fits.',
    'Bind the order in node to one organization, name the site, or release the result for one organization.',
  ),
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
  ORDER_REFUSED_BY_IRIS: meaning(
    'IRIS refused the order: its receipt says that it could not be processed.',
    'Ask at IRIS for the reason, which its receipt gives in words that are kept sealed; correct the order and send it to IRIS again.',
  ),
  ORDER_LINK_CONFLICT: meaning(
    'IRIS has given the number in this result to another order.',
    'Find out which order the result belongs to, then release it, send an edited copy, or close it.',
  ),
  ORDER_HAS_RESULT: meaning(
    'The order has a result already: the change or cancellation takes nothing back that was sent or queued.',
    'Look at the order\'s messages; cancel or redirect deliveries that must not go.',
  ),
  ORDER_STOOD_IN: meaning(
    'The order never came: the result was sent to its site or organization with the name, birth date and gender that it carries.',
    'Find out why the order is missing; when it comes, nothing is sent again.',
  ),
  CHANGED_WITHOUT_CORRECTION: meaning(
    'The result says something else than an earlier one of the same grading, but is no correction.',
    'Ask its source which one holds; then release it, or close it and wait for the correction.',
  ),
  CLOSED: meaning('A person has closed the message; nothing more of it is sent.', 'Nothing to do; the reason stands in the audit chain.'),
  PRELIMINARY_OFF: meaning(
    'The result is preliminary, and the organization gets final ones only.',
    'Nothing to do; the final result goes out when it comes. Preliminary results can be switched on for the organization or site.',
  ),
  PATIENT_MISMATCH: meaning(
    'Patient id, birth date or family name of result and order differ.',
    'Find out which is right; correct the order with XO, then send the result again or release it.',
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
