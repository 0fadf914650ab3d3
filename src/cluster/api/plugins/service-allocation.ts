import { randomInt } from 'node:crypto';
import type { Service, ServiceSpec } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Store, Stored } from '../../store/store.js';
import type { Target } from '../request.js';
import { internal, invalid } from '../status-errors.js';
import { AddressRange } from './address-range.js';
import { withFamilies } from './service-families.js';
import { carriedOver, hasNodePorts, isNamed, needsProbe, withoutLeftovers } from './service-forms.js';

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

/** Nothing is taken, and nothing refused. */
export const noAllocations: Allocations = {
  reserve: (_target, object) => ({ object, keep: nothing, release: nothing }),
};

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
  const before = current?.spec;
  const { name } = service.metadata;
  const asked = { ...service, spec: carriedOver(service.spec, before) };
  const addressed = withAddress(withFamilies(asked, before), before, name, pool);
  const ported = withProbe(withPorts(addressed, before, name, pool), before, pool);
  return { ...service, spec: withoutLeftovers(ported, before) };
};

const SERVICE = { group: '', kind: 'Service' };

const refuse = (name: string, field: string, value: string | number | readonly string[], why: string): never => {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  throw invalid(SERVICE, name, [{ reason: 'FieldValueInvalid', field, message }]);
};

const withAddress = (spec: ServiceSpec, before: ServiceSpec | undefined, name: string, pool: Pool): ServiceSpec => {
  const [asked = ''] = spec.clusterIPs ?? [];
  // An address is taken once; that it stays the same is checked later.
  if (isNamed(spec) || asked === 'None' || (before !== undefined && !isNamed(before))) return spec;
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

const portsOf = (spec: ServiceSpec | undefined): ReadonlySet<number> =>
  new Set(spec === undefined ? [] : (spec.ports ?? []).map(({ nodePort = 0 }) => nodePort));

const withPorts = (spec: ServiceSpec, before: ServiceSpec | undefined, name: string, pool: Pool): ServiceSpec => {
  if (spec.ports === undefined || !hasNodePorts(spec)) return spec;
  const isGiven = spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false;
  const known = portsOf(before);
  // A port number may serve TCP and UDP of one Service at the same time.
  const own = new Map<number, number>();
  const taken = new Set<number>();
  const ports = spec.ports.map((port, index) => {
    const asked = port.nodePort ?? 0;
    if (asked === 0 && !isGiven) return port;
    const shared = before === undefined && asked === 0 ? own.get(port.port) : undefined;
    if (shared !== undefined) return { ...port, nodePort: shared };
    const nodePort = asked > 0 ? asked : freePort(pool);
    if (!known.has(asked) && !taken.has(asked) && asked > 0) {
      checkNodePort(name, `spec.ports[${index}].nodePort`, asked, pool);
    }
    pool.take(nodePort);
    taken.add(nodePort);
    own.set(port.port, nodePort);
    return asked > 0 ? port : { ...port, nodePort };
  });
  return { ...spec, ports };
};

/** The port where a load balancer asks whether this node has endpoints. */
const withProbe = (spec: ServiceSpec, before: ServiceSpec | undefined, pool: Pool): ServiceSpec => {
  const { healthCheckNodePort: asked = 0 } = spec;
  if (!needsProbe(spec) || (before !== undefined && needsProbe(before))) return spec;
  if (asked > 0) {
    const why = portProblem(asked, pool);
    if (why !== undefined) throw internal(`failed to allocate requested HealthCheck NodePort ${asked}: ${why}`);
  }
  const healthCheckNodePort = asked > 0 ? asked : freePort(pool);
  pool.take(healthCheckNodePort);
  return { ...spec, healthCheckNodePort };
};

const portProblem = (port: number, { options: { nodePorts }, used }: Pool): string | undefined => {
  const { first, last } = nodePorts;
  if (port < first || port > last) {
    return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
  }
  return used.has(port) ? 'provided port is already allocated' : undefined;
};

const checkNodePort = (name: string, field: string, port: number, pool: Pool): void => {
  const why = portProblem(port, pool);
  if (why !== undefined) refuse(name, field, port, why);
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
