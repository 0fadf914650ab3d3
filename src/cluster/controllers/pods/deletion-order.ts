import { annotationOf } from '../../../objects/labels.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import { isPodReady, maxRestarts, readySince, timeOf } from './pod-state.js';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The pods to delete first when `count` must go (Kubernetes `ActivePodsWithRanks`): the ones that serve least, then
 * those on the most crowded nodes, then the youngest. `related` are all pods of the same application.
 */
export const podsToDelete = (
  pods: readonly Pod[],
  related: readonly Pod[],
  count: number,
  now: number,
): readonly Pod[] => {
  if (count >= pods.length) return pods;
  const onNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec.nodeName ?? '';
    onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  const rank = (pod: Pod): number => onNode.get(pod.spec.nodeName ?? '') ?? 0;
  return pods.toSorted((a, b) => compare(a, b, rank, now)).slice(0, count);
};

type Compare = (a: Pod, b: Pod) => number;

const compare = (a: Pod, b: Pod, rank: (pod: Pod) => number, now: number): number => {
  const rules: readonly Compare[] = [
    (x, y) => order(isAssigned(x), isAssigned(y)),
    (x, y) => phase(x) - phase(y),
    (x, y) => order(isPodReady(x), isPodReady(y)),
    (x, y) => deletionCost(x) - deletionCost(y),
    (x, y) => rank(y) - rank(x),
    (x, y) => youngerFirst(readySince(x), readySince(y), x, y, now),
    (x, y) => maxRestarts(y) - maxRestarts(x),
    (x, y) => youngerFirst(createdAt(x), createdAt(y), x, y, now),
  ];
  for (const rule of rules) {
    const difference = rule(a, b);
    if (difference !== 0) return difference;
  }
  return 0;
};

const isAssigned = (pod: Pod): boolean => (pod.spec.nodeName ?? '') !== '';
const order = (a: boolean, b: boolean): number => Number(a) - Number(b);
const phase = (pod: Pod): number => PHASES[pod.status?.phase ?? 'Pending'] ?? 0;
const createdAt = (pod: Pod): number | undefined => timeOf(pod.metadata.creationTimestamp);

const deletionCost = (pod: Pod): number => {
  const cost = Number(annotationOf(pod, DELETION_COST) ?? 0);
  return Number.isInteger(cost) ? cost : 0;
};

/** Younger first, ages compared by their power of two, so that pods of a like age go in no predictable order. */
const youngerFirst = (a: number | undefined, b: number | undefined, first: Pod, second: Pod, now: number): number => {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const difference = ageBucket(a, now) - ageBucket(b, now);
  if (difference !== 0) return difference;
  return (first.metadata.uid ?? '') < (second.metadata.uid ?? '') ? -1 : 1;
};

const ageBucket = (time: number, now: number): number => {
  // Nanoseconds, as upstream: the buckets meet the same boundaries.
  const age = (now - time) * 1e6;
  return age <= 0 ? -1 : Math.floor(Math.log2(age));
};
