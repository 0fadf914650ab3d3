import { timestamp } from '../../../objects/conditions.js';
import type { Node, NodeCondition, Taint } from '../../../objects/kinds/core-v1.js';

/** How long a node may be silent before it is taken for lost. */
export const GRACE_MS = 50_000;
/** The same for one that has never spoken. */
export const STARTUP_GRACE_MS = 60_000;

/** Conditions that only a living kubelet can know. */
const KUBELET_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** Labels that older selectors know under another name, and where their values come from. */
const LEGACY_LABELS: readonly (readonly [legacy: string, stable: string])[] = [
  ['beta.kubernetes.io/os', 'kubernetes.io/os'],
  ['beta.kubernetes.io/arch', 'kubernetes.io/arch'],
];

/** The older labels that a node lacks or has with another value; undefined: none. */
export const legacyLabels = ({ metadata: { labels = {} } }: Node): Readonly<Record<string, string>> | undefined => {
  const wrong = LEGACY_LABELS.flatMap(([legacy, stable]) => {
    const value = labels[stable];
    return value === undefined || labels[legacy] === value ? [] : [[legacy, value] as const];
  });
  return wrong.length === 0 ? undefined : Object.fromEntries(wrong);
};

export const readyCondition = (node: Node): NodeCondition | undefined =>
  node.status?.conditions?.find((condition) => condition.type === 'Ready');

/** The conditions of a node that has fallen silent: unknown, each. The same list when they are so already. */
export const silencedConditions = (node: Node, now: number): readonly NodeCondition[] => {
  const conditions = node.status?.conditions ?? [];
  const time = timestamp(now);
  const silenced = KUBELET_CONDITIONS.map((type) => silencedCondition(conditions, type, node, time));
  const isSame = silenced.every((condition) => conditions.includes(condition));
  return isSame ? conditions : [...conditions.filter(({ type }) => !KUBELET_CONDITIONS.includes(type)), ...silenced];
};

const silencedCondition = (
  conditions: readonly NodeCondition[],
  type: string,
  node: Node,
  time: string,
): NodeCondition => {
  const known = conditions.find((condition) => condition.type === type);
  if (known?.status === 'Unknown') return known;
  if (known !== undefined) {
    return {
      ...known,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: time,
    };
  }
  const { creationTimestamp = time } = node.metadata;
  return {
    type,
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: creationTimestamp,
    lastTransitionTime: time,
  };
};

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';

/** Taints by condition: condition type, the status that taints, the taint's key. */
const CONDITION_TAINTS: readonly (readonly [type: string, status: string, key: string])[] = [
  ['Ready', 'False', NOT_READY],
  ['Ready', 'Unknown', UNREACHABLE],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
];
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const OWN_KEYS: ReadonlySet<string> = new Set([...CONDITION_TAINTS.map(([, , key]) => key), UNSCHEDULABLE]);
const EVICTING_KEYS: ReadonlySet<string> = new Set([NOT_READY, UNREACHABLE]);

/** The key of the taint that evicts pods from a node of this health; undefined for a healthy or new one. */
export const evictingTaintKey = (node: Node): string | undefined => {
  const status = readyCondition(node)?.status;
  if (status === 'False') return NOT_READY;
  return status === 'Unknown' ? UNREACHABLE : undefined;
};

/**
 * The taints that a node should have: those of its conditions keep new pods away (NoSchedule), and where `evicts` is
 * set one drives the pods out that are there (NoExecute). Taints of others stay.
 */
export const wantedTaints = (node: Node, evicts: boolean, now: number): readonly Taint[] => {
  const taints = node.spec?.taints ?? [];
  const conditions = node.status?.conditions ?? [];
  const wanted: Taint[] = CONDITION_TAINTS.filter(([type, status]) =>
    conditions.some((condition) => condition.type === type && condition.status === status),
  ).map(([, , key]) => ({ key, effect: 'NoSchedule' }));
  if (node.spec?.unschedulable === true) wanted.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' });
  const evicting = evictingTaintKey(node);
  if (evicts && evicting !== undefined) wanted.push({ key: evicting, effect: 'NoExecute' });
  const kept = taints.filter((taint) => !isOwn(taint) || wanted.some((each) => isSameTaint(each, taint)));
  const missing = wanted.filter((taint) => !taints.some((each) => isSameTaint(each, taint)));
  return [...kept, ...missing.map((taint) => withTime(taint, now))];
};

const isSameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;
const isOwn = ({ key, effect }: Taint): boolean =>
  (effect === 'NoSchedule' && OWN_KEYS.has(key)) || (effect === 'NoExecute' && EVICTING_KEYS.has(key));
/** Tolerations for some seconds count from here. */
const withTime = (taint: Taint, now: number): Taint => ({ ...taint, timeAdded: timestamp(now) });

/** True when the node has its evicting taint. */
export const isEvicting = (node: Node): boolean =>
  (node.spec?.taints ?? []).some(({ key, effect }) => effect === 'NoExecute' && EVICTING_KEYS.has(key));

/**
 * Milliseconds between nodes that start to be evicted: slower when most nodes are lost, never (undefined) when all
 * are, or most of a small cluster: then it is rather the network or this server that is ill.
 */
export const evictionIntervalMs = (ready: number, notReady: number): number | undefined => {
  if (notReady > 0 && ready === 0) return undefined;
  const isPartial = notReady > 2 && notReady / (ready + notReady) >= 0.55;
  if (!isPartial) return 10_000;
  return ready + notReady > 50 ? 100_000 : undefined;
};
