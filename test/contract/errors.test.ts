import { expect } from 'chai';
import { CODES, CourierError, type Code, sentence } from '../../nodes/errors.ts';
import { read, sources } from './tree.ts';

describe('coded errors', () => {
  it('every code has a sentence and a next step', () => {
    for (const [code, { text, next }] of Object.entries(CODES)) {
      expect(text, code).to.match(/^[A-Z].*\.$/);
      expect(next, code).to.match(/\.$/);
      expect(sentence(code)).to.equal(`${text} ${next}`);
    }
  });

  it('every code is used somewhere', () => {
    const everything = sources.filter((file) => file !== 'nodes/errors.ts').map(read).join('\n');
    expect(Object.keys(CODES).filter((code) => !new RegExp(`['"\`]${code}['"\`]`).test(everything))).to.deep.equal([]);
  });

  it('an error shows its code as its name, with path and detail', () => {
    const error = new CourierError('FIELD_MISSING' satisfies Code, { path: 'Patient.Dob', detail: 'x' });
    expect(String(error)).to.match(/^FIELD_MISSING: .*Patient\.Dob.*\[x\]/);
  });
});
