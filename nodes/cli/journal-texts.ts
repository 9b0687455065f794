// What `direct-courier journal` and `audit` say to people.
import { RETENTION } from '../journal/port.ts';

const STANDARD = `${RETENTION.openOrders}, ${RETENTION.correction}, ${RETENTION.content} and ${RETENTION.ledger}`;

export const JOURNAL_HELP = `direct-courier journal <what> --journal FILE|URL [options]        (or DIRECT_JOURNAL_URL instead of --journal)

Where it is and how it is opened, for each of them:
  --journal FILE|URL   the SQLite file, or postgres://…; [--backend postgres|citus|cockroachdb] [--schema NAME] for a database
  --key-file FILE      the journal's key; else DIRECT_JOURNAL_KEY, DIRECT_JOURNAL_KEY_FILE, or a demonstration's key beside the journal
  --json               one JSON object, or one a line, instead of a table

Looking, also beside a running engine; nothing is changed:
  stats
  find       [--what messages|deliveries] [--id ID] [--order N] [--organization GUID] [--recipient ADDRESS] [--mrn NUMBER|-]
             [--state STATE] [--account NAME] [--from TIME] [--to TIME] [--limit N] [--cursor C | --all]
             --order also takes the number that IRIS has told for it. Times are ISO 8601, a date alone is its beginning in UTC; --to is
             exclusive. --mrn - reads the number from standard input,
             where no list of processes and no history shows it. Tables show ids, codes and times.
  show       --message ID
  accounts
  incidents  [--account NAME] [--open]
  alerts     [--all]                                    emergent and urgent results that wait for a person
  do-not-send list [--all]                              addresses, domains and NPIs that nothing is sent to
  tests                                                 the latest test message to each address
  export     [conditions as for find] [--out FILE]      one JSON object a line; addresses and other people's words are left out
  verify                                                every content, the audit chain and the database's structure

Looking at what may name a patient. Each needs --reason TEXT and leaves an entry in the audit chain:
  show       --message ID --content raw|report|cda|mail|result --out FILE|-  [--delivery ID]
  export     --no-redact | --with-content FOLDER

Changing. Each needs --reason TEXT [--actor NAME]; where an engine runs, it does the work, else the command opens the journal itself:
  hold | release | cancel   --delivery ID[,ID…] | [--account NAME] [--order N] [--recipient ADDRESS] [--state STATE]   [--dry-run]
  release                   --message ID [--organization GUID]     a held message, over what it was held for; GUID chooses its order
  close                     --message ID                           a held message, of which nothing more is to be sent
  redirect                  --delivery ID --to ADDRESS
  pause | resume            --account NAME
  acknowledge               --alert ID | --delivery ID | --message ID      the reason says what was done; it alarms no more
  do-not-send add           --address ADDRESS | --domain DOMAIN | --npi NPI    what waits to be sent there ends
  do-not-send remove        --id ID
  test                      --organization GUID [--site S] --to ADDRESS [--no-final-delivery] [--wait SECONDS]
                            Sends a made-up patient's result, marked TEST, the real way, and waits for its notifications.
  legal-hold                --message ID [--lift]
  rerun                     --message ID --from raw|resolve-route|lookup-npi|render-pdf|build-cda|seal-mail [--only DELIVERY[,…]]
                            --message ID --from raw --edited FILE       the JSON of a result, changed by you
  resend                    --message ID [--only DELIVERY[,…]]          a new mail, a new fee line
  prune                     [--open-orders DAYS] [--correction DAYS] [--content DAYS] [--ledger DAYS] [--standard] [--dry-run]
                            What is not named stays; with --standard for ${STANDARD} days.
  rotate-key                --new-key-file FILE

A key for a new journal:
  init-key                  --file FILE       (no --journal)

direct-courier audit verify [--head HASH] --journal …    the chain alone; --head: a hash noted earlier that must still be in it
direct-courier audit list [--after N] [--limit N | --all] --journal …

A reason is kept for ever and shown to everybody who may read the audit: name no patient in it.
Exit codes: 0 done; 1 could not run, refused, or a wrong call; 2 some or all of what was named could not be changed; 3 verify found damage.
The socket of a running engine is <journal>.sock, for the engine's own user alone. On Windows there is none: stop the engine first.`;

export const JOURNAL_TEXTS = {
  unknownVerb: (verb: string | undefined) => verb === undefined ? 'What is to be done?' : `There is no journal ${JSON.stringify(verb)}.`,
  unknownAudit: (verb: string | undefined) => verb === undefined ? 'audit verify, or audit list?' : `There is no audit ${JSON.stringify(verb)}.`,
  needsOption: (name: string) => `The option --${name} is needed.`,
  needsReason: 'This is recorded in the audit chain: say why with --reason TEXT.',
  reasonLong: '--reason and --actor take one line of at most 500 characters.',
  noJournalIn: (schema: string) => `The database has no journal in the schema ${schema}.`,
  noJournal: (file: string) => `There is no journal ${file}.`,
  unlikeTime: (name: string) => `--${name} takes a date (2026-01-31) or a time with its zone (2026-01-31T08:00:00-05:00).`,
  unlikeNumber: (name: string, least: number, most: number) => `--${name} takes a whole number from ${least} to ${most}.`,
  choose: (names: string) => `Choose by ${names}.`,
  notBoth: (a: string, b: string) => `Use either --${a} or --${b}.`,
  nothingToPrune: 'Say what is to go, for example --content 30, or --standard.',
  unlikeHash: '--head takes the 64 hexadecimal digits that `audit verify` has shown.',
  editedFromRaw: '--edited takes --from raw.',
  editTooLarge: 'The edited file is larger than 25 MB.',
  exportsMessages: 'An export is of messages, each with its deliveries; leave --what out.',
  oneOf: (names: readonly string[]) => `Name one of ${names.map((name) => `--${name}`).join(', ')}.`,
  doNotSendVerb: 'do-not-send add, do-not-send remove, or do-not-send list?',
  entered: (id: string, ended: number) => `Entered as ${id}. ${ended} waiting deliveries ended.`,
  testSent: (id: string) => `Test message: ${id}`,
  testEnded: (state: string, code: string | null) => `It ended ${[state, code].filter(Boolean).join(' ')}.`,
  testOpen: (state: string, code: string | null) =>
    `It has not ended yet, and is ${[state, code].filter(Boolean).join(' ')}. See \`journal tests\` later.`,
  noSelection: 'Name deliveries with --delivery, or conditions; a change for everything there is is not made.',
  noDelivery: (id: string) => `The journal has no delivery ${id}.`,
  contentGone: (what: string) => `The journal does not have the ${what} of this message: there never was one, or its time is over.`,
  whichDelivery: 'The message has several mails: choose one with --delivery.',
  outExists: (file: string) => `${file} exists already; nothing is overwritten.`,
  late: '  (a positive notification came late)',
  sealedByHisp: '   plain, sealed by its HISP',
  more: (cursor: string) => `More: --cursor ${cursor}`,
  nothing: 'Nothing fits.',
  changed: (count: number) => `${count} changed.`,
  wouldChange: (count: number, skipped: number) => `${count} would change, ${skipped} would not.`,
  skipped: 'NOT CHANGED',
  overrode: (code: string) => `It was held with ${code}; the audit chain names you.`,
  created: (id: string) => `New message: ${id}`,
  same: (id: string) => `The same message goes through the flow again: ${id}`,
  joined: (outcome: string, code?: string) => `It is ${outcome}${code === undefined ? '' : ` (${code})`}.`,
  bytesFreed: (bytes: number, dryRun: boolean) => `${bytes} bytes of content ${dryRun ? 'would go' : 'went'}.`,
  sound: 'Nothing is damaged.',
  damaged: 'DAMAGED: restore the journal from a backup; nothing was repaired.',
  chain: (entries: number, firstBroken: number | null) =>
    firstBroken === null ? `audit chain: ${entries} entries, unbroken` : `audit chain: broken at entry ${firstBroken}`,
  head: (hash: string) => `newest entry: ${hash}  (note it elsewhere; --head HASH finds a chain that was cut off)`,
  headMissing: 'The hash noted earlier is not in the chain: entries were removed, or it is another journal\'s.',
  contents: (checked: number, damaged: number) => `contents: ${checked} checked, ${damaged} damaged`,
  structure: (faults: number) => `structure: ${faults === 0 ? 'sound' : `${faults} fault(s)`}`,
  keyMade: (file: string, print: string) => [
    `A new key is in ${file}, fingerprint ${print}`,
    'Keep a copy of it away from this machine and from the journal\'s backups, which never hold it: without the key the journal is lost.',
    `Then say that you did: DIRECT_JOURNAL_KEY_BACKUP=${print} (or the journal's settings in the editor), and DIRECT_JOURNAL_KEY_FILE=${file}`,
  ].join('\n'),
  keyChanged: (file: string, print: string) => [
    `The journal is sealed with the new key now, fingerprint ${print}`,
    'Backups of the journal made before this moment still need the old key: keep it with them.',
    `Before the engine starts again: name ${file} where the old key was named, and DIRECT_JOURNAL_KEY_BACKUP=${print} once the new one is backed up.`,
  ].join('\n'),
} as const;
