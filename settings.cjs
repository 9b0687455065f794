// Secure settings for an instance that handles patients' results. `npm start` builds on them; for an instance of your own:
// `node-red -u <user directory> -s settings.cjs` with the environment below.
//   DIRECT_COURIER_SECRET    long random text that encrypts the credentials file (required)
//   DIRECT_COURIER_USER      editor user name (default admin)
//   DIRECT_COURIER_PASSWORD  bcrypt hash made by `node-red admin hash-pw` (required)
// An `http in` node that skips body parsing reads a body of any size: put a reverse proxy with a limit before such an instance.
'use strict';

const { DIRECT_COURIER_SECRET, DIRECT_COURIER_USER = 'admin', DIRECT_COURIER_PASSWORD, PORT = '1880' } = process.env;

module.exports = {
  uiHost: '127.0.0.1',
  uiPort: Number(PORT),
  flowFile: 'flows.json',
  flowFilePretty: true,
  credentialSecret: DIRECT_COURIER_SECRET,
  adminAuth: {
    type: 'credentials',
    // Without a password hash nobody can log in: better than everybody.
    users: DIRECT_COURIER_PASSWORD ? [{ username: DIRECT_COURIER_USER, password: DIRECT_COURIER_PASSWORD, permissions: '*' }] : [],
    sessionExpiryTime: 12 * 60 * 60,
  },
  apiMaxLength: '30mb',
  externalModules: {
    autoInstall: false,
    palette: { allowInstall: false, allowUpload: false },
    modules: { allowInstall: false },
  },
  functionExternalModules: false,
  nodesExcludes: ['90-exec.js'],
  diagnostics: { enabled: false, ui: false },
  runtimeState: { enabled: false, ui: false },
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: 'info', metrics: false, audit: false } },
  // A Debug node shows at most this many characters of a text.
  debugMaxLength: 200,
  paletteCategories: ['Direct', 'subflows', 'common', 'function', 'network', 'sequence', 'parser', 'storage'],
  editorTheme: {
    tours: false,
    palette: { catalogues: [] },
    projects: { enabled: false },
  },
};
