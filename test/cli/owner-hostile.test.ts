import { expect } from 'chai';
import fc from 'fast-check';
import { callOwner } from '../../nodes/cli/owner-client.ts';
import { RETENTION } from '../../nodes/journal/requests.ts';
import { removeTemporaryFolders } from '../support/demo.ts';
import { BY, caller, GREETING, HOLD, openScene, say, type Scene } from './owner-scene.ts';

const codeIn = (heard: string): unknown => (JSON.parse(heard.trim().split('\n').at(-1)!) as { error?: { code: string } }).error?.code;

describe('a hostile caller', () => {
  let scene: Scene;
  beforeEach(async () => { scene = await openScene(); });
  afterEach(async () => { await scene.close(); });
  after(removeTemporaryFolders);

  const WRONG: Record<string, unknown> = {
    'another method of the journal': { method: 'settleAttempt', input: {} },
    'a method of every object': { method: 'toString', input: {} },
    'the prototype': { method: '__proto__', input: {} },
    'a method that is no text': { method: ['act'], input: {} },
    'no input': { method: 'act' },
    'an unknown kind': { method: 'act', input: { kind: 'delete', ...BY } },
    'a message to release that is an object': { method: 'act', input: { kind: 'release-message', messageId: {}, ...BY } },
    'an organization that is none': { method: 'act', input: { kind: 'release-message', messageId: 'm', organization: ['*'], ...BY } },
    'nothing to close': { method: 'act', input: { kind: 'close-message', ...BY } },
    'no reason': { method: 'act', input: { ...HOLD, reason: ' ' } },
    'a reason of a novel\'s length': { method: 'act', input: { ...HOLD, reason: 'x'.repeat(501) } },
    'an actor with an escape sequence': { method: 'act', input: { ...HOLD, actor: 'a\u001b[2J' } },
    'ids that are objects': { method: 'act', input: { ...HOLD, deliveries: { ids: [{}] } } },
    'no ids at all': { method: 'act', input: { ...HOLD, deliveries: { ids: [] } } },
    'a filter for everything': { method: 'act', input: { ...HOLD, deliveries: { filter: {} } } },
    'a filter by something else': { method: 'act', input: { ...HOLD, deliveries: { filter: { id: "' OR 1=1" } } } },
    'an unknown state': { method: 'act', input: { ...HOLD, deliveries: { filter: { state: 'GONE' } } } },
    'a stage that is none': { method: 'rerun', input: { messageId: 'm', from: 'raw', ...BY } },
    'days that are text': { method: 'prune', input: { settings: { ...RETENTION, content: '0' }, dryRun: false, ...BY } },
    'days below zero': { method: 'prune', input: { settings: { ...RETENTION, content: -1 }, dryRun: false, ...BY } },
    'a prune without saying whether it is meant': { method: 'prune', input: { settings: RETENTION, ...BY } },
    'a key that is too short': { method: 'rotateKey', input: { newKey: 'AAAA', ...BY } },
    'a key that is no base64': { method: 'rotateKey', input: { newKey: '????', ...BY } },
    'an array': [1, 2],
    'null': null,
  };

  for (const [what, request] of Object.entries(WRONG)) {
    it(`sends ${what} and is told so, and hung up on`, async () => {
      const heard = await say(scene.path, GREETING, `${JSON.stringify(request)}\n`);
      expect(codeIn(heard), heard).to.equal('OWNER_REQUEST_INVALID');
      expect(scene.calls).to.deep.equal([]);
    });
  }

  it('gets nothing done before the greeting, or with another version\'s', async () => {
    const request = `${JSON.stringify({ method: 'act', input: HOLD })}\n`;
    expect(codeIn(await say(scene.path, request))).to.equal('OWNER_VERSION');
    expect(codeIn(await say(scene.path, '{"hello":2}\n', request))).to.equal('OWNER_VERSION');
    expect(scene.calls).to.deep.equal([]);
  });

  it('gets no more room before the greeting than it takes', async () => {
    expect(codeIn(await say(scene.path, 'x'.repeat(5000)))).to.equal('OWNER_REQUEST_INVALID');
  });

  it('is stopped at a line of more than 40 MB', async function () {
    this.timeout(30_000);
    const chunk = Buffer.alloc(1 << 20, 0x20);
    const heard = await say(scene.path, GREETING, ...Array.from({ length: 42 }, () => chunk));
    expect(heard === '' || /hello/.test(heard)).to.equal(true);
    expect(scene.calls).to.deep.equal([]);
    const owner = await callOwner(scene.file);
    expect(await owner!.act(HOLD)).to.deep.equal({});
    owner!.close();
  });

  it('sends deep nesting, split characters, two requests at once and half a request: the door stays open for others', async () => {
    await say(scene.path, GREETING, `${'['.repeat(1_000_000)}\n`);
    const half = await caller(scene.path);
    half.socket.write(GREETING + '{"method":"ac');
    await half.answered(1);
    half.socket.destroy();
    const quick = await caller(scene.path);
    const request = Buffer.from(`${JSON.stringify({ method: 'act', input: { ...HOLD, reason: 'Grüße 漢字' } })}\n`);
    const bytes = Buffer.concat([Buffer.from(GREETING), request, request]);
    for (let at = 0; at < bytes.length; at += 7) quick.socket.write(bytes.subarray(at, at + 7));
    expect((await quick.answered(3)).slice(1)).to.deep.equal(['{"output":{}}', '{"output":{}}']);
    quick.socket.destroy();
    expect(scene.calls).to.deep.equal([['act', { ...HOLD, reason: 'Grüße 漢字' }], ['act', { ...HOLD, reason: 'Grüße 漢字' }]]);
  });

  it('sends any bytes at all and never reaches the journal', async () => {
    const anything = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map((text) => Buffer.from(`${text}\n`)));
    await fc.assert(fc.asyncProperty(fc.boolean(), fc.array(anything, { maxLength: 4 }), async (greets, chunks) => {
      const heard = await say(scene.path, ...greets ? [GREETING] : [], ...chunks, '\nno JSON\n');
      expect(codeIn(heard)).to.be.oneOf(['OWNER_REQUEST_INVALID', 'OWNER_VERSION']);
    }), { numRuns: 60 });
    expect(scene.calls).to.deep.equal([]);
  });

  it('finds no place among sixteen others, and they go on', async () => {
    const others = await Promise.all(Array.from({ length: 16 }, async () => await caller(scene.path)));
    for (const { socket } of others) socket.write(GREETING);
    await Promise.all(others.map(async ({ answered }) => await answered(1)));
    expect(await say(scene.path, GREETING)).to.equal('');
    others[0]!.socket.write(`${JSON.stringify({ method: 'act', input: HOLD })}\n`);
    expect(await others[0]!.answered(2)).to.include('{"output":{}}');
    for (const { socket } of others) socket.destroy();
  });
});
