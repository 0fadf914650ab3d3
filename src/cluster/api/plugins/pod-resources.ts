import type { Pod } from '../../../objects/kinds/core-v1.js';
import { addResources, compareQuantities, parseQuantity, type ResourceList } from '../../../objects/quantity.js';
import { containersOf } from './new-pod.js';

export type ResourcePart = 'requests' | 'limits';

/** What can be asked for a pod as a whole. */
const POD_LEVEL = ['cpu', 'memory'];

type Asking = { readonly resources?: { readonly requests?: ResourceList; readonly limits?: ResourceList } };

/**
 * What a pod asks for: its containers and sidecars together, or its largest init container where that is more, and
 * what is said of the pod itself in their place.
 */
export const podResources = (pod: Pod, part: ResourcePart): ResourceList => {
  const { spec } = pod;
  const asked = ({ resources }: Asking): ResourceList => resources?.[part] ?? {};
  let sidecars: ResourceList = {};
  let starting: ResourceList = {};
  for (const container of spec.initContainers ?? []) {
    const own = addResources(sidecars, asked(container));
    if (container.restartPolicy === 'Always') sidecars = own;
    starting = largest(starting, own);
  }
  const running = containersOf(pod)
    .map(asked)
    .reduce<ResourceList>((sum, each) => addResources(sum, each), sidecars);
  const whole = Object.entries(spec.resources?.[part] ?? {}).filter(([name]) => POD_LEVEL.includes(name));
  return { ...largest(running, starting), ...Object.fromEntries(whole) };
};

/** True for a pod that says itself what it asks for. */
export const hasOwnResources = ({ spec }: Pod): boolean =>
  [spec.resources?.requests, spec.resources?.limits].some((list) =>
    Object.keys(list ?? {}).some((name) => POD_LEVEL.includes(name)),
  );

export const isMore = (a: string | number, b: string | number): boolean =>
  compareQuantities(parseQuantity(a), parseQuantity(b)) > 0;

const largest = (a: ResourceList, b: ResourceList): ResourceList => ({
  ...a,
  ...Object.fromEntries(Object.entries(b).filter(([name, value]) => a[name] === undefined || isMore(value, a[name]))),
});
