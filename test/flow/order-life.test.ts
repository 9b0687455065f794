// The life of an order and its results through the running engine and the simulated network.
import { expect } from 'chai';
import type { DeliveryRecord, MessageRecord } from '../../nodes/journal/port.ts';
import { removeTemporaryFolders } from '../support/demo.ts';
import { setOn, startTestLab, type TestLab } from '../support/lab.ts';
import { CLINIC, inputPair, type Json } from '../support/samples.ts';

const OVER = ['PROCESSED', 'DELIVERED', 'SUPPRESSED', 'UNRESOLVED', 'FAILED'];
const BY = { actor: 'ops', reason: 'asked the clinic' };

describe('the life of an order', function () {
  this.timeout(120_000);
  let lab: TestLab;
  before(async () => {
    lab = await startTestLab((flows) => {
      const organizations = [{ clientGuid: CLINIC, name: 'Lakeside Eye Clinic', sender: 'results@direct.courier.example' }];
      const rows = [{ level: 'site', organization: CLINIC, site: 'SITE01', address: 'desk@good.lakeside.sim.example', finalDelivery: true, enabled: true }];
      const waiting = setOn(flows, 'direct-order-in', { waitHours: '0.0005', withoutOrder: 'send', bound: CLINIC });
      return setOn(setOn(waiting, 'direct-organizations', { organizations }), 'direct-route-table', { file: '', rows });
    });
  });
  after(async () => {
    await lab.stop();
    removeTemporaryFolders();
  });

  const give = async (n: number, result: Json): Promise<string> => {
    const [, [name, body]] = Object.entries(inputPair(n, { result })) as [unknown, [string, Json]];
    return String((await lab.post(name, body)).body['message']);
  };
  const giveOrder = async (n: number): Promise<void> => {
    const [[name, body]] = Object.entries(inputPair(n, { address: `dr.${n}@good.lakeside.sim.example` })) as [[string, Json]];
    await lab.post(name, body);
  };
  const ended = (id: string): Promise<{ message: MessageRecord; deliveries: DeliveryRecord[] }> => lab.until(`the end of ${id}`, async (journal) => {
    const found = { message: (await journal.message(id))!, deliveries: await journal.deliveries({ messageId: id }) };
    return (found.message.state === 'FILTERED' || found.deliveries.length > 0) && found.deliveries.every(({ state }) => OVER.includes(state)) && found;
  });
  const documentOf = async (id: string): Promise<{ id: string; xml: string; bytes: Buffer }> => {
    const found = (await lab.journal.latestDocument(id))!;
    const bytes = Buffer.from(found.data);
    return { id: found.id, bytes, xml: bytes.toString().replace(/<component>.*/s, '') };
  };
  const inXml = (xml: string, pattern: RegExp): string | undefined => pattern.exec(xml)?.[1];
  const setOf = (xml: string): string => inXml(xml, /<languageCode[^>]*><setId root="([^"]+)"/)!;

  it('a correction replaces the document, an addendum is appended to it, a resend is the same document', async () => {
    await giveOrder(1);
    const first = await give(1, {});
    await ended(first);
    const original = await documentOf(first);
    expect(original.xml).to.include('<versionNumber value="1"/>').and.not.include('relatedDocument');

    const addendum = await give(1, { ResultCode: 'A', Gradings: { CarePlanDescription: 'More to say.' } });
    await ended(addendum);
    const appended = (await documentOf(addendum)).xml;
    expect(appended).to.include(`<relatedDocument typeCode="APND"><parentDocument><id root="${original.id}"/>`);
    expect(setOf(appended)).to.not.equal(setOf(original.xml));

    const correction = await give(1, { ResultCode: 'C', Gradings: { CarePlanDescription: 'Corrected.' } });
    await ended(correction);
    const corrected = await documentOf(correction);
    expect(corrected.xml).to.include(`<relatedDocument typeCode="RPLC"><parentDocument><id root="${original.id}"/><setId root="${setOf(original.xml)}"/>`);
    expect([setOf(corrected.xml), inXml(corrected.xml, /<versionNumber value="(\d+)"/)]).to.deep.equal([setOf(original.xml), '2']);

    const resent = String((await lab.post('again.json', { OrderControlCode: 'ResendResult', ClientGuid: CLINIC, Order: { LocalId: 'ORD1' } })).body['message']);
    await ended(resent);
    expect((await documentOf(resent)).bytes.equals(corrected.bytes)).to.equal(true);
  });

  it('a result without its order goes to its site, which is told so; the order sends nothing again', async () => {
    const id = await give(2, {});
    const { deliveries } = await ended(id);
    expect(deliveries.map(({ level, recipient, state }) => [level, recipient, state])).to.deep.equal([['site', 'desk@good.lakeside.sim.example', 'DELIVERED']]);
    expect(deliveries[0]!.why).to.include('never came');
    expect(deliveries[0]!.warnings.map(({ code }) => code)).to.include('ORDER_STOOD_IN');
    await giveOrder(2);
    const correction = await give(2, { ResultCode: 'C', Gradings: { CarePlanDescription: 'Corrected.' } });
    const { deliveries: corrected } = await ended(correction);
    expect(corrected.map(({ level }) => level)).to.deep.equal(['order', 'site']);
    expect((await documentOf(correction)).xml).to.include(`<relatedDocument typeCode="RPLC"><parentDocument><id root="${(await documentOf(id)).id}"/>`);
    expect((await lab.journal.messages({ orderLocalId: 'ORD2' })).map((message) => message.id)).to.deep.equal([id, correction]);
  });

  it('a preliminary result stays, its final version goes out as a first document', async () => {
    await giveOrder(3);
    const preliminary = await give(3, { ResultCode: 'P' });
    const { message, deliveries } = await ended(preliminary);
    expect([message.state, message.code, deliveries]).to.deep.equal(['FILTERED', 'PRELIMINARY_OFF', []]);
    const final = await give(3, {});
    await ended(final);
    expect((await documentOf(final)).xml).to.include('<versionNumber value="1"/>').and.not.include('relatedDocument');
  });

  it('what a person lets go is delivered, what they close is not', async () => {
    await giveOrder(4);
    await ended(await give(4, {}));
    const [contested, other] = [await give(4, { Gradings: { CarePlanName: 'Refer' } }), await give(4, { Patient: { Dob: '1/16/1961' } })];
    expect([(await lab.journal.message(contested))!.code, (await lab.journal.message(other))!.code]).to.deep.equal(['CHANGED_WITHOUT_CORRECTION', 'PATIENT_MISMATCH']);
    await lab.journal.act({ kind: 'release-message', messageId: contested, ...BY });
    await lab.journal.act({ kind: 'close-message', messageId: other, ...BY });
    expect((await ended(contested)).deliveries.map(({ level, state }) => [level, state])).to.deep.equal([['order', 'DELIVERED'], ['site', 'DELIVERED']]);
    expect((await ended(other)).message).to.include({ state: 'FILTERED', code: 'CLOSED' });
  });
});
