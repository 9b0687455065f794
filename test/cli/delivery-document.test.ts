import { expect } from 'chai';
import { documentOfDelivery } from '../../nodes/cli/delivery-document.ts';
import type { DocumentRecord } from '../../nodes/journal/port.ts';

const document = (profile: string): DocumentRecord => ({ id: profile, profile, data: Buffer.from(profile), warnings: [] });
const journal = {
  document: async (_id: string, profile: string) => profile === 'r2.1/none' ? document(profile) : null,
  latestDocument: async () => document('r2.1/mrn'),
};
const evidence = { signer: 'A', recipientCertificates: [], anchor: 'B' };

describe('the document of a delivery', () => {
  it('is the one that its mail holds, not the newest; the newest where nothing says which', async () => {
    const of = async (change: object | null): Promise<string | undefined> =>
      (await documentOfDelivery(journal, { messageId: 'm', evidence: change === null ? null : { ...evidence, ...change } }))?.profile;
    expect(await of({ document: { id: 'X', profile: 'r2.1/none' } })).to.equal('r2.1/none');
    expect(await of({ document: { id: 'X', profile: 'gone' } })).to.equal('r2.1/mrn');
    expect(await of({}), 'sealed by an earlier version').to.equal('r2.1/mrn');
    expect(await of(null), 'not sealed').to.equal('r2.1/mrn');
  });
});
