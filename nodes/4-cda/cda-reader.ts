// Reads a CDA document from anywhere: UTF-8, no DOCTYPE, strict limits. Long base64 runs are cut from the bytes before parsing
// (a 10 MB report need not pass through the parser) and hung onto their element afterwards.
import { createHash } from 'node:crypto';
import { SaxesParser } from 'saxes';
import { CourierError } from '../errors.ts';

/** `name` is the local name in the CDA namespace, `sdtc:…` in the extension's, `{uri}…` in any other. */
export interface CdaElement {
  name: string;
  parent: CdaElement | null;
  attributes: Record<string, string>;
  children: CdaElement[];
  /** Its own text, without that of its children. */
  text: string;
  /** A run of base64 that was cut out, as it stood, white space included. */
  base64: Buffer | null;
}

/** `left`: bytes after the long runs are cut, which is what the parser sees. */
const LIMITS = { bytes: 64_000_000, left: 16_000_000, depth: 64, attributes: 32, elements: 50_000 };
const CUT = 32 * 1024;
const NAMESPACES = new Map([['urn:hl7-org:v3', ''], ['urn:hl7-org:sdtc', 'sdtc:']]);

const BASE64 = Uint8Array.from({ length: 256 }, (_, byte) => (/[A-Za-z0-9+/=\s]/.test(String.fromCharCode(byte)) && byte < 128 ? 1 : 0));

const isBase64 = (bytes: Buffer, from: number, to: number): boolean => {
  for (let at = from; at < to; at += 1) if (BASE64[bytes[at]!] === 0) return false;
  return true;
};

const longRuns = (bytes: Buffer): { from: number; to: number }[] => {
  const runs = [];
  for (let end = bytes.indexOf(0x3e), next = 0; end !== -1; end = bytes.indexOf(0x3e, next)) {
    next = bytes.indexOf(0x3c, end);
    if (next === -1) break;
    if (next - end > CUT && isBase64(bytes, end + 1, next)) runs.push({ from: end + 1, to: next });
  }
  return runs;
};

/** Puts a processing instruction in the place of each run; its name hashes what is left, so no document can contain it by design. */
const withoutRuns = (bytes: Buffer): { left: Buffer; marker: string; runs: Buffer[] } => {
  const places = longRuns(bytes);
  const pieces = [...places, { from: bytes.length, to: bytes.length }].map(({ from }, index) => bytes.subarray(places[index - 1]?.to ?? 0, from));
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  const marker = `cut-${hash.digest('hex')}`;
  const left = pieces.flatMap((piece, index) => (index === 0 ? [piece] : [Buffer.from(`<?${marker} ${index - 1}?>`), piece]));
  return { left: Buffer.concat(left), marker, runs: places.map(({ from, to }) => bytes.subarray(from, to)) };
};

const refuse = (detail: string): never => { throw new CourierError('CDA_NOT_READABLE', { detail }); };

const decode = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('not UTF-8');
  }
};

interface Builder { root: CdaElement | null; current: CdaElement | null; elements: number; attributes: number }

const openElement = (state: Builder, local: string, uri: string, attributes: Record<string, string>, depth: number): void => {
  state.elements += 1;
  state.attributes = 0;
  if (depth > LIMITS.depth) refuse('nested too deeply');
  if (state.elements > LIMITS.elements) refuse('too many elements');
  const name = `${NAMESPACES.get(uri) ?? `{${uri}}`}${local}`;
  const element: CdaElement = { name, parent: state.current, attributes, children: [], text: '', base64: null };
  state.current?.children.push(element);
  state.root ??= element;
  state.current = element;
};

const addText = ({ current }: Builder, text: string): void => {
  if (current) current.text += text;
};

const plainAttributes = (attributes: Record<string, { value: string }>): Record<string, string> =>
  Object.assign(Object.create(null) as Record<string, string>,
    Object.fromEntries(Object.entries(attributes).map(([name, { value }]) => [name, value])));

/** The root element. Throws CDA_NOT_READABLE with line and column or the limit that was passed, never with content. */
export const readCda = (input: Uint8Array): CdaElement => {
  if (input.length > LIMITS.bytes) refuse('too large');
  const { left, marker, runs } = withoutRuns(Buffer.from(input.buffer, input.byteOffset, input.byteLength));
  if (left.length > LIMITS.left) refuse('too much text');
  const parser = new SaxesParser({ xmlns: true });
  const state: Builder = { root: null, current: null, elements: 0, attributes: 0 };
  let depth = 0;
  parser.on('error', () => refuse(`not well-formed at line ${parser.line}, column ${parser.column}`));
  parser.on('doctype', () => refuse('DOCTYPE'));
  parser.on('xmldecl', ({ encoding = 'utf-8' }) => { if (!/^(?:utf-?8|us-ascii)$/i.test(encoding)) refuse('not UTF-8'); });
  parser.on('attribute', () => { if ((state.attributes += 1) > LIMITS.attributes) refuse('too many attributes'); });
  parser.on('opentag', ({ local, uri, attributes }) => openElement(state, local, uri, plainAttributes(attributes), depth += 1));
  parser.on('closetag', () => { depth -= 1; state.current = state.current?.parent ?? null; });
  parser.on('text', (text) => addText(state, text));
  parser.on('cdata', (text) => addText(state, text));
  parser.on('processinginstruction', ({ target, body }) => {
    if (target === marker && state.current) state.current.base64 = runs[Number(body)] ?? null;
  });
  parser.write(decode(left)).close();
  return state.root ?? refuse('empty');
};

/** The first child of that name. */
export const child = (element: CdaElement | undefined, name: string): CdaElement | undefined => element?.children.find((one) => one.name === name);

/** Descends along names, first child each. */
export const descend = (element: CdaElement | undefined, ...names: string[]): CdaElement | undefined => names.reduce(child, element);

/** Where an element stands: `/ClinicalDocument/author[2]/time`, an index only where there are several. */
export const xpathOf = (element: CdaElement): string => {
  const alike = element.parent?.children.filter(({ name }) => name === element.name) ?? [];
  const index = alike.length > 1 ? `[${alike.indexOf(element) + 1}]` : '';
  return `${element.parent ? xpathOf(element.parent) : ''}/${element.name}${index}`;
};
