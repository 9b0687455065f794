// One exam outside of Node-RED: what each stage gets, made by the stages before it.
import { createPrivateKey, randomUUID } from 'node:crypto';
import type * as OrganizationsModule from '../../nodes/0-order/organization.ts';
import type * as ReadModule from '../../nodes/0-order/iris/read.ts';
import type { Result, StoredOrder } from '../../nodes/0-order/model.ts';
import type * as RenderModule from '../../nodes/3-pdf/render.ts';
import type * as BuildModule from '../../nodes/4-cda/build.ts';
import type { DocumentInput } from '../../nodes/4-cda/document.ts';
import type * as MailForModule from '../../nodes/5-smime/mail-for.ts';
import type * as PemModule from '../../nodes/5-smime/pem.ts';
import type * as SealModule from '../../nodes/5-smime/seal.ts';
import type { Der, Identity, SealRequest } from '../../nodes/5-smime/types.ts';
import type * as PkiModule from '../../nodes/6-hisp/simulator/pki.ts';
import type * as AgentModule from '../../nodes/6-hisp/simulator/security-agent.ts';
import { fundusPng } from '../support/images.ts';
import { CLINIC } from '../support/samples.ts';
import { built } from './built.ts';
import { examOf, PICTURE } from './exam.ts';

export const SENDER = 'results@direct.courier.example';
/** Takes the mail and answers nothing, so that only the sending is measured. */
export const RECIPIENT = 'desk@silent.practice.sim.example';

const ORGANIZATION = {
  clientGuid: CLINIC, name: 'Lakeside Eye Clinic', npi: '2990000038', phone: '555-555-0120', contact: 'results desk',
  address: { street: ['1 Test St'], city: 'Testville', state: 'FL', postalCode: '32501' }, sender: SENDER, timeZone: 'America/Chicago',
} satisfies OrganizationsModule.Organization;

export interface Scene {
  order: StoredOrder;
  result: Result;
  render: RenderModule.RenderInput;
  document: DocumentInput;
  seal: SealRequest;
  identity: Identity;
  anchors: Der[];
  pdf: Buffer;
  cda: Buffer;
  mail: Buffer;
  /** The two notifications that a willing recipient sends back. */
  notifications: Buffer[];
}

const readExam = async (): Promise<{ order: StoredOrder; result: Result }> => {
  const { readIris } = await built<typeof ReadModule>('0-order/iris/read');
  const options = { today: new Date().toISOString().slice(0, 10), maxBytes: 1e7 };
  const { order, result } = examOf(1);
  const [readOrder, readResult] = [readIris(order, options), readIris(result, options)];
  if (readOrder.kind !== 'order' || readResult.kind !== 'result') throw new Error('the exam cannot be read');
  return { order: readOrder.order as StoredOrder, result: readResult.result };
};

/** `pki` and `privateFolder` are those of the running network. */
export const prepareScene = async (pki: string, privateFolder: string): Promise<Scene> => {
  const { renderReport } = await built<typeof RenderModule>('3-pdf/render');
  const { buildInWorker } = await built<typeof BuildModule>('4-cda/build');
  const { mailFor } = await built<typeof MailForModule>('5-smime/mail-for');
  const { readPem } = await built<typeof PemModule>('5-smime/pem');
  const { sealMail } = await built<typeof SealModule>('5-smime/seal');
  const { react } = await built<typeof AgentModule>('6-hisp/simulator/security-agent');
  const { openPki } = await built<typeof PkiModule>('6-hisp/simulator/pki');
  const network = await openPki({ folder: pki, privateFolder });
  const [sender, holder] = [await network.senderIdentity(SENDER), await network.certificateFor(RECIPIENT)];
  if (holder === null) throw new Error('no certificate');
  const { order, result } = await readExam();
  const images = (['OD', 'OS'] as const).map((laterality) => ({ laterality, mediaType: 'image/png' as const, data: fundusPng(laterality, PICTURE) }));
  const render = { order, result, organization: ORGANIZATION, images, pageSize: 'letter' as const, now: Date.now() };
  const pdf = Buffer.from((await renderReport(render)).data);
  const settings = { documentCode: '78573-3', title: '', genderPreference: 'birth' as const, identifier: 'none' as const };
  const document = { order, result, organization: ORGANIZATION, pdf, now: new Date(), id: randomUUID(), settings };
  const cda = (await buildInWorker(document)).data;
  const message = mailFor({
    recipient: RECIPIENT, organization: ORGANIZATION, document: { id: document.id, data: cda, profile: 'r2.1/none', warnings: [] },
    settings: { subject: 'Exam result', attachPdf: false, finalDelivery: true }, now: new Date(), messageId: `<${randomUUID()}@direct.courier.example>`,
  });
  const identity: Identity = { certificate: readPem(sender.certificatePem)[0]!, chain: [], privateKey: createPrivateKey(sender.keyPem) };
  const seal: SealRequest = { message, identity, recipients: readPem(holder.certificatePem), cipher: 'aes-256-cbc', signingTime: new Date() };
  const mail = sealMail(seal);
  const { answers } = react({ to: RECIPIENT, raw: mail, behaviour: 'good', holder, authorityPem: network.authorityPem, now: new Date() });
  return { order, result, render, document, seal, identity, anchors: readPem(network.authorityPem), pdf, cda, mail, notifications: answers };
};
