import type { EphemeralContainer, Pod } from '../../../objects/kinds/core-v1.js';
import type { ObjectMeta } from '../../../objects/object.js';

/** A pod, or what a workload makes pods of. */
export interface PodShape {
  readonly metadata?: Pick<ObjectMeta, 'annotations'>;
  readonly spec: Pod['spec'];
}

export type AnyContainer = Pod['spec']['containers'][number] | EphemeralContainer;

/** What a pod may not do: `reason` alone tells of many pods, with the detail of one. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export type CheckPod = (pod: PodShape) => Violation | undefined;

/** A rule of a level. Its revisions say from which minor version of Kubernetes on they hold, in ascending order. */
export interface Check {
  readonly id: string;
  readonly revisions: readonly { readonly since: number; readonly check: CheckPod }[];
  /** The rule of the level below that this one takes the place of. */
  readonly overrides?: string;
}

/** All containers in the order in which violations name them. */
export const containersOf = ({ spec }: PodShape): readonly AnyContainer[] => [
  ...(spec.initContainers ?? []),
  ...((spec as { containers?: Pod['spec']['containers'] }).containers ?? []),
  ...(spec.ephemeralContainers ?? []),
];

/** `"a", "b"` */
export const quoted = (items: readonly string[]): string => items.map((item) => `"${item}"`).join(', ');

/** Without duplicates, by their bytes. */
export const sorted = (items: readonly string[]): readonly string[] => [...new Set(items)].toSorted(byBytes);

export const byBytes = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

export const counted = (items: readonly unknown[], one: string, many: string): string =>
  items.length === 1 ? one : many;

/** `container "a"`, `containers "a", "b"` */
export const containersText = (names: readonly string[]): string =>
  `${counted(names, 'container', 'containers')} ${quoted(names)}`;

/** The names of the containers that `isBad`. */
export const namesOf = (pod: PodShape, isBad: (container: AnyContainer) => boolean): readonly string[] =>
  containersOf(pod)
    .filter((container) => isBad(container))
    .map(({ name }) => name);

/** Who set something: `pod and containers "a", "b"`; empty when nobody did. */
export const settersText = (byPod: boolean, names: readonly string[]): string =>
  [...(byPod ? ['pod'] : []), ...(names.length === 0 ? [] : [containersText(names)])].join(' and ');

export const isWindows = ({ spec }: PodShape): boolean => spec.os?.name === 'windows';

/** Root in a user namespace of its own is nobody outside of it. */
export const hasOwnUsers = ({ spec }: PodShape): boolean => spec.hostUsers === false;
