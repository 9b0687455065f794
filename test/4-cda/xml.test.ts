import { expect } from 'chai';
import fc from 'fast-check';
import { XmlDocument } from 'libxml2-wasm';
import { legalText, toXml } from '../../nodes/4-cda/xml.ts';
import { read, sources } from '../contract/tree.ts';
import { HOSTILE_TEXTS, PDF } from './support.ts';

const back = (xml: Buffer): { text: string; attribute: string } => {
  const document = XmlDocument.fromBuffer(xml);
  try {
    return { text: document.eval('string(/r/t)') as string, attribute: document.eval('string(/r/@a)') as string };
  } finally {
    document.dispose();
  }
};

describe('writing XML', () => {
  it('writes no byte order mark, no white space between elements, and leaves undefined out', () => {
    const xml = toXml('r', { '@a': '1', gone: undefined, t: { '#': 'x' }, several: ['a', { '@b': '2' }], empty: [] });
    expect(xml.toString()).to.equal('<?xml version="1.0" encoding="UTF-8"?><r a="1"><t>x</t><several>a</several><several b="2"/></r>');
  });

  for (const text of HOSTILE_TEXTS) {
    it(`brings back ${JSON.stringify(text.slice(0, 20))} from text and attribute`, () => {
      expect(back(toXml('r', { '@a': text, t: text }))).to.deep.equal({ text, attribute: text });
    });
  }

  it('brings back any text without the characters that XML forbids', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary' }),
        fc.constantFrom('&', '&amp', ';', '&#13;', '\r\n', '\n', '\t', '\u0001', '\u0000', '\uD800', '\uFFFE', '\uFFFF', ']]>', '<!--'),
    );
    fc.assert(fc.property(fc.array(unit).map((parts) => parts.join('')), (text) => {
      const legal = legalText(text);
      expect(back(toXml('r', { '@a': text, t: { '#': text } }))).to.deep.equal({ text: legal, attribute: legal });
    }), { numRuns: 300 });
  });

  it('drops controls, lone surrogates and the two noncharacters, nothing else', () => {
    expect(legalText('a\u0000\u0001\u001Fb\uD800c\uDC00\uFFFE\uFFFF\t\n\r👁é')).to.equal('abc\t\n\r👁é');
  });

  it('writes bytes as one unbroken base64 line, also beside texts that imitate the placeholder', () => {
    const xml = toXml('r', { '@a': '<?base64?>', t: '<?base64?>', file: { '@m': 'x', '#base64': PDF } });
    expect(xml.toString()).to.include(`<file m="x">${PDF.toString('base64')}</file>`);
    expect(back(xml).text).to.equal('<?base64?>');
  });

  it('is the only way to the builder', () => {
    expect(sources.filter((file) => /from 'xmlbuilder2['/]/.test(read(file)))).to.deep.equal(['nodes/4-cda/xml.ts']);
  });
});
