import type { Endpoint } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import { EndpointSlice } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Labels } from '../../../objects/labels.js';
import { controllerReference } from '../../../objects/owner-references.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import type { EndpointGroup } from './service-endpoints.js';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';
export const MIRROR_MANAGER = 'endpointslicemirroring-controller.k8s.io';

/** What the slices are of: a Service, or the Endpoints that somebody made for one. Both have the Service's name. */
export interface SliceOwner extends KubeObject {
  readonly spec?: { readonly clusterIP?: string };
}
const HEADLESS = 'service.kubernetes.io/headless';

/** Most endpoints of one slice. */
export const SLICE_SIZE = 100;

export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

/**
 * The changes that make the slices hold exactly the wanted endpoints, touching as few slices as possible: an endpoint
 * stays where it is, new ones fill free places, then new slices.
 */
export const planSlices = (
  service: SliceOwner,
  groups: readonly EndpointGroup[],
  existing: readonly EndpointSlice[],
  manager: string = MANAGER,
): SlicePlan => {
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const unused = new Set(existing.filter(({ metadata }) => metadata.deletionTimestamp === undefined));
  const marks: Marks = {
    labels: sliceLabels(service, manager),
    ...(manager === MIRROR_MANAGER ? { annotations: mirroredAnnotations(service) } : {}),
  };
  for (const group of groups) {
    const slices = [...unused].filter((slice) => isOfGroup(slice, group));
    const contents = distribute(group.endpoints, slices);
    contents.forEach((endpoints, index) => {
      const slice = slices[index];
      if (slice === undefined) {
        create.push(newSlice(service, group, endpoints, marks));
        return;
      }
      unused.delete(slice);
      const wanted: EndpointSlice = {
        ...slice,
        metadata: { ...slice.metadata, ...marks },
        endpoints,
        ports: group.ports,
      };
      if (!isSemanticallyEqual(wanted, slice)) update.push(wanted);
    });
  }
  return reusing(service, { create, update, remove: [...unused] });
};

/** A new slice takes the place of one that would be removed: one write in place of two, and the name stays. */
const reusing = (service: SliceOwner, { create, update, remove }: SlicePlan): SlicePlan => {
  const made = [...create];
  const changed = [...update];
  const removed = remove.filter((slice) => {
    const next = made.at(-1);
    if (next === undefined || slice.addressType !== next.addressType || !isOwnedBy(service, slice)) return true;
    made.pop();
    const { endpoints, ports, metadata } = next;
    const { labels = {}, annotations } = metadata;
    const marks: Marks = { labels, ...(annotations === undefined ? {} : { annotations }) };
    changed.push({ ...slice, metadata: { ...slice.metadata, ...marks }, endpoints, ports });
    return false;
  });
  return { create: made, update: changed, remove: removed };
};

const isOwnedBy = ({ metadata: { uid } }: SliceOwner, { metadata }: EndpointSlice): boolean =>
  uid !== undefined &&
  metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid) === true;

const isOfGroup = (slice: EndpointSlice, { addressType, ports }: EndpointGroup): boolean =>
  slice.addressType === addressType && isSemanticallyEqual(slice.ports, ports);

const idOf = (endpoint: Endpoint): string => `${endpoint.targetRef?.uid ?? ''} ${endpoint.addresses.join()}`;

/** The endpoints of each slice, those of new slices last. Slices that end up empty are left out unless all are. */
const distribute = (endpoints: readonly Endpoint[], slices: readonly EndpointSlice[]): readonly Endpoint[][] => {
  const left = new Map(endpoints.map((endpoint) => [idOf(endpoint), endpoint]));
  const contents = slices.map((slice) => {
    const kept: Endpoint[] = [];
    for (const known of slice.endpoints ?? []) {
      const id = idOf(known);
      const endpoint = left.get(id);
      if (endpoint === undefined || kept.length >= SLICE_SIZE) continue;
      kept.push(endpoint);
      left.delete(id);
    }
    return kept;
  });
  const rest = [...left.values()];
  for (const content of contents) content.push(...rest.splice(0, SLICE_SIZE - content.length));
  while (rest.length > 0) contents.push(rest.splice(0, SLICE_SIZE));
  return dropEmpty(contents);
};

/** Empty slices at the end go; one stays, so that watchers know that there is nothing. */
const dropEmpty = (contents: Endpoint[][]): Endpoint[][] => {
  const kept = [...contents];
  while (kept.length > 1 && kept.at(-1)?.length === 0) kept.pop();
  return kept.length === 0 ? [[]] : kept;
};

/** What slices carry of their owner's. */
interface Marks {
  readonly labels: Labels;
  readonly annotations?: Labels;
}

const NOT_MIRRORED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'endpoints.kubernetes.io/last-change-trigger-time',
]);

const mirroredAnnotations = ({ metadata }: SliceOwner): Labels =>
  Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !NOT_MIRRORED.has(key)));

const isHeadless = (service: SliceOwner): boolean => service.spec?.clusterIP === 'None';

const sliceLabels = (service: SliceOwner, manager: string): Labels => {
  const { [HEADLESS]: _own, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: manager,
  };
};

const newSlice = (
  service: SliceOwner,
  group: EndpointGroup,
  endpoints: readonly Endpoint[],
  marks: Marks,
): EndpointSlice => {
  const { namespace, name } = service.metadata;
  return {
    ...EndpointSlice,
    metadata: {
      name: '',
      generateName: `${name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      ...marks,
      ownerReferences: [controllerReference(service)],
    },
    addressType: group.addressType,
    endpoints,
    ports: group.ports,
  };
};
