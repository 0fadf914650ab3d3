import type { ContainerStatus, Pod, PodCondition } from '../../../objects/kinds/core-v1.js';
import { initContainers, mainContainers } from '../plan/pod-containers.js';
import type { ContainerStatuses } from './container-statuses.js';
import type { PodPhase } from './pod-phase.js';

interface Verdict {
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

const TRUE: Verdict = { status: 'True' };

export interface ConditionInput {
  readonly pod: Pod;
  readonly statuses: ContainerStatuses;
  readonly phase: PodPhase;
  readonly sandboxReady: boolean;
  /** Time to write on conditions that change. */
  readonly now: string;
}

/** The conditions that a kubelet owns; all others are kept as they are. */
const OWNED = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'] as const;

export const isOwnCondition = (type: string): boolean => OWNED.some((owned) => owned === type);

export const podConditions = (input: ConditionInput): readonly PodCondition[] => {
  const containersReady = containersReadyVerdict(input);
  const verdicts: Readonly<Record<(typeof OWNED)[number], Verdict>> = {
    PodReadyToStartContainers: { status: input.sandboxReady ? 'True' : 'False' },
    Initialized: initializedVerdict(input),
    Ready: readyVerdict(input, containersReady),
    ContainersReady: containersReady,
    PodScheduled: TRUE,
  };
  const previous = input.pod.status?.conditions ?? [];
  const others = previous.filter(({ type }) => !isOwnCondition(type));
  return [...OWNED.map((type) => condition(input, type, verdicts[type], previous)), ...others];
};

const condition = (
  input: ConditionInput,
  type: string,
  verdict: Verdict,
  previous: readonly PodCondition[],
): PodCondition => {
  const before = previous.find((known) => known.type === type);
  const generation = input.pod.metadata.generation;
  const changed = before?.status !== verdict.status || before.lastTransitionTime === undefined;
  return {
    type,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...verdict,
    lastTransitionTime: changed ? input.now : before.lastTransitionTime,
  };
};

const names = (containers: readonly { readonly name: string }[]): string =>
  `[${containers.map(({ name }) => name).join(' ')}]`;

const initializedVerdict = (input: ConditionInput): Verdict => {
  if (input.phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  // Whatever came of them since: main containers start only after all init containers are through.
  if (input.statuses.main.some(hasStarted)) return TRUE;
  const incomplete = initContainers(input.pod)
    .filter(({ role, spec }) => {
      const status = input.statuses.init.find(({ name }) => name === spec.name);
      return role === 'sidecar' ? status?.started !== true : status?.ready !== true;
    })
    .map(({ spec }) => spec);
  if (incomplete.length === 0) return TRUE;
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: ${names(incomplete)}`,
  };
};

const hasStarted = (status: ContainerStatus): boolean =>
  status.state?.running !== undefined ||
  status.state?.terminated !== undefined ||
  status.lastState?.terminated !== undefined;

const containersReadyVerdict = (input: ConditionInput): Verdict => {
  if (input.phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (input.phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = [
    ...initContainers(input.pod).filter(
      ({ role, spec }) => role === 'sidecar' && !isReady(input.statuses.init, spec.name),
    ),
    ...mainContainers(input.pod).filter(({ spec }) => !isReady(input.statuses.main, spec.name)),
  ].map(({ spec }) => spec);
  if (unready.length === 0) return TRUE;
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: ${names(unready)}`,
  };
};

const isReady = (statuses: readonly ContainerStatus[], name: string): boolean =>
  statuses.find((status) => status.name === name)?.ready === true;

const readyVerdict = (input: ConditionInput, containersReady: Verdict): Verdict => {
  if (containersReady.status !== 'True') return containersReady;
  const messages = (input.pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = input.pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (found === undefined)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (found.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`];
  });
  if (messages.length === 0) return TRUE;
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
};
