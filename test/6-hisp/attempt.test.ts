import { expect } from 'chai';
import fc from 'fast-check';
import { type Suspects, tryDelivery } from '../../nodes/6-hisp/attempt.ts';
import type { ProbeOutcome, Setback, Transport, TransportOutcome } from '../../nodes/6-hisp/types.ts';

const mail = { deliveryId: 'd1', from: 'a@b.example', to: 'c@d.example', raw: Buffer.from('x') };
const ok: TransportOutcome = { kind: 'accepted', response: '250 ok' };
const lost = (change: Partial<Setback> = {}): Setback =>
  ({ kind: 'doubtful', code: 'HISP_UNREACHABLE', response: 'ECONNRESET', seen: false, whole: false, ...change });
const refused: Setback = { kind: 'refused', code: 'HISP_REFUSED', response: '550', seen: false, whole: false };
const down: Setback = { kind: 'account', code: 'HISP_UNREACHABLE', response: 'ECONNREFUSED', seen: false, whole: false };
const works: ProbeOutcome = { ok: true };
const fails: ProbeOutcome = { ok: false, code: 'HISP_LOGIN', response: '535' };

/** A HISP whose answers are given one after another; what is asked of it is kept. */
const hisp = (sends: TransportOutcome[], probes: ProbeOutcome[] = []): { transport: Transport; asked: string[] } => {
  const asked: string[] = [];
  return {
    asked,
    transport: {
      send: async () => { asked.push('send'); return sends.shift()!; },
      probe: async () => { asked.push('probe'); return probes.shift()!; },
      close: () => undefined,
    },
  };
};

describe('one attempt', () => {
  it('that is answered is over', async () => {
    for (const outcome of [ok, refused, down]) {
      const { transport, asked } = hisp([outcome]);
      expect(await tryDelivery(transport, mail, new Set())).to.equal(outcome);
      expect(asked).to.deep.equal(['send']);
    }
  });

  it('that was broken off goes again at once when the account works', async () => {
    const { transport, asked } = hisp([lost(), ok], [works]);
    expect(await tryDelivery(transport, mail, new Set())).to.equal(ok);
    expect(asked).to.deep.equal(['send', 'probe', 'send']);
  });

  it('that is broken off twice though the account works in between is the mail\'s own, and what the HISP saw is not forgotten', async () => {
    const { transport } = hisp([lost({ seen: true }), lost()], [works]);
    expect(await tryDelivery(transport, mail, new Set())).to.deep.include({ kind: 'doubtful', code: 'HISP_UNREACHABLE', seen: true });
  });

  it('that was broken off because the account fails is the account\'s, with the reason that the probe found', async () => {
    const { transport, asked } = hisp([lost({ seen: true })], [fails]);
    expect(await tryDelivery(transport, mail, new Set())).to.deep.equal(lost({ kind: 'account', code: 'HISP_LOGIN', response: '535', seen: true }));
    expect(asked).to.deep.equal(['send', 'probe']);
  });

  it('that brings the HISP down each time does so at the account\'s cost only once', async () => {
    const suspects: Suspects = new Set();
    const crash = async (): Promise<TransportOutcome> => await tryDelivery(hisp([lost()], [fails]).transport, mail, suspects);
    expect((await crash()).kind).to.equal('account');
    for (let times = 0; times < 3; times += 1) expect((await crash()).kind).to.equal('doubtful');
    const late = hisp([lost(), down], [works]);
    expect((await tryDelivery(late.transport, mail, suspects)).kind).to.equal('doubtful');
  });

  it('clears a mail of suspicion when it is answered, and not by an account that fails before it began', async () => {
    const suspects: Suspects = new Set(['d1']);
    await tryDelivery(hisp([down]).transport, mail, suspects);
    expect([...suspects]).to.deep.equal(['d1']);
    for (const answered of [hisp([refused]), hisp([ok]), hisp([lost(), ok], [works])]) {
      const suspicious: Suspects = new Set(['d1']);
      await tryDelivery(answered.transport, mail, suspicious);
      expect([...suspicious]).to.deep.equal([]);
    }
  });

  it('property: whatever a HISP does, a mail stops the account at most once in a row while the HISP answers nothing else about it', async () => {
    const outcome = fc.constantFrom<TransportOutcome>(lost(), lost({ seen: true }), refused, ok);
    const round = fc.record({ first: outcome, second: fc.oneof(outcome, fc.constant<TransportOutcome>(down)), probe: fc.constantFrom(works, fails) });
    await fc.assert(fc.asyncProperty(fc.array(round, { maxLength: 12 }), async (rounds) => {
      const suspects: Suspects = new Set();
      let stops = 0;
      for (const { first, second, probe } of rounds) {
        const result = await tryDelivery(hisp([first, second], [probe]).transport, mail, suspects);
        if (result.kind === 'account') stops += 1;
        if (result.kind === 'accepted' || result.kind === 'refused') stops = 0;
        if (stops > 1) return false;
      }
      return true;
    }), { numRuns: 500 });
  });
});
