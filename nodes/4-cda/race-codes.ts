// The CDC race and ethnicity code set (2.16.840.1.113883.6.238). Its numbers run along the hierarchy, so a detail's category
// follows from where its number lies; every code ends in a Mod 10 check digit.
import { hasLoincCheckDigit } from './check-digit.ts';

/** Race Category Excluding Nulls (2.16.840.1.113883.3.2074.1.1.3): all that raceCode may hold in R2.1. `last`: its last detail. */
const CATEGORIES = [
  { code: '1002-5', last: 2026, name: 'American Indian or Alaska Native' },
  { code: '2028-9', last: 2052, name: 'Asian' },
  { code: '2054-5', last: 2075, name: 'Black or African American' },
  { code: '2076-8', last: 2104, name: 'Native Hawaiian or Other Pacific Islander' },
  { code: '2106-3', last: 2129, name: 'White' },
] as const;

export const RACE_CATEGORIES: readonly string[] = CATEGORIES.map(({ code }) => code);
export const RACE_NAMES: Readonly<Record<string, string>> =
  Object.fromEntries([...CATEGORIES.map(({ code, name }) => [code, name]), ['2131-1', 'Other Race']]);

/** In the race value set, but no category of R2.1. */
export const OTHER_RACE = '2131-1';
const OTHER_PACIFIC_ISLANDER = '2500-7';

// Numbers within the range that name no race.
const UNUSED = new Set((
  '1003 1005 1007 1009 1020 1025 1027 1029 1032 1034 1036 1038 1040 1043 1052 1067 1075 1077 1079 1081 1085 1087 1099 1101 1105 1107 '
  + '1111 1113 1122 1149 1152 1154 1161 1164 1166 1168 1170 1172 1174 1177 1179 1181 1183 1185 1188 1190 1192 1206 1208 1210 1213 1221 '
  + '1232 1249 1251 1253 1255 1257 1259 1261 1263 1266 1268 1270 1274 1276 1278 1280 1284 1296 1298 1300 1302 1304 1308 1311 1316 1318 '
  + '1320 1322 1324 1330 1339 1341 1343 1347 1349 1351 1353 1355 1357 1362 1364 1367 1369 1371 1373 1375 1377 1379 1381 1386 1388 1390 '
  + '1402 1404 1406 1408 1410 1415 1438 1440 1444 1447 1449 1452 1455 1459 1461 1463 1473 1477 1486 1488 1517 1540 1542 1544 1546 1548 '
  + '1550 1555 1557 1559 1561 1563 1565 1572 1575 1577 1581 1583 1585 1601 1606 1608 1642 1644 1646 1648 1650 1652 1658 1660 1662 1664 '
  + '1666 1669 1674 1676 1678 1682 1684 1686 1691 1693 1695 1699 1701 1703 1706 1708 1710 1714 1716 1721 1723 1734 1736 1738 1810 1812 '
  + '1836 1839 1841 1843 1890 1895 1965 1967 1971 1983 1989 1991 2001 2003 2005 2027 2053 2055 2057 2059 2077 2084 2099 2105 2107 2117 '
  + '2128 2130').split(' ').map(Number));

/** The category that a race code belongs to (a category belongs to itself), or undefined when it is no race code or `2131-1`. */
export const raceCategory = (code: string): string | undefined => {
  if (code === OTHER_PACIFIC_ISLANDER) return '2076-8';
  const number = Number.parseInt(code, 10);
  if (!hasLoincCheckDigit(code) || !/^\d{4}-/.test(code) || number < 1002 || UNUSED.has(number)) return undefined;
  return CATEGORIES.find(({ last }) => number <= last)?.code;
};

/** True for the 921 codes that sdtc:raceCode may hold. */
export const isRaceCode = (code: string): boolean => code === OTHER_RACE || raceCategory(code) !== undefined;

export const HISPANIC = '2135-2';
export const NOT_HISPANIC = '2186-5';
export const ETHNICITY_NAMES: Readonly<Record<string, string>> =
  { [HISPANIC]: 'Hispanic or Latino', [NOT_HISPANIC]: 'Not Hispanic or Latino' };

/** Detailed Ethnicity (2.16.840.1.114222.4.11.877): what sdtc:ethnicGroupCode may hold. */
export const ETHNICITY_DETAILS: readonly string[] = (
  '2137-8 2138-6 2139-4 2140-2 2141-0 2142-8 2143-6 2144-4 2145-1 2146-9 2148-5 2149-3 2150-1 2151-9 2152-7 2153-5 2155-0 2156-8 2157-6 '
  + '2158-4 2159-2 2160-0 2161-8 2162-6 2163-4 2165-9 2166-7 2167-5 2168-3 2169-1 2170-9 2171-7 2172-5 2173-3 2174-1 2175-8 2176-6 '
  + '2178-2 2180-8 2182-4 2184-0').split(' ');
