import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptInput, type AcceptContext, type Admission } from '../../nodes/0-order/accept.ts';
import type { Journal } from '../../nodes/journal/port.ts';
import { openFile } from '../journal/fixtures.ts';
import { CLINIC, irisOrder, irisResult } from '../support/samples.ts';

describe('accepting an input', () => {
  let folder: string;
  let journal: Journal;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'accept-'));
    journal = await openFile(join(folder, 'journal.sqlite'));
  });
  afterEach(async () => {
    await journal.close();
    await rm(folder, { recursive: true });
  });

  const accept = (input: unknown, change: Partial<AcceptContext> = {}): Promise<Admission> => acceptInput(JSON.stringify(input), {
    journal, bound: null, organization: (clientGuid) => ({ clientGuid, name: 'Lakeside Eye Clinic' }), today: '2026-01-06', maxBytes: 1e7,
    source: 'test', name: undefined, ...change });
  const told = (admission: Admission): string => 'rejection' in admission ? admission.rejection.code : admission.acceptance.outcome;

  it('hands a joined result to the flow of the order in node that took it in, and to no other', async () => {
    for (const input of [irisOrder(), irisResult()]) await accept(input, { entry: 'mine' });
    expect(await journal.claimFlow(['other'], 5)).to.deep.equal([]);
    expect((await journal.claimFlow(['mine'], 5)).map(({ entry, order }) => [entry, order.organization])).to.deep.equal([['mine', CLINIC]]);
  });

  it('takes the same input once more as a message of its own when a person says why, else as a replay', async () => {
    const result = irisResult();
    await accept(irisOrder());
    await accept(result);
    expect(told(await accept(result))).to.equal('replay');
    const [first] = await journal.messages();
    await journal.stopMessage(first!.id, 'HELD', 'NO_ROUTE', 'test');
    const link = { kind: 'edit', of: first!.id, reason: 'wrong eye', actor: 'ops' } as const;
    expect(told(await accept(result, { link }))).to.equal('ready');
    const messages = await journal.messages();
    expect(messages.map((message) => message.link)).to.have.deep.members([null, link]);
  });

  it('holds a result whose organization has gone, before anything can be handed out', async () => {
    await accept(irisOrder());
    expect(told(await accept(irisResult(), { organization: () => undefined }))).to.equal('held');
    expect(await journal.claimFlow([''], 5)).to.deep.equal([]);
  });
});
