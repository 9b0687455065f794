// Codes about a message: reading it, documents, certificates, sealing and opening.
import { type Meaning, meaning } from './meaning.ts';

export const CODES_OF_MESSAGES = {
  // reading input
  INPUT_NOT_JSON: meaning('The input is not JSON.', 'Send one OrderRequest or OrderResults object in strict JSON: no comments, no trailing commas.'),
  INPUT_TOO_LARGE: meaning('The input is larger than the limit.', 'Send the report by reference or raise the size limit in the order in node.'),
  INPUT_UNKNOWN: meaning(
    'The input is neither an IRIS OrderRequest nor an OrderResults.',
    'An order has OrderControlCode, a result has ResultCode; check what the source sends.',
  ),
  FIELD_MISSING: meaning('A required field is missing or empty.', 'Add the field at the path shown.'),
  FIELD_INVALID: meaning('A field has the wrong type or an unknown value.', 'Correct the field at the path shown.'),
  DATE_INVALID: meaning('A date is not a real calendar date or lies outside what is possible.', 'Write dates as M/D/YYYY or ISO 8601.'),
  PDF_BROKEN: meaning(
    'The result\'s own PDF cannot be decoded or is not a PDF.',
    'Send ResultsDocument.Content as base64 of a file that starts with %PDF-.',
  ),
  TIME_ZONE_MISSING: meaning('A time carries no offset.', 'It was read as UTC; have the source write the offset.'),
  VERSION_UNKNOWN: meaning('The input names another version of the object model than 2.', 'It was read all the same; check the result.'),
  DOCUMENT_IGNORED: meaning('The result carries a document that is not a PDF, or an empty one.', 'It was left out; the report can be rendered.'),
  // documents
  NO_PDF: meaning(
    'The result carries no PDF and the node passes PDFs through.',
    'Set the node to "absent" or "render", or have the sender include the report.',
  ),
  PDF_FAILED: meaning('The report could not be rendered.', 'See the cause in the log; run the message again.'),
  IMAGE_MISSING: meaning('An image named by the result was not found.', 'Put the file beside the result or set the image folder.'),
  IMAGE_INVALID: meaning('An image is neither JPEG nor PNG, or is damaged.', 'Send JPEG or PNG.'),
  LOGO_UNREADABLE: meaning(
    'The organization\'s logo cannot be read, or is neither PNG nor JPEG; the report was made without it.',
    'Correct its path (relative to the user directory of Node-RED) or its data URI in the organizations list.',
  ),
  IMAGE_PATH_REFUSED: meaning('An image file name points outside the image folder.', 'Use plain file names.'),
  GLYPH_MISSING: meaning('The report\'s font lacks a character; a box is shown.', 'Check the name on the report.'),
  CDA_FAILED: meaning('The document could not be built.', 'See the field named in the cause.'),
  CDA_INVALID: meaning('The document breaks a rule of C-CDA.', 'See the findings; correct the data or the organization\'s settings.'),
  CDA_NO_PATIENT_ID: meaning('The document carries no patientRole/id.', 'Choose "null" or "medical record number" for receivers that refuse it.'),
  CDA_NOT_READABLE: meaning('The file is not a CDA document that can be read.', 'It must be well-formed XML without DOCTYPE.'),
  CDA_SSN_WITHHELD: meaning(
    'The medical record number looks like an SSN and was not written.',
    'Have the submitter send a record number of its own.',
  ),
  CDA_LARGE: meaning('The report is large: the document holds more than 5 MB of PDF.', 'Some receivers refuse it; use smaller images.'),
  PHONE_INVALID: meaning('A telephone number cannot be read.', 'Write it with area code, for example 503-555-0142.'),
  CODE_UNMAPPED: meaning('A coded value is outside the value set; its text was kept.', 'Check the code at its source.'),
  // certificates and sealing
  CERT_NONE: meaning('No certificate was found for the recipient.', 'Ask the recipient\'s HISP to publish one, or add it to the certificate folder.'),
  CERT_EXPIRED: meaning('The certificate is outside its validity.', 'Ask the owner for a current certificate.'),
  CERT_UNTRUSTED: meaning('The certificate does not chain to a trust anchor.', 'Add the issuing anchor if you trust it.'),
  CERT_NOT_BOUND: meaning(
    'The certificate is not bound to the address or its domain.',
    'The subjectAltName must hold the address or the exact domain.',
  ),
  CERT_KEY_UNFIT: meaning('The certificate\'s key or key usage does not fit.', 'It takes RSA of 2048 bits or more with the right keyUsage.'),
  CERT_UNAVAILABLE: meaning(
    'The recipient\'s certificate could not be asked for.',
    'Check the certificate folder or service, then run the message again.',
  ),
  DOCUMENT_MISSING: meaning(
    'The document that the recipient\'s domain wants was not made.',
    'Run the message again from build CDA, which must stand behind lookup NPI in the flow.',
  ),
  MAIL_TOO_LARGE: meaning(
    'The sealed mail is larger than the recipient\'s domain takes.',
    'Use smaller images or send the report another way; if the domain takes more now, correct its rule in the organizations list, then run the '
    + 'message again.',
  ),
  SENDER_UNKNOWN: meaning(
    'The organization has no sender address, or no signing identity is configured for it.',
    'Give the organization its sender address, and an identity of its own or in the S/MIME node; an account whose HISP seals needs the address only.',
  ),
  SENDER_CERT_EXPIRED: meaning('The sender\'s certificate is outside its validity.', 'Renew the sender\'s certificate.'),
  SENDER_MISMATCH: meaning(
    'Sender address, log-in and signing certificate do not agree.',
    'The certificate must be bound to the organization\'s sender address.',
  ),
  IDENTITY_INVALID: meaning('The identity cannot be read.', 'Give a PKCS#12 file with its passphrase, or a PEM certificate and its key.'),
  TRUST_INVALID: meaning('The trust anchors or certificate folder cannot be read.', 'Anchors are PEM certificates of certificate authorities.'),
  SEAL_FAILED: meaning('Signing or encrypting failed.', 'See the cause; check the identity.'),
  // opening mail
  NOT_ENCRYPTED: meaning('The mail is not an S/MIME enveloped message.', 'Direct mail must be encrypted and signed.'),
  NOT_SIGNED: meaning('The mail is not signed.', 'Direct mail must be encrypted and signed.'),
  CANNOT_DECRYPT: meaning('The mail cannot be decrypted with this key.', 'Use the key of the recipient that the mail was sealed for.'),
  SIGNATURE_INVALID: meaning('No signature over the mail holds.', 'The mail was changed on its way or badly signed; do not use it.'),
  SIGNER_NOT_BOUND: meaning('The signer\'s certificate is not bound to the From address.', 'Do not use the mail; tell the sender.'),
  ALGORITHM_REFUSED: meaning('The mail uses an algorithm that Direct forbids.', 'The sender must use SHA-256 or better and AES.'),
  CMS_MALFORMED: meaning('The CMS structure is broken.', 'The mail was damaged or is hostile; do not use it.'),
  MIME_MALFORMED: meaning('The MIME structure is broken.', 'The mail was damaged or is hostile; do not use it.'),
  HEADERS_DIFFER: meaning('The outer headers differ from the signed ones.', 'Do not use the mail; tell the sender.'),
} as const satisfies Record<string, Meaning>;
