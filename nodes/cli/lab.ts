// A laboratory on this machine: the simulated HISP network, a real Node-RED with the bundle, and its journal.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stopSenders } from '../6-hisp/sender.ts';
import { type Network, startNetwork } from '../6-hisp/simulator/network.ts';
import { makeKeyFile } from '../journal/keys.ts';
import type { JournalLocation } from '../journal/location.ts';
import { closeJournals, openJournal } from '../journal/open.ts';
import type { Journal } from '../journal/port.ts';
import { closePool } from '../pool.ts';
import { configure } from './bundle.ts';
import { type Engine, type FlowNode, freePort, startEngine } from './engine.ts';

/** The domain that the laboratory's organizations send from, and the name of its identity in the bundle. */
export const SENDER_DOMAIN = 'direct.courier.example';

export interface Lab { engine: Engine; network: Network; journal: Journal; stop(): Promise<void> }

export interface LabOptions {
  userDir: string;
  /** Where the network keeps certificates that may be shown: `<domain>.pem`, `.key`, `ca.pem`, … */
  pki: string;
  port: number;
  settings: Record<string, unknown>;
  /** The domain of the bundle's own identity. */
  senderDomain?: string;
  /** Where the bundle's journal is; default: a file in the user directory. */
  journal?: JournalLocation;
  /** The flows to deploy, once the network is up; null: those that the user directory has. */
  flows: (network: Network) => Promise<FlowNode[] | null>;
}

/** What the bundle's `${…}` properties stand for. The bundle itself holds no port, path or secret. */
const announce = (values: Record<string, string>): void => { Object.assign(process.env, values); };

export const BUNDLE_CREDENTIALS: Record<string, Record<string, string>> = {
  'direct-identity': { certificate: '${DIRECT_SENDER_CERTIFICATE}', key: '${DIRECT_SENDER_KEY}' },
  'direct-hisp-account': { user: '${DIRECT_HISP_USER}', password: '${DIRECT_HISP_PASSWORD}' },
};

/** In place of the bundle's own for an account whose HISP seals. */
export const EDGE_CREDENTIALS: Record<string, string> = { user: '${DIRECT_EDGE_USER}', password: '${DIRECT_EDGE_PASSWORD}' };

/** The flow with the laboratory's secrets: references only, so that nothing secret is stored with it. */
export const withCredentials = (flows: FlowNode[]): FlowNode[] =>
  flows.map((node) => {
    const credentials = BUNDLE_CREDENTIALS[node.type];
    return credentials === undefined || node.credentials !== undefined ? node : { ...node, credentials };
  });

/** A database has no folder of its own that a demonstration's key could lie in. */
const keyFor = (location: JournalLocation, userDir: string): Record<string, string> => {
  const given = process.env['DIRECT_JOURNAL_KEY'] ?? process.env['DIRECT_JOURNAL_KEY_FILE'];
  if (typeof location === 'string' || given !== undefined) return {};
  const file = join(userDir, 'journal.key');
  if (!existsSync(file)) makeKeyFile(file);
  return { DIRECT_JOURNAL_KEY_FILE: file };
};

/** The laboratory's journal is one for demonstrations: nobody is asked for a backup of its key. A database's address is not stored with the flow. */
const announceJournal = (location: JournalLocation, userDir: string): void => announce({
  DIRECT_JOURNAL_DEMO: '1', ...keyFor(location, userDir), ...(typeof location !== 'string' && { DIRECT_JOURNAL_URL: location.url }),
});

const journalForm = (location: JournalLocation): Record<string, unknown> => typeof location === 'string'
  ? { storage: 'sqlite', file: location } : { storage: 'postgres', backend: location.backend, schema: location.schema ?? '' };

/** What was started, ended in the reverse order; a part that fails to end does not keep the others. */
const ending = () => {
  const parts: (() => Promise<unknown>)[] = [];
  return {
    later: (part: () => Promise<unknown>): void => { parts.unshift(part); },
    now: async (): Promise<void> => { for (const part of parts.splice(0)) await part().catch(() => undefined); },
  };
};

/** The flows to deploy. A journal that was chosen for this run replaces what the stored flows say. */
const wantedFlows = async (network: Network, engine: Engine, { flows, journal }: LabOptions): Promise<FlowNode[] | null> => {
  const wanted = await flows(network);
  if (journal === undefined) return wanted;
  return configure(wanted ?? await engine.flows(), 'direct-journal', journalForm(journal));
};

export const startLab = async (options: LabOptions): Promise<Lab> => {
  const { userDir, pki, port, settings, senderDomain = SENDER_DOMAIN } = options;
  const location = options.journal ?? join(userDir, 'direct-courier', 'journal.sqlite');
  const end = ending();
  try {
    end.later(closePool);
    const notifyPort = await freePort();
    const [password, edgePassword] = [randomBytes(12).toString('base64url'), randomBytes(12).toString('base64url')];
    const login = { user: 'courier', password, edge: { user: 'courier-edge', password: edgePassword } };
    const network = await startNetwork({ folder: pki, privateFolder: join(userDir, 'private'), notifyPort, ...login });
    end.later(network.stop);
    const sender = await network.senderIdentity(senderDomain);
    announce({
      DIRECT_HISP_PORT: String(network.smtpPort),
      DIRECT_HISP_USER: login.user,
      DIRECT_HISP_PASSWORD: login.password,
      DIRECT_EDGE_USER: login.edge.user,
      DIRECT_EDGE_PASSWORD: edgePassword,
      DIRECT_IMAP_PORT: String(network.imapPort),
      DIRECT_NOTIFY_PORT: String(notifyPort),
      DIRECT_ANCHORS: join(pki, 'ca.pem'),
      DIRECT_CERTIFICATE_SERVICE: network.certificateUrl,
      DIRECT_SENDER_CERTIFICATE: sender.certificatePem,
      DIRECT_SENDER_KEY: sender.keyPem,
    });
    // Before Node-RED: a journal that another process holds is said at once and by itself.
    announceJournal(location, userDir);
    const journal = await openJournal(location);
    end.later(closeJournals);
    const engine = await startEngine({ userDir, port, settings });
    end.later(stopSenders);
    end.later(engine.stop);
    const wanted = await wantedFlows(network, engine, options);
    if (wanted !== null) await engine.deploy(withCredentials(wanted));
    return { engine, network, journal, stop: end.now };
  } catch (error) {
    await end.now();
    throw error;
  }
};
