import { randomInt } from 'node:crypto';
import type { Service, ServiceSpec } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Store, Stored } from '../../store/store.js';
import type { Target } from '../request.js';
import { internal, invalid } from '../status-errors.js';
import { AddressRange } from './address-range.js';
import { withFamilies } from './service-families.js';

/** What a write took for its object. Exactly one of `keep` and `release` takes effect: the first that is called. */
export interface Reservation {
  readonly object: KubeObject;
  /** The write is stored: the numbers belong to the object. */
  readonly keep: () => void;
  /** The write failed: the numbers are free again. */
  readonly release: () => void;
}

/** Takes what a write needs before it is stored: addresses, ports, room in a quota. */
export interface Allocations {
  readonly reserve: (
    target: Target,
    object: KubeObject,
    current: KubeObject | undefined,
    dryRun: boolean,
  ) => Reservation;
}

/** Several allocations, one after the other; when one refuses, those before it give back what they took. */
export const allAllocations = (each: readonly Allocations[]): Allocations => ({
  reserve: (target, object, current, dryRun) => {
    const taken: Reservation[] = [];
    const release = (): void => {
      for (const reservation of taken) reservation.release();
    };
    try {
      for (const { reserve } of each) taken.push(reserve(target, taken.at(-1)?.object ?? object, current, dryRun));
    } catch (error) {
      release();
      throw error;
    }
    const keep = (): void => {
      for (const reservation of taken) reservation.keep();
    };
    return { object: taken.at(-1)?.object ?? object, keep, release };
  },
});

export interface AllocationOptions {
  /** IPv4 range of cluster addresses: `10.96.0.0/16`. */
  readonly serviceCidr: string;
  readonly nodePorts: { readonly first: number; readonly last: number };
}

const PREFIX = '/registry/core/services/';

/**
 * Addresses and ports in use are read from the stored Services each time: there are few writes of Services, and what
 * is derived cannot leak. Only what writes under way have taken is remembered.
 */
export const serviceAllocations = (store: Store, options: AllocationOptions): Allocations => {
  const range = new AddressRange(options.serviceCidr);
  const pending = new Set<string | number>();
  return {
    reserve: (target, object, current, dryRun) => {
      const isService = target.resource.group === '' && target.resource.plural === 'services';
      if (!isService || (target.subresource ?? '') !== '') return { object, keep: nothing, release: nothing };
      const taken: (string | number)[] = [];
      const used = usedBy(store, object.metadata.uid);
      for (const each of pending) used.add(each);
      const take = (value: string | number): void => {
        used.add(value);
        taken.push(value);
        if (!dryRun) pending.add(value);
      };
      const release = (): void => {
        for (const value of taken.splice(0)) pending.delete(value);
      };
      try {
        const allocated = allocate(object as Service, current as Service | undefined, { range, options, used, take });
        return { object: allocated, keep: release, release };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
};

const nothing = (): void => undefined;

const usedBy = (store: Store, except: string | undefined): Set<string | number> => {
  const used = new Set<string | number>();
  for (const stored of store.list(PREFIX).items) {
    const { uid, values } = takenBy(stored);
    if (uid === except) continue;
    for (const value of values) used.add(value);
  }
  return used;
};

interface Taken {
  readonly uid: string | undefined;
  readonly values: readonly (string | number)[];
}

/** What stored Services have: one version of a Service never changes, so it is read once. */
const knownTaken = new WeakMap<Stored, Taken>();

const takenBy = (stored: Stored): Taken => {
  let taken = knownTaken.get(stored);
  if (taken === undefined) {
    const { metadata, spec } = stored.object as Service;
    const ports = [...(spec.ports ?? []).map(({ nodePort = 0 }) => nodePort), spec.healthCheckNodePort ?? 0];
    taken = { uid: metadata.uid, values: [...(spec.clusterIPs ?? []), ...ports.filter((port) => port > 0)] };
    knownTaken.set(stored, taken);
  }
  return taken;
};

interface Pool {
  readonly range: AddressRange;
  readonly options: AllocationOptions;
  readonly used: ReadonlySet<string | number>;
  take(value: string | number): void;
}

const allocate = (service: Service, current: Service | undefined, pool: Pool): Service => {
  const spec = carriedOver(withoutLeftovers(service.spec, current?.spec), current?.spec);
  const addressed = withAddress(withFamilies(spec, current?.spec, service.metadata.name), service.metadata.name, pool);
  return { ...service, spec: withPorts(addressed, service.metadata.name, pool) };
};

const isExternal = ({ type, externalIPs = [] }: ServiceSpec): boolean =>
  type === 'NodePort' || type === 'LoadBalancer' || externalIPs.length > 0;

/** A Service that changes its type loses what only the old type has, unless it was set anew. */
const withoutLeftovers = (spec: ServiceSpec, current: ServiceSpec | undefined): ServiceSpec => {
  if (current === undefined) return spec;
  const leftovers: (keyof ServiceSpec)[] = [
    ...(isExternal(current) && !isExternal(spec) ? (['externalTrafficPolicy'] as const) : []),
    ...(current.type === 'LoadBalancer' && spec.type !== 'LoadBalancer'
      ? (['allocateLoadBalancerNodePorts', 'loadBalancerClass', 'healthCheckNodePort'] as const)
      : []),
  ];
  const gone = leftovers.filter((field) => spec[field] === current[field]);
  return Object.fromEntries(
    Object.entries(spec).filter(([field]) => !gone.some((each) => each === field)),
  ) as ServiceSpec;
};

/** What was allocated before stays, when a change does not mention it. */
const carriedOver = (spec: ServiceSpec, current: ServiceSpec | undefined): ServiceSpec => {
  if (spec.type === 'ExternalName') return withoutAddress(spec);
  if (current === undefined) return spec;
  const kept = keepsAddress(spec, current) ? { clusterIP: current.clusterIP, clusterIPs: current.clusterIPs } : {};
  const ports = takesNodePorts(spec) && takesNodePorts(current) ? keptPorts(spec, current) : spec.ports;
  return Object.fromEntries(
    Object.entries({ ...spec, ...kept, ports: takesNodePorts(spec) ? ports : withoutNodePorts(spec, current) }).filter(
      ([, value]) => value !== undefined,
    ),
  ) as ServiceSpec;
};

const keepsAddress = (spec: ServiceSpec, current: ServiceSpec): boolean =>
  (spec.clusterIP ?? '') === '' && current.type !== 'ExternalName' && (current.clusterIP ?? '') !== '';

const withoutAddress = (spec: ServiceSpec): ServiceSpec => {
  const { clusterIP: _address, clusterIPs: _addresses, ipFamilies: _families, ipFamilyPolicy: _policy, ...rest } = spec;
  return rest;
};

type Ports = NonNullable<ServiceSpec['ports']>;

const keptPorts = (spec: ServiceSpec, current: ServiceSpec): Ports =>
  (spec.ports ?? []).map((port) => {
    if ((port.nodePort ?? 0) > 0) return port;
    const same = current.ports?.find(
      (other) => other.port === port.port && (other.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    );
    return same?.nodePort === undefined ? port : { ...port, nodePort: same.nodePort };
  });

/** A Service that no longer needs node ports gives back those that it did not ask for anew. */
const withoutNodePorts = (spec: ServiceSpec, current: ServiceSpec): ServiceSpec['ports'] =>
  spec.ports?.map((port) => {
    const before = current.ports?.some(({ nodePort }) => nodePort === port.nodePort) === true;
    if (port.nodePort === undefined || !before) return port;
    const { nodePort: _freed, ...rest } = port;
    return rest;
  });

const takesNodePorts = ({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);

const SERVICE = { group: '', kind: 'Service' };

const refuse = (name: string, field: string, value: string | number | readonly string[], why: string): never => {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  throw invalid(SERVICE, name, [{ reason: 'FieldValueInvalid', field, message }]);
};

const withAddress = (spec: ServiceSpec, name: string, pool: Pool): ServiceSpec => {
  if (spec.type === 'ExternalName') return spec;
  if (spec.clusterIP === 'None') return { ...spec, clusterIPs: ['None'] };
  const asked = spec.clusterIP ?? spec.clusterIPs?.[0] ?? '';
  const address = asked === '' ? pool.range.pick((each) => pool.used.has(each)) : asked;
  if (address === undefined) throw internal('failed to allocate a serviceIP: range is full');
  const all = [asked];
  if (asked !== '' && !pool.range.contains(asked)) {
    const why = `failed to allocate IP ${asked}: the provided network does not match the current range`;
    refuse(name, 'spec.clusterIPs', all, why);
  }
  if (asked !== '' && pool.used.has(asked)) {
    refuse(name, 'spec.clusterIPs', all, `failed to allocate IP ${asked}: provided IP is already allocated`);
  }
  pool.take(address);
  return { ...spec, clusterIP: address, clusterIPs: [address] };
};

const withPorts = (spec: ServiceSpec, name: string, pool: Pool): ServiceSpec => {
  if (spec.ports === undefined || !takesNodePorts(spec)) return spec;
  // A port number may serve TCP and UDP of one Service at the same time.
  const own = new Set<number>();
  const ports = spec.ports.map((port, index) => {
    const asked = port.nodePort ?? 0;
    if (asked > 0) {
      checkNodePort(name, `spec.ports[${index}].nodePort`, asked, pool, own);
      own.add(asked);
      pool.take(asked);
      return port;
    }
    const nodePort = freePort(pool);
    pool.take(nodePort);
    own.add(nodePort);
    return { ...port, nodePort };
  });
  const needsCheck = spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
  if (!needsCheck || (spec.healthCheckNodePort ?? 0) > 0) return { ...spec, ports };
  const healthCheckNodePort = freePort(pool);
  pool.take(healthCheckNodePort);
  return { ...spec, ports, healthCheckNodePort };
};

const checkNodePort = (name: string, field: string, port: number, pool: Pool, own: ReadonlySet<number>): void => {
  const { first, last } = pool.options.nodePorts;
  if (port < first || port > last) {
    refuse(name, field, port, `provided port is not in the valid range. The range of valid ports is ${first}-${last}`);
  }
  if (pool.used.has(port) && !own.has(port)) refuse(name, field, port, 'provided port is already allocated');
};

const freePort = ({ used, options: { nodePorts } }: Pool): number => {
  const size = nodePorts.last - nodePorts.first + 1;
  const start = randomInt(size);
  for (let step = 0; step < size; step += 1) {
    const port = nodePorts.first + ((start + step) % size);
    if (!used.has(port)) return port;
  }
  throw internal('failed to allocate a nodePort: range is full');
};
