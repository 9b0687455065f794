import { expect } from 'chai';
import type { DocumentLineage } from '../../nodes/journal/port.ts';
import { accepted, ACCOUNT, type Bench, mailFor, type OpenBench, order, raw, recipient, resend, result } from './fixtures.ts';

const PROFILE = 'r2.1/none';

/** Documents as versions of one another. */
export const lineageContract = (open: OpenBench): void => {
  describe('versions of documents', () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await open();
      await bench.journal.storeOrder(order(), raw(), true);
    });
    afterEach(() => bench.end());

    const accept = async (code: string, plan: string, change: Record<string, unknown> = {}): Promise<string> =>
      (await bench.journal.acceptResult(result({ ResultCode: code, Gradings: { CarePlanName: plan }, ...change }), raw(), null)).messageId;

    /** Its document as build CDA makes it. */
    const built = async (messageId: string, id: string, profile = PROFILE): Promise<DocumentLineage> => {
      const lineage = await bench.journal.documentLineage(messageId, profile);
      const { setId, versionNumber } = lineage;
      await bench.journal.saveDocument(messageId, { id, profile, data: Buffer.from(id), warnings: [], setId, versionNumber });
      return lineage;
    };
    const sent = async (messageId: string, address = `to-${messageId}@direct.lakeside.example`): Promise<void> => {
      const own = (await bench.journal.planRecipients(messageId, [recipient({ address })])).find((one) => one.address === address)!;
      await bench.journal.enqueue(mailFor(own.id!, { to: address }));
      for (const claim of await bench.journal.claimDue([ACCOUNT], 9)) await bench.journal.settleAttempt(claim.deliveryId, claim.attempt, accepted);
    };
    const sentFirst = async (code = 'F'): Promise<{ id: string; first: DocumentLineage }> => {
      const id = await accept(code, 'one');
      const first = await built(id, 'DOC1');
      await sent(id);
      return { id, first };
    };

    it('a first document is version 1 of a set of its own, and what was stored is told again', async () => {
      const { id, first } = await sentFirst();
      expect(first).to.have.all.keys('setId', 'versionNumber').and.include({ versionNumber: 1 });
      expect(first.setId).to.match(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
      expect(await bench.journal.document(id, PROFILE)).to.include({ setId: first.setId, versionNumber: 1 });
    });

    it('a correction replaces it, and the next one that one', async () => {
      const { first: { setId } } = await sentFirst();
      const second = await accept('C', 'two');
      expect(await built(second, 'DOC2')).to.deep.equal({ setId, versionNumber: 2, related: { type: 'RPLC', id: 'DOC1', setId, versionNumber: 1 } });
      await sent(second);
      expect(await built(await accept('C', 'three'), 'DOC3'))
        .to.deep.equal({ setId, versionNumber: 3, related: { type: 'RPLC', id: 'DOC2', setId, versionNumber: 2 } });
    });

    it('a final result replaces the preliminary one', async () => {
      const { first: { setId } } = await sentFirst('P');
      expect(await built(await accept('F', 'two'), 'DOC2'))
        .to.deep.equal({ setId, versionNumber: 2, related: { type: 'RPLC', id: 'DOC1', setId, versionNumber: 1 } });
    });

    it('another final result, of another grading or evaluation, stands for itself', async () => {
      const { first } = await sentFirst();
      for (const change of [{ Gradings: { GradedTime: '2026-01-09T00:00:00Z' } }, { Order: { EvaluationTypes: ['AMD'] } }]) {
        const lineage = await bench.journal.documentLineage(await accept('F', 'one', change), PROFILE);
        expect(lineage).to.not.have.property('related');
        expect(lineage.setId).to.not.equal(first.setId);
      }
      expect(await bench.journal.documentLineage(await accept('C', 'x', { Order: { EvaluationTypes: ['GLAUCOMA'] } }), PROFILE)).to.not.have.property('related');
    });

    it('an addendum is appended to it in a set of its own, and a correction passes the addendum by', async () => {
      const { first: { setId } } = await sentFirst();
      const addendum = await accept('A', 'more');
      const lineage = await built(addendum, 'DOC2');
      expect(lineage).to.deep.include({ versionNumber: 1, related: { type: 'APND', id: 'DOC1', setId, versionNumber: 1 } });
      expect(lineage.setId).to.not.equal(setId);
      await sent(addendum);
      expect((await built(await accept('C', 'two'), 'DOC3')).related).to.include({ id: 'DOC1' });
    });

    it('what reached nobody is replaced by nothing: the one before it is', async () => {
      const { first: { setId } } = await sentFirst();
      await built(await accept('C', 'two'), 'DOC2');
      // Counted on all the same: no two documents of a set have one number.
      expect(await built(await accept('C', 'three'), 'DOC3'))
        .to.deep.equal({ setId, versionNumber: 3, related: { type: 'RPLC', id: 'DOC1', setId, versionNumber: 1 } });
    });

    it('a correction of what never went out is a first document', async () => {
      await built(await accept('F', 'one'), 'DOC1');
      const lineage = await bench.journal.documentLineage(await accept('C', 'two'), PROFILE);
      expect(lineage).to.have.all.keys('setId', 'versionNumber').and.include({ versionNumber: 1 });
    });

    it('what may have been sent counts as sent', async () => {
      const id = await accept('F', 'one');
      await built(id, 'DOC1');
      const [planned] = await bench.journal.planRecipients(id, [recipient()]);
      await bench.journal.enqueue(mailFor(planned!.id!));
      const correction = bench.journal.claimDue([ACCOUNT], 1).then(() => accept('C', 'two'));
      expect((await bench.journal.documentLineage(await correction, PROFILE)).related).to.include({ type: 'RPLC', id: 'DOC1' });
    });

    it('the same profile is preferred, any other one taken', async () => {
      const { id, first: { setId } } = await sentFirst();
      await built(id, 'DOC1b', 'r2.1/mrn');
      const second = await accept('C', 'two');
      expect((await bench.journal.documentLineage(second, PROFILE)).related).to.include({ id: 'DOC1', setId });
      expect((await bench.journal.documentLineage(second, 'r2.1/mrn')).related).to.include({ id: 'DOC1b' });
      expect((await bench.journal.documentLineage(second, 'r2.1/null')).related).to.include({ id: 'DOC1b' });
    });

    it('a resend is no new version, and what only a resend has brought out is an earlier version, too', async () => {
      const id = await accept('F', 'one');
      const { setId } = await built(id, 'DOC1');
      const again = (await bench.journal.resendResult(resend(), raw())).ready!.direct.id;
      expect(await bench.journal.document(again, PROFILE)).to.include({ id: 'DOC1', setId, versionNumber: 1 });
      await sent(again);
      expect((await bench.journal.documentLineage(await accept('C', 'two'), PROFILE)).related).to.include({ id: 'DOC1' });
    });

    it('a copy that a person made replaces what it was made from', async () => {
      const { id, first: { setId } } = await sentFirst();
      const link = { kind: 'edit', of: id, reason: 'wrong eye', actor: 'ops' } as const;
      const { messageId } = await bench.journal.acceptResult(result({ Gradings: { CarePlanName: 'edited' } }), raw(), null, link);
      expect(await bench.journal.documentLineage(messageId, PROFILE)).to.deep.include({ setId, versionNumber: 2 });
    });

    it('a document from before there were sets is related by its id alone', async () => {
      await sentFirst();
      await bench.tamper('UPDATE document SET set_id = NULL, version = NULL');
      const second = await accept('C', 'two');
      expect(await built(second, 'DOC2')).to.deep.include({ versionNumber: 1, related: { type: 'RPLC', id: 'DOC1' } });
      expect((await bench.journal.documentLineage(await accept('A', 'more'), PROFILE)).related).to.deep.equal({ type: 'APND', id: 'DOC1' });
    });
  });
};
