import type { Endpoints, Service } from '../../../objects/kinds/core-v1.js';
import type { EndpointSlice } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import type {
  IPAddress,
  Ingress,
  IngressClass,
  NetworkPolicy,
  ServiceCIDR,
} from '../../../objects/kinds/networking-k8s-io-v1.js';
import { ageOf } from './age.js';
import { labelsText, NONE, orNone, printer, selectorText, UNSET } from './printer.js';

export const servicePrinter = printer<Service>(
  ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', '+Selector'],
  (object, now) => [
    object.metadata.name,
    object.spec.type ?? 'ClusterIP',
    orNone(object.spec.clusterIPs?.[0] ?? object.spec.clusterIP),
    externalAddress(object),
    orNone(servicePorts(object)),
    ageOf(object.metadata.creationTimestamp, now),
    labelsText(object.spec.selector),
  ],
);

const externalAddress = ({ spec, status }: Service): string => {
  const own = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return orNone(spec.externalName);
  if (spec.type !== 'LoadBalancer') return orNone(own.join(','));
  const ingress = status?.loadBalancer?.ingress ?? [];
  const balanced = [...new Set(ingress.map(({ ip, hostname }) => ip ?? hostname ?? ''))]
    .filter((text) => text !== '')
    .sort();
  const all = [...balanced, ...own];
  return all.length === 0 ? '<pending>' : all.join(',');
};

const servicePorts = ({ spec }: Service): string =>
  (spec.ports ?? [])
    .map(({ port, nodePort = 0, protocol = 'TCP' }) => `${port}${nodePort > 0 ? `:${nodePort}` : ''}/${protocol}`)
    .join(',');

/** How many endpoints a cell shows; the rest is counted. */
const SHOWN = 3;

const shownOf = (items: readonly string[], empty: string): string => {
  if (items.length === 0) return empty;
  const shown = items.slice(0, SHOWN).join(',');
  return items.length > SHOWN ? `${shown} + ${items.length - SHOWN} more...` : shown;
};

export const endpointsPrinter = printer<Endpoints>(['Name', 'Endpoints', 'Age'], (object, now) => {
  const all = (object.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip}:${port}`)),
  );
  return [object.metadata.name, shownOf(all, NONE), ageOf(object.metadata.creationTimestamp, now)];
});

export const endpointSlicePrinter = printer<EndpointSlice>(
  ['Name', 'AddressType', 'Ports', 'Endpoints', 'Age'],
  (object, now) => [
    object.metadata.name,
    object.addressType,
    shownOf(
      (object.ports ?? []).map(({ port }) => (port === undefined ? '*' : String(port))),
      UNSET,
    ),
    shownOf(
      (object.endpoints ?? []).flatMap(({ addresses }) => [...addresses]),
      UNSET,
    ),
    ageOf(object.metadata.creationTimestamp, now),
  ],
);

export const ingressPrinter = printer<Ingress>(['Name', 'Class', 'Hosts', 'Address', 'Ports', 'Age'], (object, now) => [
  object.metadata.name,
  object.spec?.ingressClassName ?? object.metadata.annotations?.['kubernetes.io/ingress.class'] ?? NONE,
  ingressHosts(object),
  (object.status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '').join(','),
  (object.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
  ageOf(object.metadata.creationTimestamp, now),
]);

const ingressHosts = ({ spec }: Ingress): string => {
  const hosts = (spec?.rules ?? []).map(({ host }) => host ?? '').filter((host) => host !== '');
  return hosts.length === 0 ? '*' : shownOf(hosts, '*');
};

const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';

export const ingressClassPrinter = printer<IngressClass>(['Name', 'Controller', 'Parameters', 'Age'], (object, now) => {
  const { apiGroup, kind, name } = object.spec?.parameters ?? {};
  const parameters = name === undefined ? NONE : `${kind ?? ''}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`;
  const isDefault = object.metadata.annotations?.[DEFAULT_CLASS] === 'true';
  return [
    isDefault ? `${object.metadata.name} (default)` : object.metadata.name,
    object.spec?.controller ?? '',
    parameters,
    ageOf(object.metadata.creationTimestamp, now),
  ];
});

export const networkPolicyPrinter = printer<NetworkPolicy>(['Name', 'Pod-Selector', 'Age'], (object, now) => [
  object.metadata.name,
  selectorText(object.spec?.podSelector),
  ageOf(object.metadata.creationTimestamp, now),
]);

const NO_PARENT = { group: '', resource: '', namespace: '', name: '' };

export const ipAddressPrinter = printer<IPAddress>(['Name', 'ParentRef'], (object) => {
  const { group, resource, namespace, name } = { ...NO_PARENT, ...object.spec?.parentRef };
  const parent = [`${resource}${group === '' ? '' : `.${group}`}`, namespace, name]
    .filter((part) => part !== '')
    .join('/');
  return [object.metadata.name, orNone(parent)];
});

export const serviceCidrPrinter = printer<ServiceCIDR>(['Name', 'CIDRs', 'Age'], (object, now) => [
  object.metadata.name,
  (object.spec?.cidrs ?? []).join(','),
  ageOf(object.metadata.creationTimestamp, now),
]);
