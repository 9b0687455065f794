// The shipped flow as the test deploys it: quick retries, no Debug node at work, and an organization whose notifications are due soon.
import type { FlowNode } from '../../nodes/cli/engine.ts';
import { CLINIC } from '../support/samples.ts';

/** Seconds. Notifications that are late because of many restarts still count; nobody waits long for those that never come. */
const DEADLINE = '900';
const SOON = '25';
const SOON_ACCOUNT = 'simulated HISP, soon';

export const SOON_CLINIC = `${CLINIC.slice(0, -2)}cc`;

const CHANGES: Record<string, Record<string, unknown>> = {
  'direct-hisp-account': { retryFirst: '1', retryMax: '4', maxAttempts: '60', deadline: DEADLINE },
  'direct-render-pdf': { pageSize: 'letter', mode: 'absent' },
  debug: { active: false },
};

const soonAccount = (account: FlowNode): FlowNode => ({ ...account, id: 'soon', name: SOON_ACCOUNT, deadline: SOON });

const withSoonClinic = (node: FlowNode): FlowNode => {
  const organizations = node['organizations'] as Record<string, unknown>[];
  return { ...node, organizations: [...organizations, { ...organizations[0], clientGuid: SOON_CLINIC, account: SOON_ACCOUNT }] };
};

/** `journal`: properties of the journal node. */
export const flowFor = (bundle: FlowNode[], journal: Record<string, unknown>): FlowNode[] => bundle.flatMap((shipped): FlowNode[] => {
  const node = { ...shipped, ...CHANGES[shipped.type], ...(shipped.type === 'direct-journal' && journal) };
  if (node.type === 'direct-organizations') return [withSoonClinic(node)];
  return node.type === 'direct-hisp-account' ? [node, soonAccount(node)] : [node];
});
