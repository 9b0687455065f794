// States, the District of Columbia and the territories: full name → USPS code.

const NAMES = `AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|DC District of Columbia|FL Florida
GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts
MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York
NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota
TN Tennessee|TX Texas|UT Utah
VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|AS American Samoa|GU Guam|MP Northern Mariana Islands|PR Puerto Rico
VI Virgin Islands|VI U.S. Virgin Islands|VI United States Virgin Islands|DC Washington DC|DC Washington, D.C.|FM Federated States of Micronesia
MH Marshall Islands|PW Palau`;

const fold = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '');

const CODES = new Map(NAMES.split(/[|\n]/).flatMap((entry): [string, string][] => {
  const code = entry.slice(0, 2);
  return [[code.toLowerCase(), code], [fold(entry.slice(3)), code]];
}));

/** The two-letter code of a state given by code or name in any case; anything else as supplied. */
export const stateCode = (text: string): string => CODES.get(fold(text)) ?? text;
