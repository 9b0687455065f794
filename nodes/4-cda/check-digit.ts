// The Mod 10 check digit of LOINC (LOINC Users' Guide, appendix B); the CDC race and ethnicity codes use the same.

/** True when `number-digit` carries the right check digit: `78573-3`, `2106-3`. */
export const hasLoincCheckDigit = (code: string): boolean => {
  const parts = /^(\d{1,7})-(\d)$/.exec(code);
  if (!parts) return false;
  const fromRight = [...parts[1]!].reverse();
  const odd = Number(fromRight.filter((_, index) => index % 2 === 0).reverse().join('')) * 2;
  const even = fromRight.filter((_, index) => index % 2 === 1).join('');
  const sum = [...`${even}${odd}`].reduce((total, digit) => total + Number(digit), 0);
  return (10 - (sum % 10)) % 10 === Number(parts[2]);
};
