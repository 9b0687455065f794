// Dates and times as the report shows them. A birth date is text from end to end: no zone can move it.

/** `YYYY-MM-DD` as MM/DD/YYYY; anything else as it is. */
export const dayText = (birthDate: string): string => birthDate.replace(/^(\d{4})-(\d{2})-(\d{2})$/, '$2/$3/$1');

/** An ISO 8601 instant with its offset, in epoch milliseconds; undefined for anything that would need a guessed zone. */
export const instantOf = (iso: string | undefined): number | undefined => {
  if (iso === undefined || !/^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:?\d{2})$/i.test(iso)) return undefined;
  const at = Date.parse(iso);
  return Number.isNaN(at) ? undefined : at;
};

/** Making a formatter costs a hundred times more than using it. Zones come from settings: there are few. */
const formatters = new Map<string, Intl.DateTimeFormat>();

const formatterFor = (timeZone: string): Intl.DateTimeFormat => {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: 'numeric', minute: '2-digit', timeZoneName: 'short',
  });
  formatters.set(timeZone, made);
  return made;
};

const format = (at: number, timeZone: string): string => formatterFor(timeZone).format(at).replace(/[\u202f\u00a0]/g, ' ');

/** An instant in a zone, with the zone's name; in UTC when the zone is unknown. A day is a day in every zone; anything else is as supplied. */
export const zonedText = (iso: string | undefined, timeZone: string): string | undefined => {
  const at = instantOf(iso);
  if (at === undefined) return iso === undefined ? undefined : dayText(iso);
  try {
    return format(at, timeZone);
  } catch {
    return format(at, 'UTC');
  }
};

/** An instant as `MM/DD/YYYY HH:mm UTC`, a day as MM/DD/YYYY; anything else as supplied. */
export const utcText = (iso: string | undefined): string | undefined => {
  const at = instantOf(iso);
  if (at === undefined) return iso === undefined ? undefined : dayText(iso);
  const [date = '', time = ''] = new Date(at).toISOString().split('T');
  return `${dayText(date)} ${time.slice(0, 5)} UTC`;
};
