export interface Masking {
  /** The case's own namespace, which is `$ns` in records. */
  readonly namespace: string | undefined;
  /** When the case began: times from then on are the server's own. */
  readonly started: number;
  readonly managedFields: boolean;
}

const MASK = '*';
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** Values that differ from one server, or one run, to the next. */
const OWN: Readonly<Record<string, (value: unknown, parent: object) => boolean>> = {
  resourceVersion: (value) => typeof value === 'string' && /^\d+$/.test(value),
  continue: (value) => value !== '',
  clusterIP: (value) => value !== '' && value !== 'None',
  nodePort: (value) => value !== 0,
  healthCheckNodePort: (value) => value !== 0,
  token: (value) => typeof value === 'string' && value.split('.').length === 3,
};

/** A reply with `*` where servers rightly differ. */
export const mask = (value: unknown, masking: Masking): unknown => {
  if (typeof value === 'string') return maskText(value, masking);
  if (Array.isArray(value)) return value.map((item) => mask(item, masking));
  if (typeof value !== 'object' || value === null) return value;
  const masked: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === 'managedFields' && !masking.managedFields) continue;
    if (OWN[key]?.(item, value) === true) masked[key] = MASK;
    else if (key === 'clusterIPs' && Array.isArray(item)) masked[key] = item.map((ip) => (ip === 'None' ? ip : MASK));
    else if (key === 'cells' && Array.isArray(item))
      masked[key] = item.map((cell) => (isAge(cell) ? MASK : mask(cell, masking)));
    else masked[key] = mask(item, masking);
  }
  const { generateName } = masked;
  if (typeof generateName === 'string' && typeof masked['name'] === 'string' && generateName !== '') {
    if (masked['name'].startsWith(generateName)) masked['name'] = `${generateName}${MASK}`;
  }
  return masked;
};

/** How long ago a case made something, in a Table. */
const isAge = (cell: unknown): boolean => typeof cell === 'string' && /^\d{1,2}s$/.test(cell);

const maskText = (text: string, { namespace, started }: Masking): string => {
  const placed = namespace === undefined ? text : text.replaceAll(namespace, '$ns');
  return placed
    .replaceAll(UUID, MASK)
    .replaceAll(TIME, (time) => (Math.abs(Date.parse(time) - started) < 60_000 ? MASK : time));
};
