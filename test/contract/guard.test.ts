import { expect } from 'chai';
import type { NodeAPI } from 'node-red';
import guard, { withoutPatientData } from '../../nodes/guard.ts';
import { irisOrder, irisResult } from '../support/samples.ts';

const MARKER = 'Testpatient';

describe('what a Debug node may see', () => {
  const message = {
    _msgid: '1', topic: MARKER, payload: irisResult(), order: irisOrder(), result: irisResult(), pdf: { data: Buffer.from(MARKER) }, mail: { raw: Buffer.from(MARKER) },
    own: { note: MARKER }, direct: { id: 'm1' }, receipt: { state: 'SENT' }, recipients: [{ address: 'a@b.example' }],
    error: { code: 'CDA_FAILED', message: 'CDA_FAILED: The document could not be built.', cause: new Error(MARKER), stack: MARKER, source: { id: 'n1' } },
  };

  it('ids, codes, states and recipients; nothing about a patient', () => {
    const shown = withoutPatientData(message);
    expect(JSON.stringify(shown)).to.not.include(MARKER);
    expect(shown).to.deep.include({ direct: { id: 'm1' }, receipt: { state: 'SENT' }, recipients: [{ address: 'a@b.example' }] });
    expect(shown['error']).to.deep.include({ code: 'CDA_FAILED', source: { id: 'n1' } });
  });

  it('an error that is not ours shows no text', () => {
    expect(JSON.stringify(withoutPatientData({ direct: {}, error: { message: `cannot read ${MARKER}` } }))).to.not.include(MARKER);
  });

  it('nothing of a decrypted mail, of the other side\'s own words, or of what a node of ours failed on', () => {
    for (const msg of [
      { payload: MARKER, opened: { message: MARKER } },
      { receipt: { event: 'failed', detail: MARKER } },
      { payload: MARKER, filename: MARKER, error: { message: 'x', source: { id: 'n1', type: 'direct-order-in' } } },
    ]) expect(JSON.stringify(withoutPatientData(msg))).to.not.include(MARKER);
  });

  it('of an alert and a hand-off only what the courier itself says', () => {
    const told = { id: 'a1', deliveryId: 'd1', state: 'FAILED', code: 'HISP_REFUSED', text: 'x', next: 'y', since: 'z', count: 1, recipient: 'a@b.example', contact: 'desk' };
    const shown = withoutPatientData({ alert: { ...told, detail: MARKER, response: MARKER }, handoff: { ...told, detail: MARKER }, organization: { name: MARKER } });
    expect(JSON.stringify(shown)).to.not.include(MARKER);
    expect(shown['alert']).to.deep.equal(told);
    expect(shown['handoff']).to.deep.equal(told);
  });

  it('messages of other flows pass as they are, and the message itself is never changed', () => {
    const foreign = { payload: 'hello' };
    expect(withoutPatientData(foreign)).to.equal(foreign);
    const hooks: Record<string, (event: { msg: object; destination: { node: { type: string } } }) => void> = {};
    guard({ hooks: { add: (name: string, hook: never) => { hooks[name] = hook; }, remove: () => undefined } } as unknown as NodeAPI);
    const hook = hooks['preDeliver.direct-guard']!;
    const [toDebug, toStage] = ['debug', 'direct-build-cda'].map((type) => ({ msg: message as object, destination: { node: { type } } }));
    hook(toDebug!);
    hook(toStage!);
    expect(JSON.stringify(toDebug!.msg)).to.not.include(MARKER);
    expect(toStage!.msg).to.equal(message);
    expect(message.payload).to.deep.include({ ResultCode: 'F' });
  });
});
