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
    subsets: truncate(usable.map(subsetOf).filter((subset) => subset !== undefined)),
  };
};

/** Endpoints that are going away are in slices only. */
const living = (endpoints: readonly Endpoint[]): readonly Endpoint[] =>
  endpoints.filter(({ conditions }) => conditions?.terminating !== true || conditions.ready === true);

const subsetOf = ({ ports, endpoints }: EndpointGroup): EndpointSubset | undefined => {
  const alive = living(endpoints).toSorted((a, b) => ((a.addresses[0] ?? '') < (b.addresses[0] ?? '') ? -1 : 1));
  const ready = alive.filter(({ conditions }) => conditions?.ready === true).map(addressOf);
  const notReady = alive.filter(({ conditions }) => conditions?.ready !== true).map(addressOf);
  if (ready.length === 0 && notReady.length === 0) return undefined;
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
