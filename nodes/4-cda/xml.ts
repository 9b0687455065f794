// The one wrapper over xmlbuilder2. Its own escaping leaves anything entity-like alone (`AT&T; Corp` comes out not well-formed,
// `&lt;b&gt;` reads back as a tag), writes control characters and loses line ends in attributes, so no other file may import it:
// here every value is cleaned and escaped before the builder sees it.
import { create } from 'xmlbuilder2';
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';

/**
 * An element as an object literal; keys stand in document order. `@name` is an attribute, `#` the text, `#base64` bytes that are
 * written as one unbroken base64 line (once per document), any other key a child element (an array: several). Undefined is left out.
 */
export interface XmlNode { [key: string]: XmlContent }
export type XmlContent = string | Uint8Array | XmlNode | readonly (string | XmlNode)[] | undefined;

// XML 1.0 section 2.2 Char: no C0 controls but tab, line feed and carriage return, no lone surrogates, no U+FFFE, U+FFFF.
const ILLEGAL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF\p{Surrogate}]/gu;

/** What may stand in a document: the text without the characters that XML 1.0 forbids. */
export const legalText = (text: string): string => text.replace(ILLEGAL, '');

const escapeText = (text: string): string => legalText(text).replaceAll('&', '&amp;').replaceAll('\r', '&#13;');
const escapeAttribute = (text: string): string => escapeText(text).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');

// No value can contain a processing instruction: its `<` is always escaped.
const PLACEHOLDER = '<?base64?>';

const append = (parent: XMLBuilder, name: string, content: XmlContent): Uint8Array[] => {
  if (content === undefined) return [];
  if (Array.isArray(content)) return (content as readonly (string | XmlNode)[]).flatMap((one) => append(parent, name, one));
  if (name === '#base64') {
    parent.ins('base64');
    return [content as Uint8Array];
  }
  if (typeof content === 'string') {
    if (name === '#') parent.txt(escapeText(content));
    else if (name.startsWith('@')) parent.att(name.slice(1), escapeAttribute(content));
    else parent.ele(name).txt(escapeText(content));
    return [];
  }
  const child = parent.ele(name);
  return Object.entries(content as XmlNode).flatMap(([key, value]) => append(child, key, value));
};

const splice = (xml: string, bytes: Uint8Array): Buffer => {
  const at = xml.indexOf(PLACEHOLDER);
  const head = Buffer.from(xml.slice(0, at));
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  const tail = Buffer.from(xml.slice(at + PLACEHOLDER.length));
  // Not from the shared pool: the worker moves this memory out.
  const whole = Buffer.allocUnsafeSlow(head.length + base64.length + tail.length);
  head.copy(whole);
  whole.write(base64, head.length, 'latin1');
  tail.copy(whole, head.length + base64.length);
  return whole;
};

/** The finished document in UTF-8: declaration, no byte order mark, no white space between elements. */
export const toXml = (name: string, root: XmlNode): Buffer => {
  const document = create({ version: '1.0', encoding: 'UTF-8' });
  const [bytes] = append(document, name, root);
  const xml = document.end();
  return bytes === undefined ? Buffer.from(xml) : splice(xml, bytes);
};
