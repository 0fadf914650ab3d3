import { briefOf } from './brief.js';

type Fields = Record<string, unknown>;

const MASK = '*';
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;
/** What a server appends to a generated name: no vowels, none of 0, 1 and 3. */
const SUFFIX = /(?<=[a-z0-9]-)[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9-])/g;
const ADDRESS = /\b10\.\d+\.\d+\.\d+\b/g;
/** Numbers that servers count for themselves, and what a real pod has that a story did not give. */
const OMITTED: ReadonlySet<string> = new Set([
  'resourceVersion',
  'uid',
  'creationTimestamp',
  // When the change happened that led to the slice: for the metrics of proxies, which there are none of here.
  'endpoints.kubernetes.io/last-change-trigger-time',
]);

export interface Masking {
  readonly namespace: string;
  /** Generated names and what stands for them; grows with each look. */
  readonly names: Map<string, string>;
  readonly whole: boolean;
}

/** The objects of a look, as two servers can be compared by: without what each makes up for itself, in a fixed order. */
export const snapshotOf = (objects: readonly Fields[], masking: Masking): readonly unknown[] => {
  rememberHashes(objects, masking.names);
  for (const object of objects) rememberName(object, masking.names);
  return objects
    .filter((object) => object['kind'] !== 'Event' && !isOfDistribution(object))
    .map((object) => masked(trimmed(object, masking.whole), masking))
    .sort(byText);
};

/** The events among the objects: each told once, in a fixed order. Which ones a recorder sums up is up to its clock. */
export const eventsOf = (objects: readonly Fields[], masking: Masking): readonly string[] => {
  const told = objects
    .filter((object) => object['kind'] === 'Event')
    .map((event) => maskText(eventLine(event), masking))
    .filter((line) => !line.includes('(combined from similar events)'));
  return [...new Set(told)].sort();
};

const eventLine = (event: Fields): string => {
  const about = fieldsOf(event['involvedObject']);
  const source = fieldsOf(event['source']);
  const path = about['fieldPath'] === undefined ? '' : ` ${text(about['fieldPath'])}`;
  const speaker = `${text(source['component'])}/${text(event['reportingComponent'])}`;
  return `${text(about['kind'])} ${text(about['name'])}${path}: ${text(event['type'])} ${text(event['reason'])}: ${text(event['message'])} (${speaker})`;
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const byText = (a: unknown, b: unknown): number => {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left < right ? -1 : left > right ? 1 : 0;
};

/** Hashes of templates, in the order of their revisions: another server may hash otherwise. */
const rememberHashes = (objects: readonly Fields[], names: Map<string, string>): void => {
  const found = objects
    .map((object) => ({ hash: hashOf(object), revision: revisionOf(object) }))
    .filter(({ hash }) => hash !== undefined && !names.has(hash))
    .sort((a, b) => a.revision - b.revision);
  for (const { hash } of found) {
    if (hash === undefined || names.has(hash)) continue;
    names.set(hash, `#${1 + [...names.values()].filter((stands) => stands.startsWith('#')).length}`);
  }
};

const hashOf = ({ kind, metadata }: Fields): string | undefined => {
  const labels = fieldsOf(fieldsOf(metadata)['labels']);
  if (kind === 'ReplicaSet') return optionalText(labels['pod-template-hash']);
  if (kind !== 'ControllerRevision') return undefined;
  const name = text(fieldsOf(metadata)['name']);
  return (
    optionalText(labels['controller-revision-hash'] ?? labels['controller.kubernetes.io/hash']) ??
    name.slice(name.lastIndexOf('-') + 1)
  );
};

const revisionOf = ({ metadata, revision }: Fields): number =>
  Number(revision ?? fieldsOf(fieldsOf(metadata)['annotations'])['deployment.kubernetes.io/revision'] ?? 0);

const optionalText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** What only the build has that the records were made with. */
const isOfDistribution = (object: Fields): boolean =>
  fieldsOf(object['metadata'])['name'] === 'openshift-service-ca.crt';

const rememberName = (object: Fields, names: Map<string, string>): void => {
  const { generateName, name } = fieldsOf(object['metadata']);
  if (typeof name !== 'string' || typeof generateName !== 'string' || !name.startsWith(generateName)) return;
  // Pods of StatefulSets have names of their own all the same.
  if (/^[a-z0-9]{5}$/.test(name.slice(generateName.length))) names.set(name, `${generateName}${MASK}`);
};

const trimmed = (object: Fields, whole: boolean): Fields => {
  if (!whole) return briefOf(object);
  const { metadata } = object;
  const managers = fieldsOf(metadata)['managedFields'];
  const entries = Array.isArray(managers) ? (managers as Fields[]).map(managerOf).filter(isController).sort() : [];
  return { ...object, metadata: { ...fieldsOf(metadata), managedFields: entries } };
};

/** The API server itself counts what a quota holds; here it needs no write for that. */
const isController = (manager: string): boolean => !manager.startsWith('kube-apiserver ');

const managerOf = (entry: Fields): string =>
  ['manager', 'operation', 'apiVersion', 'subresource']
    .map((field) => text(entry[field]))
    .filter((part) => part !== '')
    .join(' ');

const masked = (value: unknown, masking: Masking): unknown => {
  if (typeof value === 'string') return maskText(value, masking);
  if (Array.isArray(value)) return value.map((item) => masked(item, masking));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => !OMITTED.has(key) && !isAbsent(item))
      .map(([key, item]) => [maskText(key, masking), ordered(key, masked(item, masking))] as const)
      .map(([key, item]) => [key, key === 'ca.crt' && item !== 'wrong' ? MASK : item] as const)
      .filter(([key, item]) => key !== 'annotations' || Object.keys(item as Fields).length > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ) as Fields;
};

/** Absent, null and empty mean the same to the readers of these objects; how each is written the API's own tests say. */
const isAbsent = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0);

/** Subsets of Endpoints stand in the order of a hash, addresses in their own. */
const ordered = (key: string, value: unknown): unknown =>
  ['subsets', 'addresses', 'notReadyAddresses'].includes(key) && Array.isArray(value) ? value.toSorted(byText) : value;

const maskText = (value: string, { namespace, names }: Masking): string => {
  let placed = value
    .replaceAll(namespace, '$ns')
    .replaceAll(UUID, MASK)
    .replaceAll(TIME, MASK)
    .replaceAll(ADDRESS, MASK);
  // The name of a pod holds the hash of its template.
  const longestFirst = [...names].sort(([left], [right]) => right.length - left.length);
  for (const [name, stands] of longestFirst) placed = placed.replaceAll(name, stands);
  placed = placed.replaceAll(SUFFIX, MASK);
  return placed;
};
