import { scaledValue } from '../../../objects/int-or-string.js';
import type { DaemonSet, DaemonSetStatus } from '../../../objects/kinds/apps-v1.js';
import type { Node, Pod } from '../../../objects/kinds/core-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import { REVISION_LABEL } from '../history/revisions.js';
import { isPodAvailable, isPodFinished, isPodReady } from '../pods/pod-state.js';
import { eligibility, nodeNameOf } from './daemon-pod.js';

export interface DaemonPlan {
  /** Names of nodes that get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Pods of `remove` that have failed: their replacement waits. */
  readonly failed: readonly Pod[];
}

const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;
const isUpdated = (pod: Pod, hash: string): boolean => labelsOf(pod)[REVISION_LABEL] === hash;

/** Sorts bound pods before others, then by age, then by name. */
const ageOf = ({ metadata, spec }: Pod): string =>
  [(spec.nodeName ?? '') === '' ? '1' : '0', metadata.creationTimestamp ?? '', metadata.name].join(' ');

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The pods by node, oldest first. */
export const podsByNode = (pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> => {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods.toSorted((a, b) => compareTexts(ageOf(a), ageOf(b)))) {
    const name = nodeNameOf(pod);
    if (name === undefined) continue;
    const known = byNode.get(name);
    if (known === undefined) byNode.set(name, [pod]);
    else known.push(pod);
  }
  return byNode;
};

/** One pod on every node that fits; rolling over a changed template as the limits allow. */
export const planDaemonSet = (
  set: DaemonSet,
  nodes: readonly Node[],
  pods: readonly Pod[],
  hash: string,
  now: number,
): DaemonPlan => {
  const byNode = podsByNode(pods);
  const create: string[] = [];
  const remove: Pod[] = [];
  const failed: Pod[] = [];
  const surge = limitsOf(set, nodes).surge;
  for (const node of nodes) {
    const { name } = node.metadata;
    const here = (byNode.get(name) ?? []).filter((pod) => !isTerminating(pod));
    const { shouldRun, mayStay } = eligibility(set, node);
    const ended = here.filter(isPodFinished);
    const living = here.filter((pod) => !isPodFinished(pod));
    if (mayStay || shouldRun) {
      remove.push(...ended);
      failed.push(...ended.filter((pod) => pod.status?.phase === 'Failed'));
      remove.push(...surplus(set, living, hash, surge > 0, now));
    } else {
      remove.push(...here);
    }
    // While an old pod goes, its successor waits for the place.
    const isGoing = (byNode.get(name) ?? []).some(isTerminating);
    if (shouldRun && here.length === 0 && (!isGoing || surge > 0)) create.push(name);
  }
  const known = new Set(nodes.map(({ metadata }) => metadata.name));
  remove.push(
    ...pods.filter(
      (pod) => !isTerminating(pod) && !known.has(nodeNameOf(pod) ?? '') && pod.spec.nodeName === undefined,
    ),
  );
  const rollout = planRollout(set, nodes, byNode, hash, now);
  return { create: [...create, ...rollout.create], remove: [...new Set([...remove, ...rollout.remove])], failed };
};

/** Pods too many on one node: the oldest stays; during a surge also its newer successor until it is available. */
const surplus = (
  set: DaemonSet,
  living: readonly Pod[],
  hash: string,
  surges: boolean,
  now: number,
): readonly Pod[] => {
  if (living.length <= 1) return [];
  if (!surges) return living.slice(1);
  const updated = living.find((pod) => isUpdated(pod, hash));
  const old = living.find((pod) => !isUpdated(pod, hash));
  const isReplaced = updated !== undefined && isPodAvailable(updated, set.spec.minReadySeconds ?? 0, now);
  return living.filter((pod) => pod !== updated && (pod !== old || isReplaced));
};

const limitsOf = (set: DaemonSet, nodes: readonly Node[]) => {
  const { type = 'RollingUpdate', rollingUpdate } = set.spec.updateStrategy ?? {};
  const wanted = nodes.filter((node) => eligibility(set, node).shouldRun).length;
  const surge = type === 'RollingUpdate' ? (scaledValue(rollingUpdate?.maxSurge ?? 0, wanted, 'up') ?? 0) : 0;
  const unavailable = scaledValue(rollingUpdate?.maxUnavailable ?? 1, wanted, 'up') ?? 1;
  return { surge, unavailable: surge === 0 ? Math.max(1, unavailable) : unavailable };
};

const planRollout = (
  set: DaemonSet,
  nodes: readonly Node[],
  byNode: ReadonlyMap<string, readonly Pod[]>,
  hash: string,
  now: number,
): { readonly create: readonly string[]; readonly remove: readonly Pod[] } => {
  if ((set.spec.updateStrategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') return { create: [], remove: [] };
  const { surge, unavailable } = limitsOf(set, nodes);
  const isAvailable = (pod: Pod): boolean => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now);
  let missing = 0;
  let surging = 0;
  const outdated: { readonly node: string; readonly pod: Pod }[] = [];
  for (const node of nodes) {
    if (!eligibility(set, node).shouldRun) continue;
    const here = (byNode.get(node.metadata.name) ?? []).filter((pod) => !isTerminating(pod) && !isPodFinished(pod));
    if (!here.some(isAvailable)) missing += 1;
    if (here.length > 1) surging += 1;
    const [pod] = here;
    if (pod !== undefined && here.length === 1 && !isUpdated(pod, hash))
      outdated.push({ node: node.metadata.name, pod });
  }
  const create: string[] = [];
  const remove: Pod[] = [];
  for (const { node, pod } of outdated) {
    // What serves nobody can go without making it worse.
    if (!isAvailable(pod)) {
      remove.push(pod);
    } else if (surge > 0) {
      if (surging < surge) create.push(node);
      surging += 1;
    } else if (missing < unavailable) {
      missing += 1;
      remove.push(pod);
    }
  }
  return { create, remove };
};

export const daemonSetStatus = (
  set: DaemonSet,
  nodes: readonly Node[],
  pods: readonly Pod[],
  hash: string,
  collisionCount: number | undefined,
  now: number,
): DaemonSetStatus => {
  const byNode = podsByNode(pods);
  const fitting = nodes.filter((node) => eligibility(set, node).shouldRun);
  const others = nodes.filter((node) => !fitting.includes(node));
  const here = (node: Node): readonly Pod[] =>
    (byNode.get(node.metadata.name) ?? []).filter((pod) => !isTerminating(pod) || !isPodFinished(pod));
  // The oldest speaks for its node: while one surges beside it, the node still has the old one.
  const spokesmen = fitting.flatMap((node) => here(node)[0] ?? []);
  const count = (test: (pod: Pod) => boolean): number => spokesmen.filter(test).length;
  const available = count((pod) => isPodReady(pod) && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now));
  const { generation } = set.metadata;
  return {
    currentNumberScheduled: count(() => true),
    numberMisscheduled: others.filter((node) => here(node).length > 0).length,
    desiredNumberScheduled: fitting.length,
    numberReady: count(isPodReady),
    updatedNumberScheduled: count((pod) => isUpdated(pod, hash)),
    numberAvailable: available,
    numberUnavailable: fitting.length - available,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
  };
};
