// Distinguished names for people: `CN=Lakeside HISP CA, O=Lakeside`. Comparison is done on the DER, never on this text.
import { type Asn1, childrenOf, contentOf, oidOf, TAG } from './asn1.ts';

// RFC 4519 short names; emailAddress from PKCS #9.
const SHORT: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN', '2.5.4.6': 'C', '2.5.4.7': 'L', '2.5.4.8': 'ST', '2.5.4.10': 'O', '2.5.4.11': 'OU', '2.5.4.5': 'serialNumber',
  '0.9.2342.19200300.100.1.25': 'DC', '1.2.840.113549.1.9.1': 'emailAddress',
};

const BMP_STRING = 0x1e;

const valueText = (value: Asn1): string => {
  const content = contentOf(value);
  if (value.tag !== BMP_STRING) return content.toString('utf8');
  return content.length % 2 === 0 ? Buffer.from(content).swap16().toString('utf16le') : content.toString('latin1');
};

// RFC 4514 §2.4, and no control character reaches a log or a page.
const escaped = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f]/g, '?').replace(/([,+"\\<>;])/g, '\\$1').slice(0, 200);

/** A Name as text, its relative names in the order of the DER. Errors: CMS_MALFORMED. */
export const nameText = (name: Asn1): string =>
  childrenOf(name, TAG.sequence, 'name').map((relative) => childrenOf(relative, TAG.set, 'relative name').map((pair) => {
    const [type, value] = childrenOf(pair, TAG.sequence, 'attribute');
    const oid = oidOf(type);
    return `${SHORT[oid] ?? oid}=${value === undefined ? '' : escaped(valueText(value))}`;
  }).join('+')).join(', ');
