// Codes about the machinery: sending, notifications, fees, the journal and its key, the flow.
import { type Meaning, meaning } from './meaning.ts';

export const CODES_OF_ENGINE = {
  // sending
  HISP_UNREACHABLE: meaning('The HISP cannot be reached.', 'Check host, port and network; the delivery is tried again.'),
  HISP_TLS: meaning('The HISP\'s TLS certificate or protocol was refused.', 'Check the host name and the certificate authority of the account.'),
  HISP_LOGIN: meaning('The HISP refused the log-in.', 'Correct user and password of the account; the delivery is tried again.'),
  HISP_DEFERRED: meaning('The HISP asked to try again later.', 'Nothing to do; the delivery is tried again.'),
  HISP_REFUSED: meaning('The HISP refused the recipient or the message for good.', 'Check the address with the recipient.'),
  HISP_UNKNOWN: meaning(
    'The connection was lost after the message was handed over.',
    'Nothing to do; the same mail is sent again under the same Message-ID.',
  ),
  HISP_SENDER: meaning(
    'The HISP does not let the account send from this address.',
    'Have the HISP allow the address, or choose its own account for the organization; then release the delivery.',
  ),
  ANSWER_ROW_INVALID: meaning('A row of the account\'s table of answers cannot be used.', 'Correct the row shown in the HISP account.'),
  ATTEMPTS_EXHAUSTED: meaning('The delivery was tried as often as allowed.', 'Find the cause in its attempts, then send again.'),
  AGE_EXCEEDED: meaning('The delivery could not be handed over within the time allowed.', 'Find the cause in its attempts, then send again.'),
  ACCOUNT_MISSING: meaning(
    'No HISP account of this name is deployed.',
    'Choose an account in the node, or correct the one that the organization names.',
  ),
  PLAINTEXT_REFUSED: meaning(
    'The mail is not encrypted, and the account does not declare that its HISP seals.',
    'Wire S/MIME before HISP send and choose the same account in both; then run the message again from the S/MIME node. Nothing has left.',
  ),
  ALREADY_SEALED: meaning(
    'The mail is encrypted already, but the account declares that its HISP seals.',
    'Choose the same account in the S/MIME node and in HISP send; then run the message again from the S/MIME node. Nothing has left.',
  ),
  // notifications
  NO_PROCESSED: meaning('No processed notification came by the deadline.', 'Call the recipient; nothing is sent again by itself.'),
  NOT_DISPATCHED: meaning(
    'The receiving HISP processed the mail but did not confirm final delivery.',
    'Call the recipient, or switch final delivery off for this HISP.',
  ),
  MDN_FAILED: meaning('The receiving HISP reported that delivery failed.', 'Check the address with the recipient.'),
  DSN_FAILED: meaning('A delivery status notification reported failure.', 'Check the address with the recipient.'),
  NOTICE_UNMATCHED: meaning('A notification fits no delivery.', 'It is kept; nothing changes.'),
  NOTICE_UNAUTHENTIC: meaning('A notification was not signed by the recipient\'s domain.', 'It is kept and changes nothing.'),
  NOT_A_NOTIFICATION: meaning('A mail arrived that is no notification.', 'It is kept and leaves by the second output of HISP receive.'),
  MAIL_SEALED: meaning(
    'A mail in the mailbox is still encrypted, although the account\'s HISP opens mail.',
    'It is kept and leaves by the second output of HISP receive; ask the HISP why it was not opened.',
  ),
  NOTICE_TOO_LARGE: meaning(
    'A mail in the mailbox is larger than any notification.',
    'Its beginning is kept; the mail itself stays in the mailbox and is not read again.',
  ),
  MAIL_UNREADABLE: meaning(
    'A mail in the mailbox could not be read or stored again and again.',
    'It stays in the mailbox; look at it there. The others are taken.',
  ),
  IMAP_MISSING: meaning(
    'Reading a mailbox needs a package that is not installed.',
    'Run `npm install imapflow` in the user directory of Node-RED.',
  ),
  MAILBOX_UNREACHABLE: meaning(
    'The mailbox of the account cannot be reached, or the connection to it was lost.',
    'Check mail server, port and network; it is tried again, and deadlines stand still meanwhile.',
  ),
  MAILBOX_TLS: meaning(
    'The TLS certificate or protocol of the account\'s mail server was refused, or it offers no TLS.',
    'Check the mail server\'s name and the certificate authority of the account; nothing was sent to it.',
  ),
  MAILBOX_LOGIN: meaning('The mail server refused the log-in.', 'Correct user and password of the account; it is tried again.'),
  MAILBOX_MISSING: meaning(
    'The account has no mailbox that can be opened for reading and marking.',
    'Ask the HISP for an INBOX that the log-in may change.',
  ),
  NODE_UNFIT: meaning('This Node.js cannot decrypt the mail that HISPs send.', 'Run Node-RED on Node.js 22.20, or 24.5 or newer.'),
  RECEIVER_FAILED: meaning('The receiver of notifications cannot listen.', 'Choose a free port and a readable certificate.'),
  // fees
  PRICE_INVALID: meaning('A price is not a decimal number with a currency.', 'Write for example 0.25 and USD.'),
  // journal and engine
  JOURNAL_MISSING: meaning('No journal is configured.', 'Choose a journal in the node.'),
  JOURNAL_FAILED: meaning('The journal cannot store the message.', 'Check disk space and permissions; nothing was acknowledged.'),
  JOURNAL_LOCKED: meaning('Another process has the journal open.', 'Stop the other process, or give each its own journal file.'),
  JOURNAL_NEWER: meaning('The journal was written by a newer version of this program.', 'Install that version again, or use another journal file.'),
  JOURNAL_UNREACHABLE: meaning(
    'The journal\'s database cannot be reached or does not answer.',
    'See that PostgreSQL runs and that address, user and password are right; nothing was acknowledged, and work goes on when it is back.',
  ),
  JOURNAL_DAMAGED: meaning(
    'The journal\'s file is damaged.',
    'Nothing was changed. Stop, copy the file as it is, and restore the last backup; never repair the file in place.',
  ),
  JOURNAL_READ_ONLY: meaning('The journal is open for reading only.', 'Send changes to the process that has the journal open.'),
  JOURNAL_OLDER: meaning(
    'The journal was written by an earlier version of this program.',
    'Start this version once: it brings the journal up to date.',
  ),
  JOURNAL_FULL: meaning('The disk of the journal is full.', 'Make space; nothing was acknowledged, and work goes on when there is space.'),
  DRIVER_MISSING: meaning(
    'The journal\'s database needs packages that are not installed.',
    'Run `npm install pg pg-boss` in the user directory of Node-RED.',
  ),
  FLOW_OVERTAKEN: meaning('The message has been handed to the flow anew meanwhile.', 'Nothing to do; the newer emission does the work.'),
  FLOW_LOST: meaning(
    'The message vanished in the flow again and again.',
    'See its last stage; mend the flow after it, then run the message again.',
  ),
  FLOW_ENDED: meaning(
    'The flow ended without an outcome for the message.',
    'If that was not meant, see the node named and run the message again.',
  ),
  FLOW_FAILED: meaning(
    'A node of the flow failed on the message, and nothing of ours followed.',
    'See the log for the node named, mend the flow, then run the message again.',
  ),
  FLOW_CRASHED: meaning('The process ended while the message was in the flow.', 'Nothing to do; the message is handed to the flow again.'),
  SUPERSEDED: meaning('A correction of the result overtook this delivery.', 'Nothing to do; the correction goes to the same recipient.'),
  RESEAL: meaning('The mail waited for more than a day.', 'Nothing to do; the recipient\'s certificate is looked at again before it is sent.'),
  OWNER_REQUEST_INVALID: meaning(
    'The request to the process that has the journal open is malformed.',
    'Use the direct-courier command of the version that runs.',
  ),
  OWNER_VERSION: meaning(
    'The process that has the journal open speaks another version of the protocol.',
    'Use the direct-courier command of the version that runs, or restart Node-RED with this one.',
  ),
  OWNER_SILENT: meaning(
    'Another process has the journal open and does not answer at its socket.',
    'Call as the user that Node-RED runs as, or stop Node-RED first; nothing was changed.',
  ),
  OWNER_LOST: meaning(
    'The connection to the process that has the journal open was lost before it answered.',
    'Look whether the change was made before you repeat it.',
  ),
  MESSAGE_UNKNOWN: meaning('The journal has no message of this id.', 'Look it up with `journal find`.'),
  RAW_GONE: meaning('The raw input of the message is no longer kept.', 'Run it again from a later stage, or have the source send it again.'),
  NOT_A_RESULT: meaning('Only a result can be run again as a message.', 'Give the JSON of one OrderResults object.'),
  KEY_MISSING: meaning(
    'The journal has no key to seal its contents with.',
    'Make one with `direct-courier journal init-key --file F`, outside the journal\'s folder, and name the file in the journal\'s settings or in '
    + 'DIRECT_JOURNAL_KEY_FILE; or set DIRECT_JOURNAL_KEY.',
  ),
  KEY_INVALID: meaning(
    'The journal\'s key is not 32 random bytes in base64 or hexadecimal digits.',
    'Make one with `direct-courier journal init-key --file F`.',
  ),
  KEY_EXPOSED: meaning('Others than its owner may read the file of the journal\'s key.', 'Give it the mode 0600 (chmod 600), then start again.'),
  KEY_INSIDE_DATA: meaning(
    'The file of the journal\'s key lies in the journal\'s own folder, so that whoever copies the folder has both.',
    'Move the key elsewhere and name its new place.',
  ),
  KEY_EXISTS: meaning('A file is there already; a key is never overwritten.', 'Choose another name for the new key.'),
  KEY_NOT_BACKED_UP: meaning(
    'Nobody has said yet that the journal\'s key is backed up; without it everything in the journal is lost.',
    'Keep a copy of the key away from this machine and from the journal\'s backups, then write the fingerprint shown into the journal\'s settings '
    + '(Key backed up) or DIRECT_JOURNAL_KEY_BACKUP.',
  ),
  KEY_WRONG: meaning(
    'The key given is not the one that the journal is sealed with.',
    'Give the key with the fingerprint that the journal wants, from its backup; nothing was changed.',
  ),
  KEYS_LOST: meaning(
    'The journal\'s data keys are missing, although it holds sealed contents.',
    'Restore the journal from a backup; nothing was changed.',
  ),
  CONTENT_DAMAGED: meaning(
    'Something in the journal is not what was stored.',
    'Run `direct-courier journal verify`, check the disk, and restore the journal from a backup.',
  ),
  // what people do
  OPERATOR: meaning('A person held or cancelled the delivery.', 'The audit record says who and why; release it, or run the message again.'),
  REDIRECTED: meaning('The delivery was redirected to another address.', 'See the linked message that took its place.'),
  RERUN: meaning('The message was run again for this recipient.', 'See the linked message that took its place.'),
  REPLANNED: meaning('The message\'s route was resolved anew.', 'Nothing to do; the recipients of the new plan stand beside it.'),
  NOT_CHOSEN: meaning('The message was run again for other recipients only.', 'Run it again for this recipient if it should get the result.'),
  REQUEST_INVALID: meaning('What was asked of the journal is incomplete or cannot be understood.', 'Correct the part named; nothing was changed.'),
  CURSOR_INVALID: meaning('The cursor of the page is not one of this journal.', 'Start again at the first page.'),
  DELIVERY_UNKNOWN: meaning('The journal has no such delivery.', 'Look it up with `journal find`.'),
  DELIVERY_SENDING: meaning('The delivery is being sent at this moment.', 'Try again in a minute.'),
  ALERT_UNKNOWN: meaning('The journal has no such alert, delivery or message.', 'See what is open with `journal alerts`.'),
  BLOCK_UNKNOWN: meaning('The do-not-send list has no such entry.', 'See it with `journal do-not-send list`.'),
  ACTION_UNFIT: meaning(
    'This cannot be done to a delivery, account or message in its present state.',
    'Look at its state; perhaps it was done already.',
  ),
  RERUN_NEEDED: meaning('The delivery has no mail yet that could be sent.', 'Mend the cause, then run its message again.'),
  MESSAGE_BUSY: meaning('The message is in the flow, or waits for it.', 'Wait until it has come to rest, then try again.'),
  MESSAGE_NOT_JOINED: meaning('The message belongs to no order yet.', 'Send or correct its order, then send the result again.'),
  NOTHING_TO_TAKE_OVER: meaning('The message never got as far as this stage.', 'Run it again from an earlier stage.'),
  RECIPIENT_NONE: meaning(
    'None of the message\'s recipients can be sent to from this stage.',
    'Choose others, or run it again from an earlier stage.',
  ),
  RECIPIENT_MISMATCH: meaning(
    'A mail is addressed to someone else than its delivery.',
    'Change recipients before the mail is sealed, in the route table or on the order; nothing was queued.',
  ),
  MESSAGE_INCOMPLETE: meaning('The message lacks what this node needs.', 'Wire the stages in order, or set the property named.'),
  STAGE_FAILED: meaning('A stage failed unexpectedly.', 'See the log; run the message again.'),
} as const satisfies Record<string, Meaning>;
