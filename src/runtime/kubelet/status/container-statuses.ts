import type { ContainerState, ContainerStatus, Pod } from '../../../objects/kinds/core-v1.js';
import type { ContainerStatus as Run } from '../../containers/container-runtime.js';
import type { ObservedPod } from '../plan/observed-pod.js';
import type { ContainerRole, PodContainer } from '../plan/pod-containers.js';
import { ephemeralContainers, initContainers, mainContainers } from '../plan/pod-containers.js';
import { isRestarted } from '../plan/restart.js';
import { timestamp } from '../../../objects/conditions.js';

export interface Waiting {
  readonly reason: string;
  readonly message?: string;
}

export interface ContainerStatusInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  /** Prefix of container ids: `docker`. */
  readonly runtimeName: string;
  /** Containers that could not be started, or wait for their restart. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** The startup probe has passed, or there is none. */
  isStarted(run: Run): boolean;
  /** The readiness probe passes, or there is none. */
  isReady(run: Run): boolean;
  /** No container will be started any more. */
  readonly ended: boolean;
  /** What a container left as its termination message. */
  terminationMessage(run: Run): string | undefined;
}

export interface ContainerStatuses {
  readonly init: readonly ContainerStatus[];
  readonly main: readonly ContainerStatus[];
  readonly ephemeral: readonly ContainerStatus[];
}

const byName = (a: ContainerStatus, b: ContainerStatus): number => (a.name < b.name ? -1 : 1);

/** Statuses of all containers: init containers in the order of the pod, the others by name, as kubelets write them. */
export const containerStatuses = (input: ContainerStatusInput): ContainerStatuses => {
  const { status } = input.pod;
  const of = (containers: readonly PodContainer[], previous: readonly ContainerStatus[] = []): ContainerStatus[] =>
    containers.map((container) =>
      containerStatus(
        input,
        container,
        previous.find(({ name }) => name === container.spec.name),
      ),
    );
  return {
    init: of(initContainers(input.pod), status?.initContainerStatuses),
    main: of(mainContainers(input.pod), status?.containerStatuses).sort(byName),
    ephemeral: of(ephemeralContainers(input.pod), status?.ephemeralContainerStatuses).sort(byName),
  };
};

const containerStatus = (
  input: ContainerStatusInput,
  container: PodContainer,
  previous: ContainerStatus | undefined,
): ContainerStatus => {
  const runs = input.observed.containers.filter(({ name }) => name === container.spec.name);
  const [run, before] = runs;
  if (run === undefined) return statusWithoutRun(input, container, previous);
  const states = { state: stateOf(input, run), lastState: lastStateOf(input, before, previous, run) };
  const waiting = input.waiting.get(container.spec.name);
  if (waiting !== undefined && awaitsStart(input, container, run)) {
    if (states.state.terminated !== undefined) states.lastState = states.state;
    states.state = { waiting };
  }
  const running = states.state.running !== undefined;
  const started = running && input.isStarted(run);
  return {
    name: container.spec.name,
    state: states.state,
    lastState: states.lastState,
    ready: container.role === 'init' ? states.state.terminated?.exitCode === 0 : started && input.isReady(run),
    restartCount: run.attempt,
    image: container.spec.image ?? run.image,
    imageID: run.imageId,
    ...(run.state === 'created' ? {} : { containerID: `${input.runtimeName}://${run.id}` }),
    started,
    ...mountsOf(container),
  };
};

const mountsOf = (container: PodContainer): Pick<ContainerStatus, 'volumeMounts'> => {
  const mounts = container.spec.volumeMounts ?? [];
  if (mounts.length === 0) return {};
  return {
    volumeMounts: mounts.map((mount) => ({
      name: mount.name,
      mountPath: mount.mountPath,
      ...(mount.readOnly === true ? { readOnly: true, recursiveReadOnly: mount.recursiveReadOnly ?? 'Disabled' } : {}),
    })),
  };
};

const awaitsStart = (input: ContainerStatusInput, container: PodContainer, run: Run): boolean => {
  if (input.ended || run.state === 'running') return false;
  return run.state !== 'exited' || isRestarted(input.pod, container, run.exitCode ?? 1);
};

const stateOf = (input: ContainerStatusInput, run: Run): ContainerState => {
  if (run.state === 'running') return { running: { startedAt: timestamp(run.startedAt ?? run.createdAt) } };
  if (run.state === 'created') return { waiting: { reason: 'ContainerCreating' } };
  return { terminated: terminatedOf(input, run) };
};

const terminatedOf = (input: ContainerStatusInput, run: Run): NonNullable<ContainerState['terminated']> => {
  const unknown = run.state === 'unknown';
  const exitCode = run.exitCode ?? (unknown ? 137 : 1);
  const message = run.message ?? input.terminationMessage(run);
  const reason = unknown ? 'ContainerStatusUnknown' : (run.reason ?? (exitCode === 0 ? 'Completed' : 'Error'));
  return {
    exitCode,
    ...(run.signal === undefined ? {} : { signal: run.signal }),
    reason,
    ...(message === undefined || message === '' ? {} : { message }),
    startedAt: timestamp(run.startedAt ?? run.createdAt),
    finishedAt: timestamp(run.finishedAt ?? run.startedAt ?? run.createdAt),
    containerID: `${input.runtimeName}://${run.id}`,
  };
};

/** The run before, from the runtime while it is there, else as the pod's status has it. */
const lastStateOf = (
  input: ContainerStatusInput,
  before: Run | undefined,
  previous: ContainerStatus | undefined,
  run: Run,
): ContainerState => {
  if (before !== undefined && before.state === 'exited') return { terminated: terminatedOf(input, before) };
  if (run.attempt === 0 || previous === undefined) return {};
  if (previous.restartCount === run.attempt) return previous.lastState ?? {};
  return previous.state?.terminated === undefined
    ? (previous.lastState ?? {})
    : { terminated: previous.state.terminated };
};

const EMPTY_IMAGE_ID = '';

/** A container that the runtime does not have: not made yet, or removed after it ended. */
const statusWithoutRun = (
  input: ContainerStatusInput,
  container: PodContainer,
  previous: ContainerStatus | undefined,
): ContainerStatus => {
  const base = {
    name: container.spec.name,
    ready: false,
    restartCount: previous?.restartCount ?? 0,
    image: container.spec.image ?? '',
    imageID: previous?.imageID ?? EMPTY_IMAGE_ID,
    ...(previous?.containerID === undefined ? {} : { containerID: previous.containerID }),
    started: false,
    ...mountsOf(container),
  };
  const terminated = previous?.state?.terminated;
  if (terminated !== undefined && (input.ended || container.role === 'init' || container.role === 'ephemeral')) {
    const ready = container.role === 'init' && terminated.exitCode === 0;
    return { ...base, ready, state: { terminated }, lastState: previous?.lastState ?? {} };
  }
  if (input.ended)
    return { ...base, state: { terminated: lostContainer(previous) }, lastState: previous?.lastState ?? {} };
  const wasRunning = previous?.state?.running !== undefined;
  const lastState: ContainerState = wasRunning
    ? { terminated: lostContainer(previous) }
    : terminated !== undefined
      ? { terminated }
      : (previous?.lastState ?? {});
  const waiting = input.waiting.get(container.spec.name) ?? { reason: firstReason(input.pod, container.role) };
  return { ...base, state: { waiting }, lastState };
};

const firstReason = (pod: Pod, role: ContainerRole): string =>
  role !== 'ephemeral' && (pod.spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating';

const lostContainer = (previous: ContainerStatus | undefined): NonNullable<ContainerState['terminated']> => ({
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
  ...(previous?.state?.running?.startedAt === undefined ? {} : { startedAt: previous.state.running.startedAt }),
  ...(previous?.containerID === undefined ? {} : { containerID: previous.containerID }),
});
