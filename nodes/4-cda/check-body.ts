// The body of an Unstructured Document: one file, in base64, of a supported kind.
import { type CdaElement, child } from './cda-reader.ts';
import { type Finding, finding, findingIf } from './check-rules.ts';

// SupportedFileFormats 2.16.840.1.113883.11.20.7.1 as of C-CDA R2.1; audio and video from 3.0 on.
const MEDIA_TYPES = [
  'application/msword', 'application/pdf', 'text/plain', 'text/rtf', 'text/html', 'image/gif', 'image/tiff', 'image/jpeg', 'image/png',
];
const LARGE = 7_000_000;

const contentOf = (text: CdaElement): string => (text.base64 === null ? text.text : `${text.text}${text.base64.toString('latin1')}`);

const LAST_GROUP = /^[A-Za-z0-9+/]{2}(?:[A-Za-z0-9+/]{2}|[A-Za-z0-9+/]=|==)$/;

// Only base64 comes out of decoding and encoding as it went in (the idle bits of its last group excepted); on a large file this is
// ten times faster than to look for other characters.
const isBase64 = (text: string): boolean => {
  if (text.length % 4 !== 0 || !LAST_GROUP.test(text.slice(-4))) return false;
  const groups = text.slice(0, -4);
  return Buffer.from(groups, 'base64').toString('base64') === groups;
};

const base64Findings = (text: CdaElement): Finding[] => {
  const written = contentOf(text);
  const spaced = /\s/.test(written);
  const base64 = spaced ? written.replace(/\s+/g, '') : written;
  if (!isBase64(base64)) return [finding('CDA_BASE64', text, 'The content is not base64')];
  const pdf = text.attributes['mediaType'] === 'application/pdf';
  const start = Buffer.from(base64.slice(0, 8), 'base64').toString('latin1');
  return [
    ...findingIf(spaced, 'CDA_BASE64_SPACE', text, 'There is white space in the base64'),
    ...findingIf(pdf && !start.startsWith('%PDF-'), 'CDA_PDF', text, 'The file is not a PDF'),
    ...findingIf(base64.length * 0.75 > LARGE, 'CDA_SIZE', text, 'The file is large'),
  ];
};

const textFindings = (text: CdaElement): Finding[] => {
  const { mediaType, representation } = text.attributes;
  const reference = child(text, 'reference');
  const embedded = representation === 'B64';
  return [
    ...findingIf(!MEDIA_TYPES.includes(mediaType ?? '') && !/^(?:audio|video)\//.test(mediaType ?? ''), 'CDA_MEDIA_TYPE', text, 'Another mediaType'),
    ...findingIf(!embedded && !reference?.attributes['value'], 'CDA_BODY', text, 'Neither representation B64 nor a reference'),
    ...(embedded && reference === undefined ? base64Findings(text) : []),
  ];
};

/** ClinicalDocument/component. */
export const bodyFindings = (component: CdaElement): Finding[] => {
  const bodies = component.children.filter(({ name }) => name === 'nonXMLBody');
  const texts = bodies.flatMap(({ children }) => children.filter(({ name }) => name === 'text'));
  const others = component.children.some(({ name }) => name === 'structuredBody');
  if (others) return [finding('CDA_BODY', component, 'A structured body: this is no Unstructured Document')];
  if (bodies.length !== 1) return [finding('CDA_BODY', component, `component has ${bodies.length} nonXMLBody`)];
  if (texts.length !== 1) return [finding('CDA_BODY', bodies[0]!, `nonXMLBody has ${texts.length} text`)];
  return textFindings(texts[0]!);
};
