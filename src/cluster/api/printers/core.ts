import { isConditionTrue } from '../../../objects/conditions.js';
import type {
  ComponentStatus,
  ConfigMap,
  Event,
  Namespace,
  Node,
  ResourceQuota,
  Secret,
  ServiceAccount,
} from '../../../objects/kinds/core-v1.js';
import type { Event as EventsEvent } from '../../../objects/kinds/events-k8s-io-v1.js';
import type { Lease } from '../../../objects/kinds/coordination-k8s-io-v1.js';
import { convertEvent } from '../operations/convert-event.js';
import { ageOf } from './age.js';
import { orNone, printer } from './printer.js';

const sizeOf = (data: object | undefined): number => Object.keys(data ?? {}).length;

/** How objects are printed that nobody prints in a way of their own. */
export const createdPrinter = printer(['Name', 'Created At:date'], ({ metadata }) => [
  metadata.name,
  metadata.creationTimestamp ?? '',
]);

/** How objects are printed that show their age alone. */
export const agePrinter = printer(['Name', 'Age'], ({ metadata }, now) => [
  metadata.name,
  ageOf(metadata.creationTimestamp, now),
]);

export const configMapPrinter = printer<ConfigMap>(['Name', 'Data', 'Age'], (object, now) => [
  object.metadata.name,
  sizeOf(object.data) + sizeOf(object.binaryData),
  ageOf(object.metadata.creationTimestamp, now),
]);

export const secretPrinter = printer<Secret>(['Name', 'Type', 'Data', 'Age'], (object, now) => [
  object.metadata.name,
  object.type ?? 'Opaque',
  sizeOf(object.data),
  ageOf(object.metadata.creationTimestamp, now),
]);

export const serviceAccountPrinter = printer<ServiceAccount>(['Name', 'Age'], (object, now) => [
  object.metadata.name,
  ageOf(object.metadata.creationTimestamp, now),
]);

export const namespacePrinter = printer<Namespace>(['Name', 'Status', 'Age'], (object, now) => [
  object.metadata.name,
  object.status?.phase ?? '',
  ageOf(object.metadata.creationTimestamp, now),
]);

export const leasePrinter = printer<Lease>(['Name', 'Holder', 'Age'], (object, now) => [
  object.metadata.name,
  object.spec?.holderIdentity ?? '',
  ageOf(object.metadata.creationTimestamp, now),
]);

export const componentStatusPrinter = printer<ComponentStatus>(
  ['Name', 'Status', 'Message', 'Error'],
  ({ metadata, conditions = [] }) => {
    const health = conditions.find(({ type }) => type === 'Healthy');
    const status = health === undefined ? 'Unknown' : health.status === 'True' ? 'Healthy' : 'Unhealthy';
    return [metadata.name, status, health?.message ?? '', health?.error ?? ''];
  },
);

export const nodePrinter = printer<Node>(
  [
    'Name',
    'Status',
    'Roles',
    'Age',
    'Version',
    '+Internal-IP',
    '+External-IP',
    '+OS-Image',
    '+Kernel-Version',
    '+Container-Runtime',
  ],
  (object, now) => {
    const { addresses = [], nodeInfo } = object.status ?? {};
    const address = (kind: string): string => orNone(addresses.find(({ type }) => type === kind)?.address);
    return [
      object.metadata.name,
      nodeStatus(object),
      nodeRoles(object),
      ageOf(object.metadata.creationTimestamp, now),
      nodeInfo?.kubeletVersion ?? '',
      address('InternalIP'),
      address('ExternalIP'),
      known(nodeInfo?.osImage),
      known(nodeInfo?.kernelVersion),
      known(nodeInfo?.containerRuntimeVersion),
    ];
  },
);

const known = (text: string | undefined): string => (text === undefined || text === '' ? '<unknown>' : text);

const nodeStatus = ({ status, spec }: Node): string => {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const text = ready === undefined ? 'Unknown' : isConditionTrue([ready], 'Ready') ? 'Ready' : 'NotReady';
  return spec?.unschedulable === true ? `${text},SchedulingDisabled` : text;
};

const ROLE_PREFIX = 'node-role.kubernetes.io/';

const nodeRoles = ({ metadata }: Node): string => {
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return key.length > ROLE_PREFIX.length ? [key.slice(ROLE_PREFIX.length)] : [];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return orNone([...new Set(roles)].sort().join(','));
};

const EVENT_COLUMNS = [
  'Last Seen',
  'Type',
  'Reason',
  'Object',
  '+Subobject',
  '+Source',
  'Message',
  '+First Seen',
  '+Count',
  '+Name',
];

export const eventPrinter = printer<Event>(EVENT_COLUMNS, (event, now) => eventCells(event, now));

export const eventsEventPrinter = printer<EventsEvent>(EVENT_COLUMNS, (event, now) =>
  eventCells(convertEvent(event, 'v1') as Event, now),
);

const eventCells = (event: Event, now: number): readonly unknown[] => {
  const { kind = '', name = '', fieldPath = '' } = event.involvedObject;
  const first = event.firstTimestamp ?? event.eventTime;
  const last = event.series?.lastObservedTime ?? event.lastTimestamp ?? first;
  const source = [
    event.source?.component ?? event.reportingComponent ?? '',
    event.source?.host ?? event.reportingInstance ?? '',
  ];
  return [
    ageOf(last, now),
    event.type ?? '',
    event.reason ?? '',
    name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`,
    fieldPath,
    source.filter((part) => part !== '').join(', '),
    (event.message ?? '').trim(),
    ageOf(first, now),
    event.series?.count ?? event.count ?? 1,
    event.metadata.name,
  ];
};

export const resourceQuotaPrinter = printer<ResourceQuota>(['Name', 'Request', 'Limit', 'Age'], (object, now) => {
  const { hard = {}, used = {} } = object.status ?? {};
  const names = Object.keys(hard).sort();
  const text = (selected: readonly string[]): string =>
    selected.map((name) => `${name}: ${used[name] ?? '0'}/${hard[name] ?? '0'}`).join(', ');
  const limits = names.filter((name) => name.startsWith('limits'));
  const requests = names.filter((name) => !name.startsWith('limits'));
  return [object.metadata.name, text(requests), text(limits), ageOf(object.metadata.creationTimestamp, now)];
});
