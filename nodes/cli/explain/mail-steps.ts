// The last steps of an explanation: each recipient's mail is made, sealed or not, and thrown away; the account that it would go over is asked.
import type { Recipient, SealedMail } from '../../0-order/message.ts';
import { priorityOf } from '../../0-order/model.ts';
import type { Organization } from '../../0-order/organization.ts';
import { isTest } from '../../0-order/test-result.ts';
import { distinctWarnings } from '../../0-order/warnings.ts';
import { sealRecipients } from '../../5-smime/seal-recipients.ts';
import { checkSender } from '../../6-hisp/account.ts';
import { deadlineFor } from '../../6-hisp/deadline.ts';
import { sealingFault } from '../../6-hisp/sealing.ts';
import type { HispAccount } from '../../6-hisp/types.ts';
import { CourierError } from '../../errors.ts';
import { after, type Candidate, isOpen, openOnes } from './candidates.ts';
import type { CertificateExplanation } from './explanation.ts';
import { fateOf } from './question.ts';
import type { Configs } from './setting.ts';
import { type Step, stop } from './way.ts';

/** The organization's own account counts more than the one that a node has. */
const accountFor = (configs: Configs, { account }: Organization, chosen: string): HispAccount | undefined =>
  configs.account(account ? { name: account } : { id: chosen });

const certificateOf = ({ evidence: { recipientCertificates: certificates, anchor, sealedBy } }: SealedMail): CertificateExplanation =>
  sealedBy === 'hisp' ? { verdict: 'hisp', certificates: [], anchor: null } : { verdict: 'trusted', certificates, anchor };

const withMail = (candidate: Candidate, mail: SealedMail): Candidate => {
  const warnings = distinctWarnings([...candidate.recipient.warnings, ...mail.warnings]);
  return { ...candidate, recipient: { ...candidate.recipient, warnings }, mail, certificate: certificateOf(mail) };
};

const REFUSED: CertificateExplanation = { verdict: 'refused', certificates: [], anchor: null };

export const seal: Step = async (way, { configs, seal: setting }, now) => {
  const { organization, made, report } = way;
  if (setting === null || made === null) return way;
  const sealing = accountFor(configs, organization, setting.account)?.sealing ?? 'courier';
  const trust = sealing === 'hisp' && setting.trust === '' ? undefined : configs.trust(setting.trust);
  if (trust === null) throw new CourierError('TRUST_INVALID', { detail: 'no trust is chosen' });
  const identity = sealing === 'hisp' ? null : configs.identity(organization.identity ? { name: organization.identity } : { id: setting.identity });
  const { subject, attachPdf, cipher } = setting;
  const settings = { subject, attachPdf, cipher, test: isTest(way.result, way.order) };
  const { sealed, refused } = await sealRecipients({
    recipients: openOnes(way.candidates).map(({ recipient }): Recipient => recipient), organization, pdf: report ?? undefined,
    document: made.cda, documents: made.documents, sealing, identity: await identity?.open(),
    trust: trust && { source: trust.source, anchors: await trust.anchors() }, settings, now,
  });
  const mails = new Map(sealed.map(({ recipient, mail }) => [recipient.id, mail]));
  const isRefused = new Set(refused.map(({ id }) => id));
  const candidates = after(way.candidates, [...sealed.map(({ recipient }) => recipient), ...refused], ({ recipient }) => recipient.address);
  return {
    ...way,
    candidates: candidates.map((candidate) => {
      const mail = mails.get(candidate.recipient.id);
      if (mail !== undefined) return withMail(candidate, mail);
      return isRefused.has(candidate.recipient.id) ? { ...candidate, certificate: REFUSED } : candidate;
    }),
  };
};

/** Throws as HISP send would: SENDER_MISMATCH, PLAINTEXT_REFUSED, ALREADY_SEALED. */
const checkMail = (account: HispAccount, { from, raw }: SealedMail): void => {
  checkSender(account, from);
  const unfit = sealingFault(account, raw);
  if (unfit !== null) throw new CourierError(unfit, { path: 'msg.mail.raw', detail: `account ${account.name}` });
};

export const send: Step = async (way, { configs, account: chosen, prices }) => {
  const { organization, order, result } = way;
  if (chosen === null) return way;
  const account = accountFor(configs, organization, chosen);
  if (account === undefined) throw new CourierError('ACCOUNT_MISSING', organization.account ? { detail: organization.account } : {});
  const priority = result === undefined ? 'routine' : priorityOf(result);
  const kind = isTest(result, order) ? 'test' : 'delivery';
  const price = prices?.(order.organization, order.site.localId, kind);
  const fee = price === undefined ? null : { kind, ...price };
  const [first] = openOnes(way.candidates);
  if (kind === 'test' && !account.simulated && first !== undefined) {
    if (first.mail !== null) checkMail(account, first.mail);
    return stop(way, fateOf('HELD', 'TEST_TRAFFIC'));
  }
  return {
    ...way,
    candidates: way.candidates.map((candidate): Candidate => {
      if (!isOpen(candidate)) return candidate;
      const deadlineMs = deadlineFor({ mail: candidate.recipient, organization, account, priority });
      const known = { ...candidate, account: account.name, deadlineMs, fee };
      if (candidate.mail === null) return known;
      checkMail(account, candidate.mail);
      const { hold } = candidate.recipient;
      return { ...known, fate: hold === undefined ? { state: 'QUEUED', code: null } : { state: 'HELD', code: hold } };
    }),
  };
};
