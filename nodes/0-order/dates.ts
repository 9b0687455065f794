// Dates and instants as IRIS writes them. Nothing here passes through a Date object: a birth date has no time zone.
import { CourierError } from '../errors.ts';

const US_DATE = String.raw`(?<month>\d{1,2})/(?<day>\d{1,2})/(?<year>\d{4})`;
const ISO_DATE = String.raw`(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})`;
const US_TIME = String.raw`(?:,?\s+(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:\.(?<fraction>\d{1,9}))?)?\s*(?<half>[AaPp][Mm])?)?`;
const ISO_TIME = String.raw`(?:[Tt ](?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?)?`;
const OFFSET = String.raw`\s*(?<offset>[Zz]|[+-]\d{2}:?\d{2})?`;
const FORMS = [
  new RegExp(`^${US_DATE}${US_TIME}${OFFSET}$`),
  new RegExp(`^${ISO_DATE}${ISO_TIME}${OFFSET}$`),
  /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})$/,
];

/** `time` is `HH:mm:ss.SSS`, `offset` is `+HH:MM`; null where the text says none. */
interface Moment { date: string; time: string | null; offset: string | null }

const two = (value: string | number): string => String(value).padStart(2, '0');

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysIn = (year: number, month: number): number =>
  [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;

const dayAfter = (date: string): string => {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  if (day < daysIn(year, month)) return `${date.slice(0, 8)}${two(day + 1)}`;
  return month < 12 ? `${date.slice(0, 5)}${two(month + 1)}-01` : `${String(year + 1).padStart(4, '0')}-01-01`;
};

const readTime = (parts: Record<string, string | undefined>): string | null | undefined => {
  if (parts['hour'] === undefined) return null;
  const half = parts['half']?.toLowerCase();
  const [written, minute, second] = [Number(parts['hour']), Number(parts['minute']), Number(parts['second'] ?? 0)];
  if (half !== undefined && (written < 1 || written > 12)) return undefined;
  const hour = half === undefined ? written : (written % 12) + (half === 'pm' ? 12 : 0);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return `${two(hour)}:${two(minute)}:${two(second)}.${(parts['fraction'] ?? '').slice(0, 3).padEnd(3, '0')}`;
};

const readOffset = (text: string | undefined): string | null | undefined => {
  if (text === undefined) return null;
  if (/^z$/i.test(text)) return '+00:00';
  const [hours, minutes] = [text.slice(1, 3), text.slice(-2)];
  return Number(hours) > 14 || Number(minutes) > 59 ? undefined : `${text[0]}${hours}:${minutes}`;
};

const readMoment = (text: string): Moment | undefined => {
  const parts = FORMS.map((form) => form.exec(text.trim())?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return undefined;
  const [year, month, day] = [Number(parts['year']), Number(parts['month']), Number(parts['day'])];
  if (day < 1 || day > daysIn(year, month)) return undefined;
  const [time, offset] = [readTime(parts), readOffset(parts['offset'])];
  if (time === undefined || offset === undefined) return undefined;
  return { date: `${parts['year']}-${two(month)}-${two(day)}`, time, offset };
};

const EARLIEST = '1880-01-01';

const moment = (text: string, path: string): Moment => {
  const read = readMoment(text);
  if (read === undefined) throw new CourierError('DATE_INVALID', { path });
  return read;
};

const within = (read: Moment, path: string, latest: string): Moment => {
  if (read.date < EARLIEST || read.date > latest) throw new CourierError('DATE_INVALID', { path, detail: `outside ${EARLIEST} to ${latest}` });
  return read;
};

/** Orders are scheduled ahead, clocks of cameras run wrong; twenty years are absurd. */
const farAhead = (today: string): string => `${Number(today.slice(0, 4)) + 20}-12-31`;

/**
 * A birth date as `YYYY-MM-DD`, the day as written: M/D/YYYY, ISO 8601 with or without time and offset, YYYYMMDD.
 * `today` is `YYYY-MM-DD`; one day more is allowed, because somewhere it is tomorrow already. Throws DATE_INVALID.
 */
export const readBirthDate = (text: string, path: string, today: string): string =>
  within(moment(text, path), path, dayAfter(today)).date;

/** What .NET and Go write for a time that was never set. */
export const isUnsetTime = (text: string): boolean => /^(?:0001-01-01|1\/1\/0001\b)/.test(text.trim());

/**
 * An instant as `YYYY-MM-DDTHH:mm:ss.SSS+HH:MM`, in the offset supplied; a day alone stays `YYYY-MM-DD`. `zoned` is false when
 * a time has no offset: it is then read as UTC, in which IRIS works. Throws DATE_INVALID.
 */
export const readInstant = (text: string, path: string, today: string): { instant: string; zoned: boolean } => {
  const { date, time, offset } = within(moment(text, path), path, farAhead(today));
  return time === null ? { instant: date, zoned: true } : { instant: `${date}T${time}${offset ?? '+00:00'}`, zoned: offset !== null };
};

/** A time local to the exam's site (`Order.ScheduledTime`): checked, but kept as supplied. Throws DATE_INVALID. */
export const readLocalTime = (text: string, path: string, today: string): string => {
  within(moment(text, path), path, farAhead(today));
  return text.trim();
};
