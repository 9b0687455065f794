import { expect } from 'chai';
import fc from 'fast-check';
import { type CdaElement, descend, readCda } from '../../nodes/4-cda/cda-reader.ts';
import { checkDocument } from '../../nodes/4-cda/check.ts';
import { CourierError } from '../../nodes/errors.ts';
import { build, PDF } from './support.ts';

const refusal = (xml: string | Buffer): string | undefined => {
  try {
    readCda(Buffer.from(xml));
    return 'read';
  } catch (error) {
    if (error instanceof CourierError && error.code === 'CDA_NOT_READABLE') return error.detail;
    throw error;
  }
};

const body = (root: CdaElement): CdaElement => descend(root, 'component', 'nonXMLBody', 'text')!;
const large = Buffer.concat([PDF, Buffer.alloc(60_000, 65)]);

describe('reading a document', () => {
  it('hangs a long base64 run onto its element, short text stays text', () => {
    const text = body(readCda(build({ pdf: large }).data));
    expect([text.text, text.base64?.toString()]).to.deep.equal(['', large.toString('base64')]);
    expect(body(readCda(build().data))).to.include({ text: PDF.toString('base64'), base64: null });
  });

  it('finds what stands around and behind a long run', () => {
    const xml = build({ pdf: large }).data.toString();
    expect(refusal(xml.replace('</text></nonXMLBody>', '</text></nonXmlBody>'))).to.match(/^not well-formed at line 1/);
    expect(checkDocument(Buffer.from(xml.replace('</text>', '*</text>'))).findings.map(({ code }) => code)).to.deep.equal(['CDA_BASE64']);
    expect(checkDocument(Buffer.from(xml.replace('</text>', '\n</text>'))).findings.map(({ code }) => code)).to.deep.equal(['CDA_BASE64_SPACE']);
  });

  it('does not take a run in a comment for content', () => {
    const run = large.toString('base64');
    const xml = build().data.toString().replace(/(<text [^>]*>)[^<]*/, `$1<!-- >${run}< -->`);
    expect(body(readCda(Buffer.from(xml))).base64).to.equal(null);
    expect(checkDocument(Buffer.from(xml)).findings.map(({ code }) => code)).to.deep.equal(['CDA_BASE64']);
  });

  it('keeps several runs apart', () => {
    const [one, two] = ['A'.repeat(40_000), 'B'.repeat(50_000)];
    const root = readCda(Buffer.from(`<r><a>${one}</a><b>x</b><c>${two}</c></r>`));
    expect(root.children.map(({ base64, text }) => base64?.toString() ?? text)).to.deep.equal([one, 'x', two]);
  });
});

describe('hostile documents', () => {
  const deep = (depth: number): string => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`;
  const entities = [...'bcdefghij'].map((name, index) => `<!ENTITY ${name} "${`&${'abcdefghi'[index]};`.repeat(10)}">`);
  const laughs = `<!DOCTYPE l [<!ENTITY a "ha">${entities.join('')}]><l>&j;</l>`;
  const CASES: [string, string | Buffer, RegExp][] = [
    ['a DOCTYPE', '<!DOCTYPE a><a/>', /^DOCTYPE$/],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>', /^DOCTYPE$/],
    ['a billion laughs', laughs, /^DOCTYPE$/],
    ['a depth of 100,000', deep(100_000), /nested too deeply/],
    ['200,000 attributes', `<a ${Array.from({ length: 200_000 }, (_, index) => `a${index}="1"`).join(' ')}/>`, /too many attributes/],
    ['200,000 elements', `<a>${'<b/>'.repeat(200_000)}</a>`, /too many elements/],
    ['50 MB of text', `<a>${'é'.repeat(25_000_000)}</a>`, /too much text/],
    ['15 MB of text that does not end', `<a>${'é'.repeat(7_500_000)}`, /not well-formed/],
    ['65 MB', Buffer.alloc(65_000_000, 0x20), /too large/],
    ['a duplicate attribute', '<a b="1" b="2"/>', /not well-formed/],
    ['an unclosed element', '<a><b></a>', /not well-formed/],
    ['an unknown entity', '<a>&b;</a>', /not well-formed/],
    ['an unbound prefix', '<x:a/>', /not well-formed/],
    ['a control character', '<a>\u0001</a>', /not well-formed/],
    ['broken UTF-8', Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]), /not UTF-8/],
    ['UTF-16', Buffer.from('<a/>', 'utf16le'), /./],
    ['nothing', '', /./],
  ];
  for (const [name, xml, detail] of CASES) {
    it(`${name} is refused fast`, function () {
      this.timeout(5000);
      const started = performance.now();
      expect(refusal(xml)).to.match(detail);
      expect(performance.now() - started).to.be.lessThan(1500);
    });
  }

  it('are one finding, never a crash', () => {
    const { verdict, findings } = checkDocument(Buffer.from('<!DOCTYPE a><a/>'));
    expect([verdict, findings.map(({ code, severity, xpath }) => [code, severity, xpath])]).to.deep.equal(['errors',
      [['CDA_NOT_READABLE', 'error', '/']]]);
  });

  it('any bytes and any mutilated document give a report', () => {
    const whole = build().data;
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => { checkDocument(bytes); }));
    fc.assert(fc.property(fc.nat(whole.length - 1), fc.nat(40), fc.uint8Array({ maxLength: 8 }), (at, length, put) => {
      expect(checkDocument(Buffer.concat([whole.subarray(0, at), put, whole.subarray(at + length)])).verdict).to.be.oneOf(['ok', 'warnings',
        'errors']);
    }), { numRuns: 500 });
  });

  it('elements and codes named like JavaScript\'s own properties are ordinary', () => {
    const inner = '<constructor/><toString xmlns="constructor" __proto__="x"/><raceCode code="toString"/>';
    expect(checkDocument(Buffer.from(`<ClinicalDocument xmlns="urn:hl7-org:v3">${inner}</ClinicalDocument>`)).verdict).to.equal('errors');
  });
});
