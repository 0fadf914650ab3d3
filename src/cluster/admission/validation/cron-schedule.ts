const DESCRIPTORS = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);
const FIELDS: readonly (readonly [low: number, high: number, names: readonly string[]])[] = [
  [0, 59, []],
  [0, 23, []],
  [1, 31, []],
  [1, 12, ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']],
  [0, 6, ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']],
];

/** Why a schedule cannot be read, as a CronJob's controller would read it; undefined for a good one. */
export const scheduleError = (schedule: string): string | undefined => {
  if (schedule.startsWith('@')) return descriptorError(schedule);
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [index, field] of fields.entries()) {
    const limits = FIELDS[index];
    const wrong = limits === undefined ? undefined : fieldError(field, limits);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
};

const descriptorError = (schedule: string): string | undefined => {
  if (DESCRIPTORS.has(schedule)) return undefined;
  if (/^@every (\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(schedule)) return undefined;
  return `unrecognized descriptor: ${schedule}`;
};

const fieldError = (field: string, [low, high, names]: (typeof FIELDS)[number]): string | undefined => {
  for (const range of field.split(',')) {
    const [span = '', step, ...rest] = range.split('/');
    if (rest.length > 0) return `too many slashes: ${range}`;
    if (step !== undefined && !/^[1-9]\d*$/.test(step)) return `failed to parse int from ${step}`;
    if (span === '*' || span === '?') continue;
    const bounds = span.split('-');
    if (bounds.length > 2) return `too many hyphens: ${range}`;
    const numbers = bounds.map((bound) => numberOf(bound, low, names));
    const unknown = numbers.indexOf(undefined);
    if (unknown >= 0) return `failed to parse int from ${bounds[unknown]}`;
    const [start = low, end = start] = numbers as number[];
    if (start < low) return `beginning of range (${start}) below minimum (${low}): ${range}`;
    if (end > high) return `end of range (${end}) above maximum (${high}): ${range}`;
    if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${range}`;
  }
  return undefined;
};

const numberOf = (text: string, low: number, names: readonly string[]): number | undefined => {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + low;
  return /^\d+$/.test(text) ? Number(text) : undefined;
};
