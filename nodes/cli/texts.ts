// What the command line says to people, in one place.
export const TEXTS = {
  help: `direct-courier <command> [options]

  start [--fresh] [--new-password] [--port N] [--journal FILE|URL] [--backend postgres|citus|cockroachdb] [--schema NAME]
        Node-RED with the flow iris-results and a simulated HISP network on this machine.
  demo  --input DIR --out DIR [--route FILE] [--organizations FILE] [--directory FILE] [--expect FILE] [--patient-id none|null|mrn]
        [--policy union|site-over-organization|most-specific] [--pdf absent|render|pass] [--edge courier|hisp] [--deadline SECONDS] [--json]
        The same flow without the browser: inputs from DIR, mails, documents and a summary to the other.
        Exit 0 all ended well, 3 something did not or --expect is not met, 1 could not run.
  open  MAIL --recipient KEY --anchors PEM [--passphrase-file FILE] [--out DIR] [--json]
        Decrypts, verifies and judges a Direct mail. Exit 0 accept, 2 reject, 1 could not run.
  cda check FILE [--json]
        Checks a C-CDA Unstructured Document. Exit 0 ok or warnings, 2 errors, 1 could not run.
  npi check NUMBER [--json]
        Checks an NPI's form and check digit. Exit 0 valid, 2 not.
  organizations check NEW --current OLD [--route FILE] [--new-route FILE] [--json]
        Says what another list of organizations (and route table) would change. Exit 0 nothing, 4 something, 1 could not run.
  route explain ORDER [RESULT] [--flows FILE] [--node ID] [--route|--directory|--organizations FILE] [--policy NAME] [--journal FILE|URL] [--json]
        Who would get it and why; nothing is sent or stored. Exit 0 everybody who is named gets it, 3 somebody does not, 1 could not run.
  simulator --folder DIR [--smtp-port|--service-port|--notify-port|--imap-port N] [--user|--edge-user NAME]
        [--record FILE] [--answer-ms N] [--control]
        The simulated HISP network, also one that seals (edge log-in, notifications by IMAP), as a process; prints its ports as one line of JSON.
  journal stats|find|show|rerun|resend|hold|release|cancel|redirect|prune|verify|rotate-key|export|… --journal FILE|URL
  audit verify|list --journal FILE|URL
        Looks into a journal and works on what is in it, also beside a running engine; \`direct-courier journal --help\` shows all.`,
  nothingChanges: 'Nothing would change.',
  unknownCommand: (name: string) => `There is no command ${JSON.stringify(name)}.`,
  missingOption: (name: string) => `The option --${name} is needed.`,
  wrongChoice: (name: string, choices: readonly string[]) => `--${name} takes one of: ${choices.join(', ')}.`,
  outNotEmpty: (folder: string) => `${folder} is neither empty nor the output of an earlier demo; choose another --out.`,
  explainCall: 'route explain ORDER [RESULT]',
  certificatesNotAsked: (variables: readonly string[]) => `Certificates were not asked for: ${[...new Set(variables)].join(', ')} not set.`,
  noInputs: (folder: string) => `There is no .json file in ${folder}.`,
  stuck: 'The run made no progress for too long; see the states below.',
  expectationsMissed: (count: number) => `${count} expectation(s) not met:`,
  endedWell: 'All ended well.',
  endedBadly: 'Something did not end well: see the table and summary.json.',
  started: (url: string) => `Node-RED is ready at ${url}`,
  password: (user: string, password: string) => `Log in as ${user} with the password ${password} (shown this once; -- --new-password sets another)`,
  passwordKept: (user: string) => `Log in as ${user} with the password shown at the first start (-- --new-password sets another)`,
  network: (port: number) => `A simulated HISP network answers on this machine (SMTP port ${port}); nothing leaves it.`,
  running: 'Eight synthetic orders and results go through the flow …',
  stored: 'What is in the journal (nothing was run again; -- --fresh empties it):',
  stop: 'Ctrl-C stops it.',
  replay: 'Known already; answered, and nothing happened.',
  portTaken: (wanted: number, port: number) => `Port ${wanted} is taken; using ${port}.`,
  columns: ['ORDER', 'RECIPIENT', 'LEVEL', 'STATE', 'CODE', 'TRIES', 'FEE', 'WHY'],
} as const;
