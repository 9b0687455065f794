import { expect } from 'chai';
import { EventEmitter, once } from 'node:events';
import { CourierError } from '../../nodes/errors.ts';
import { createOpener } from '../../nodes/journal/opener.ts';
import type { Journal } from '../../nodes/journal/port.ts';

/** Tries fail with what `faults` says, then succeed. Nothing here is of a journal but that it is opened and given back. */
const scene = (faults: (Error | null)[]) => {
  const events = new EventEmitter();
  const told: (string | null)[] = [];
  const counted = { tries: 0, held: 0 };
  const journal = { close: async () => { counted.held -= 1; } } as Journal;
  const opener = createOpener({
    open: async () => {
      counted.tries += 1;
      const fault = faults.shift() ?? null;
      if (fault !== null) throw fault;
      counted.held += 1;
      return journal;
    },
    tell: (fault) => {
      told.push(fault?.code ?? null);
      events.emit(fault === null ? 'well' : 'ill');
    },
    pauses: { first: 1, last: 4 },
  });
  return { opener, journal, told, counted, events };
};

const fault = (code: 'KEY_MISSING' | 'JOURNAL_LOCKED'): CourierError => new CourierError(code);
const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => null, (error: unknown) => (error as CourierError).code);

describe('a node\'s hold on its journal', () => {
  it('is one for all who ask, given back once', async () => {
    const { opener, journal, counted, told } = scene([]);
    opener.begin();
    expect(await Promise.all([opener.open(), opener.open(), opener.opened])).to.deep.equal([journal, journal, journal]);
    expect(counted).to.deep.equal({ tries: 1, held: 1 });
    await opener.close();
    expect(counted.held).to.equal(0);
    expect(told).to.deep.equal([]);
  });

  it('tries again by itself, says each fault once, and says when it is over', async () => {
    const { opener, journal, told, counted, events } = scene([fault('KEY_MISSING'), fault('KEY_MISSING'), fault('KEY_MISSING'), fault('JOURNAL_LOCKED')]);
    const well = once(events, 'well');
    opener.begin();
    expect(await opener.opened).to.equal(journal);
    await well;
    expect(told).to.deep.equal(['KEY_MISSING', 'JOURNAL_LOCKED', null]);
    expect(counted).to.deep.equal({ tries: 5, held: 1 });
    await opener.close();
  });

  it('gives who asks the fault of just now, coded whatever it was, and tries again for the next', async () => {
    const { opener, journal } = scene([fault('KEY_MISSING'), new Error('EIO')]);
    expect(await codeOf(opener.open())).to.equal('KEY_MISSING');
    expect(await codeOf(opener.open())).to.equal('JOURNAL_FAILED');
    expect(await opener.open()).to.equal(journal);
    await opener.close();
  });

  it('ends with the node: no further try, and nothing said', async () => {
    const { opener, told, counted, events } = scene(Array.from({ length: 1000 }, () => fault('JOURNAL_LOCKED')));
    const ill = once(events, 'ill');
    opener.begin();
    await ill;
    await opener.close();
    const { tries } = counted;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(counted.tries).to.equal(tries);
    expect(told).to.deep.equal(['JOURNAL_LOCKED']);
  });

  it('closed while it opens gives the journal back all the same', async () => {
    const { opener, counted } = scene([]);
    const opening = opener.open();
    await opener.close();
    await opening;
    expect(counted).to.deep.equal({ tries: 1, held: 0 });
  });

  it('closed while it opens in vain says nothing any more', async () => {
    const { opener, told } = scene([fault('KEY_MISSING')]);
    const opening = opener.open();
    await opener.close();
    expect(await codeOf(opening)).to.equal('KEY_MISSING');
    expect(told).to.deep.equal([]);
  });

  it('lends the journal to who asks a closed node, and holds nothing', async () => {
    const { opener, journal, counted } = scene([]);
    await opener.close();
    expect(await opener.open()).to.equal(journal);
    expect(counted.held).to.equal(0);
  });
});
