import { isIPv6 } from 'node:net';
import type { EndpointAddress, EndpointSubset } from '../../../objects/kinds/core-v1.js';
import { Endpoints, Service } from '../../../objects/kinds/core-v1.js';
import type { Endpoint } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import { EndpointSlice } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import { annotationOf, labelsOf } from '../../../objects/labels.js';
import { keyOf } from '../../../objects/object.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchOwned, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { addOwnershipIndexes, controlledBy } from '../ownership.js';
import { LAG_RECHECK_MS, WriteBarrier } from '../write-barrier.js';
import { MIRROR_MANAGER, planSlices } from './plan-slices.js';
import type { AddressType, EndpointGroup } from './service-endpoints.js';

const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
/** Addresses of one subset that are mirrored. */
const LIMIT = 1000;

/** Slices for Endpoints that people make for Services without selector: proxies read slices only. */
export const createSliceMirroringController = (deps: ControllerDeps): Controller => {
  const { client } = deps;
  const endpoints = deps.informers.informer(Endpoints);
  const services = deps.informers.informer(Service);
  const slices = deps.informers.informer(EndpointSlice);
  addOwnershipIndexes(slices);
  const barrier = new WriteBarrier(slices);

  /** A Service with a selector has slices from its pods; what leaders are elected with is no address list. */
  const isMirrored = (object: Endpoints): boolean => {
    const service = services.get(keyOf(object));
    const isSkipped = labelsOf(object)[SKIP_MIRROR] === 'true' || annotationOf(object, LEADER) !== undefined;
    return service !== undefined && Object.keys(service.spec?.selector ?? {}).length === 0 && !isSkipped;
  };

  return {
    name: 'endpointslice-mirroring',
    watches: [watchSelf(Endpoints), watchSelf(Service), watchOwned(EndpointSlice, Endpoints)],
    reconcile: async (key) => {
      const object = endpoints.get(key);
      if (object === undefined || object.metadata.deletionTimestamp !== undefined) {
        barrier.forget(key);
        return DONE;
      }
      if (!barrier.isCaughtUp(key)) return { requeueAfterMs: LAG_RECHECK_MS };
      const groups = isMirrored(object) ? (object.subsets ?? []).flatMap(groupsOf) : [];
      const plan = planSlices(object, groups, controlledBy(slices, object), MIRROR_MANAGER);
      for (const slice of plan.create) barrier.wrote(key, await client.create(slice));
      for (const slice of plan.update) barrier.wrote(key, await client.update(slice));
      for (const slice of plan.remove) {
        await client.delete(EndpointSlice, keyOf(slice));
        barrier.deleted(key, slice);
      }
      return DONE;
    },
  };
};

const typeOf = ({ addresses: [address = ''] }: Endpoint): AddressType => (isIPv6(address) ? 'IPv6' : 'IPv4');

/** A subset as groups of one kind of address each. */
const groupsOf = ({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset): readonly EndpointGroup[] => {
  const all = [
    ...addresses.map((address) => endpointOf(address, true)),
    ...notReadyAddresses.map((address) => endpointOf(address, false)),
  ].slice(0, LIMIT);
  return (['IPv4', 'IPv6'] as const)
    .map((addressType) => ({
      addressType,
      endpoints: all.filter((endpoint) => typeOf(endpoint) === addressType),
      ports: ports.map(({ name = '', protocol = 'TCP', port, appProtocol }) => ({
        name,
        protocol,
        port,
        ...(appProtocol === undefined ? {} : { appProtocol }),
      })),
    }))
    .filter(({ endpoints }) => endpoints.length > 0);
};

const endpointOf = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname === undefined ? {} : { hostname }),
  ...(nodeName === undefined ? {} : { nodeName }),
  ...(targetRef === undefined ? {} : { targetRef }),
});
