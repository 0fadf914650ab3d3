import type { Pod } from '../../../objects/kinds/core-v1.js';
import { isConditionTrue } from '../../../objects/conditions.js';
import { ageOf } from './age.js';
import { NONE, orNone, printer } from './printer.js';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** What the containers of a pod come to, as one line. */
interface Tally {
  ready: number;
  restarts: number;
  lastRestart: number;
  reason: string;
}

export const podPrinter = printer<Pod>(
  ['Name', 'Ready', 'Status', 'Restarts', 'Age', '+IP', '+Node', '+Nominated Node', '+Readiness Gates'],
  (pod, now) => {
    const { status, spec, metadata } = pod;
    const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
    const tally = tallyOf(pod);
    return [
      metadata.name,
      `${tally.ready}/${spec.containers.length + sidecars.length}`,
      statusText(pod, tally.reason),
      restartsText(tally, now),
      ageOf(metadata.creationTimestamp, now),
      orNone(status?.podIPs?.[0]?.ip ?? status?.podIP),
      orNone(spec.nodeName),
      orNone(status?.nominatedNodeName),
      readinessGates(pod),
    ];
  },
  ({ status }) => FINISHED[status?.phase ?? ''],
);

const finished = (reason: string, message: string) => [{ type: 'Completed', status: 'True', reason, message }];

const FINISHED: Readonly<Record<string, ReturnType<typeof finished>>> = {
  Succeeded: finished('Succeeded', 'The pod has completed successfully.'),
  Failed: finished('Failed', 'The pod failed.'),
};

const tallyOf = (pod: Pod): Tally => {
  const { status, spec } = pod;
  const gated = status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated');
  const plain = (status?.reason ?? '') === '' ? (status?.phase ?? '') : (status?.reason ?? '');
  const start: Tally = { ready: 0, restarts: 0, lastRestart: 0, reason: gated === true ? 'SchedulingGated' : plain };
  const sidecarNames = new Set(
    (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  const { all, sidecars, isInitializing } = initTally(pod, start, sidecarNames);
  if (isInitializing && !isConditionTrue(status?.conditions, 'Initialized')) return all;
  return containersTally(pod, { ...all, restarts: sidecars.restarts, lastRestart: sidecars.lastRestart });
};

const initTally = (
  { status, spec }: Pod,
  start: Tally,
  sidecarNames: ReadonlySet<string>,
): { all: Tally; sidecars: Tally; isInitializing: boolean } => {
  const all = { ...start };
  const sidecars = { ...start };
  for (const [index, container] of (status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = sidecarNames.has(container.name);
    addRestarts(all, container);
    if (isSidecar) addRestarts(sidecars, container);
    if (container.state?.terminated?.exitCode === 0) continue;
    if (isSidecar && container.started === true) {
      if (container.ready) all.ready += 1;
      continue;
    }
    all.reason = initReason(container, index, spec.initContainers?.length ?? 0);
    return { all, sidecars, isInitializing: true };
  }
  return { all, sidecars, isInitializing: false };
};

const initReason = ({ state }: ContainerStatus, index: number, total: number): string => {
  if (state?.terminated !== undefined) return `Init:${terminatedReason(state.terminated)}`;
  const waiting = state?.waiting?.reason ?? '';
  return waiting !== '' && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${index}/${total}`;
};

type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

const terminatedReason = ({ reason, signal, exitCode }: Terminated): string => {
  if ((reason ?? '') !== '') return reason ?? '';
  return (signal ?? 0) === 0 ? `ExitCode:${exitCode}` : `Signal:${signal ?? 0}`;
};

const addRestarts = (tally: Tally, { restartCount, lastState }: ContainerStatus): void => {
  tally.restarts += restartCount;
  const finishedAt = Date.parse(lastState?.terminated?.finishedAt ?? '');
  if (finishedAt > tally.lastRestart) tally.lastRestart = finishedAt;
};

const containersTally = ({ status }: Pod, start: Tally): Tally => {
  const tally = { ...start };
  let isRunning = false;
  for (const container of (status?.containerStatuses ?? []).toReversed()) {
    addRestarts(tally, container);
    const { state } = container;
    if ((state?.waiting?.reason ?? '') !== '') tally.reason = state?.waiting?.reason ?? '';
    else if (state?.terminated !== undefined) tally.reason = terminatedReason(state.terminated);
    else if (container.ready && state?.running !== undefined) {
      isRunning = true;
      tally.ready += 1;
    }
  }
  if (tally.reason === 'Completed' && isRunning) {
    tally.reason = isConditionTrue(status?.conditions, 'Ready') ? 'Running' : 'NotReady';
  }
  return tally;
};

const statusText = ({ metadata, status }: Pod, reason: string): string => {
  if (metadata.deletionTimestamp === undefined) return reason;
  if (status?.reason === 'NodeLost') return 'Unknown';
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? reason : 'Terminating';
};

const restartsText = ({ restarts, lastRestart }: Tally, now: number): string =>
  restarts === 0 || lastRestart === 0
    ? String(restarts)
    : `${restarts} (${ageOf(new Date(lastRestart).toISOString(), now)} ago)`;

const readinessGates = ({ spec, status }: Pod): string => {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const open = gates.filter(({ conditionType }) => isConditionTrue(status?.conditions, conditionType));
  return `${open.length}/${gates.length}`;
};
