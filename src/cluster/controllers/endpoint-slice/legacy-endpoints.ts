import type { EndpointAddress, EndpointSubset, Service } from '../../../objects/kinds/core-v1.js';
import { Endpoints } from '../../../objects/kinds/core-v1.js';
import type { Endpoint } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import type { EndpointGroup } from './service-endpoints.js';
import { addressTypesOf } from './service-endpoints.js';

const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';
const HEADLESS = 'service.kubernetes.io/headless';
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
/** Most addresses of one Endpoints object. */
const LIMIT = 1000;

/** The Endpoints object of a Service: the older form of its slices, for clients that still read it. */
export const legacyEndpoints = (service: Service, groups: readonly EndpointGroup[], known?: Endpoints): Endpoints => {
  const { namespace, name, labels } = service.metadata;
  const [primary] = addressTypesOf(service);
  const usable = groups.filter((group) => group.addressType === primary && group.endpoints.length > 0);
  const total = usable.reduce((sum, group) => sum + living(group.endpoints).length, 0);
  const { [OVER_CAPACITY]: _capacity, ...annotations } = known?.metadata.annotations ?? {};
  return {
    ...Endpoints,
    metadata: {
      ...known?.metadata,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...labels,
        ...(service.spec?.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
        [MANAGED_BY]: 'endpoint-controller',
      },
      annotations: total > LIMIT ? { ...annotations, [OVER_CAPACITY]: 'truncated' } : annotations,
    },
    subsets: truncate(repacked(usable).map(subsetOf)),
  };
};

/** Endpoints that are going away are in slices only. */
const living = (endpoints: readonly Endpoint[]): readonly Endpoint[] =>
  endpoints.filter(({ conditions }) => conditions?.terminating !== true || conditions.ready === true);

type Pack = Pick<EndpointGroup, 'ports' | 'endpoints'>;

/** As few subsets as can be: a port that all have stands once, with all addresses; then ports with the same addresses. */
const repacked = (groups: readonly EndpointGroup[]): readonly Pack[] => {
  const byPort = new Map<string, { readonly ports: EndpointGroup['ports']; readonly endpoints: Endpoint[] }>();
  for (const { ports, endpoints } of groups) {
    for (const each of ports.length === 0 ? [[]] : ports.map((port) => [port])) {
      const id = JSON.stringify(each);
      const known = byPort.get(id) ?? { ports: each, endpoints: [] };
      known.endpoints.push(...living(endpoints));
      byPort.set(id, known);
    }
  }
  const byAddresses = new Map<string, Pack>();
  for (const { ports, endpoints } of byPort.values()) {
    if (endpoints.length === 0) continue;
    const sorted = endpoints.toSorted((a, b) => ((a.addresses[0] ?? '') < (b.addresses[0] ?? '') ? -1 : 1));
    const id = JSON.stringify(sorted);
    const known = byAddresses.get(id);
    byAddresses.set(id, { ports: [...(known?.ports ?? []), ...ports], endpoints: sorted });
  }
  return [...byAddresses.values()];
};

const subsetOf = ({ ports, endpoints }: Pack): EndpointSubset => {
  const ready = endpoints.filter(({ conditions }) => conditions?.ready === true).map(addressOf);
  const notReady = endpoints.filter(({ conditions }) => conditions?.ready !== true).map(addressOf);
  return {
    ...(ready.length === 0 ? {} : { addresses: ready }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
    ports: ports.map(({ name = '', port = 0, protocol = 'TCP', appProtocol }) => ({
      ...(name === '' ? {} : { name }),
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    })),
  };
};

const addressOf = ({ addresses, targetRef, nodeName, hostname }: Endpoint): EndpointAddress => ({
  ip: addresses[0] ?? '',
  ...(targetRef === undefined ? {} : { targetRef }),
  ...(nodeName === undefined ? {} : { nodeName }),
  ...(hostname === undefined ? {} : { hostname }),
});

/** Ready addresses first, up to the limit. */
const truncate = (subsets: readonly EndpointSubset[]): readonly EndpointSubset[] => {
  let left = LIMIT;
  return subsets.map((subset) => {
    const addresses = subset.addresses?.slice(0, left);
    left -= addresses?.length ?? 0;
    const notReadyAddresses = subset.notReadyAddresses?.slice(0, left);
    left -= notReadyAddresses?.length ?? 0;
    return {
      ...subset,
      ...(addresses === undefined ? {} : { addresses }),
      ...(notReadyAddresses === undefined ? {} : { notReadyAddresses }),
    };
  });
};
