import type { KindRef } from '../kind.js';
import type { KubeObject } from '../object.js';

type FieldReader = (object: KubeObject) => string;

const at = (object: unknown, path: readonly string[]): unknown => {
  let value = object;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
};

const text = (value: unknown, absent = ''): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : absent;

const reader =
  (path: string, absent = ''): FieldReader =>
  (object) =>
    text(at(object, path.split('.')), absent);

const readers = (...paths: string[]): Record<string, FieldReader> =>
  Object.fromEntries(paths.map((path) => [path, reader(path)]));

const NAME = readers('metadata.name');
const METADATA = readers('metadata.name', 'metadata.namespace');

const referenceReaders = (prefix: string): Record<string, FieldReader> =>
  readers(
    ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
      (each) => `${prefix}.${each}`,
    ),
  );

const involvedObject = (object: KubeObject, field: string): string =>
  text(at(object, ['involvedObject', field]) ?? at(object, ['regarding', field]));

/** Events are one stored kind under two APIs: either spelling of a field is read from either form. */
const eventReaders = (prefix: string, others: Record<string, FieldReader>): Record<string, FieldReader> => ({
  ...METADATA,
  ...Object.fromEntries(
    Object.keys(referenceReaders(prefix)).map((path) => [
      path,
      (object: KubeObject) => involvedObject(object, path.slice(prefix.length + 1)),
    ]),
  ),
  ...readers('reason', 'type'),
  ...others,
});

const reportingController: FieldReader = (object) =>
  text(at(object, ['reportingController']) ?? at(object, ['reportingComponent']));

const eventSource: FieldReader = (object) =>
  text(at(object, ['source', 'component']) ?? at(object, ['deprecatedSource', 'component'])) ||
  reportingController(object);

const FIELDS: Readonly<Record<string, Readonly<Record<string, FieldReader>>>> = {
  'v1/Pod': {
    ...METADATA,
    ...readers(
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'status.phase',
      'status.podIP',
      'status.nominatedNodeName',
    ),
    'spec.hostNetwork': reader('spec.hostNetwork', 'false'),
    'status.podIPs': (object) => {
      const addresses = at(object, ['status', 'podIPs']);
      return Array.isArray(addresses) ? addresses.map((each) => text(at(each, ['ip']))).join(',') : '';
    },
  },
  'v1/Node': { ...NAME, 'spec.unschedulable': reader('spec.unschedulable', 'false') },
  'v1/Namespace': { ...NAME, ...readers('status.phase') },
  'v1/Secret': { ...METADATA, ...readers('type') },
  'v1/Service': { ...METADATA, ...readers('spec.clusterIP', 'spec.type') },
  'v1/ReplicationController': { ...METADATA, 'status.replicas': reader('status.replicas', '0') },
  'batch/v1/Job': { ...METADATA, 'status.successful': reader('status.succeeded', '0') },
  'certificates.k8s.io/v1/CertificateSigningRequest': { ...NAME, ...readers('spec.signerName') },
  'resource.k8s.io/v1/ResourceSlice': { ...NAME, ...readers('spec.nodeName', 'spec.driver') },
  'v1/Event': eventReaders('involvedObject', { reportingComponent: reportingController, source: eventSource }),
  'events.k8s.io/v1/Event': eventReaders('regarding', { reportingController }),
};

/** What a field selector can select a built-in kind by: a reader for each field that it supports. */
export const selectableFields = ({ apiVersion, kind }: KindRef): Readonly<Record<string, FieldReader>> => {
  const key = `${apiVersion}/${kind}`;
  return Object.hasOwn(FIELDS, key) ? (FIELDS[key] ?? METADATA) : METADATA;
};

/** Kinds with words of their own. */
const WORDED: Readonly<Record<string, (field: string) => string>> = {
  'batch/v1/Job': (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  'resource.k8s.io/v1/ResourceSlice': (field) =>
    `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
};

/** The reason that a kind cannot be selected by a field, worded as Kubernetes words it. */
export const unsupportedFieldMessage = ({ apiVersion, kind }: KindRef, field: string): string => {
  const key = `${apiVersion}/${kind}`;
  const worded = Object.hasOwn(WORDED, key) ? WORDED[key]?.(field) : undefined;
  if (worded !== undefined) return worded;
  return Object.hasOwn(FIELDS, key)
    ? `field label not supported: ${field}`
    : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
};
