import type Docker from 'dockerode';
import type { Container, ContainerStatus, Sandbox } from '../container-runtime.js';
import { parseLabels } from './container-labels.js';

/** States of the engine (`paused`, `restarting`, `removing` among them) as those of the CRI. */
const stateOf = (state: string): Container['state'] => {
  switch (state) {
    case 'created':
      return 'created';
    case 'running':
    case 'paused':
    case 'restarting':
      return 'running';
    case 'exited':
    case 'dead':
    case 'removing':
      return 'exited';
    default:
      return 'unknown';
  }
};

/** An entry of the engine's list as a sandbox. */
export const sandboxOf = (info: Docker.ContainerInfo): Sandbox => {
  const parsed = parseLabels(info.Labels);
  const ip = Object.values(info.NetworkSettings?.Networks ?? {}).find(({ IPAddress }) => IPAddress !== '')?.IPAddress;
  return {
    id: info.Id,
    podName: parsed.podName,
    podNamespace: parsed.podNamespace,
    podUid: parsed.podUid,
    attempt: parsed.attempt,
    state: info.State === 'running' ? 'ready' : 'notReady',
    createdAt: info.Created * 1000,
    ...(ip === undefined ? {} : { ip }),
    labels: parsed.labels,
    annotations: parsed.annotations,
  };
};

/** An entry of the engine's list as a container. */
export const containerOf = (info: Docker.ContainerInfo): Container => {
  const parsed = parseLabels(info.Labels);
  return {
    id: info.Id,
    sandboxId: parsed.sandboxId,
    name: parsed.containerName,
    attempt: parsed.attempt,
    image: parsed.image,
    imageId: info.ImageID,
    state: stateOf(info.State),
    createdAt: info.Created * 1000,
    labels: parsed.labels,
    annotations: parsed.annotations,
  };
};

/** The engine's zero time, for what has not happened. */
const timeOf = (text: string): number | undefined => (text.startsWith('0001-') ? undefined : Date.parse(text));

/** What the engine knows of one container. */
export const statusOf = (info: Docker.ContainerInspectInfo): ContainerStatus => {
  const parsed = parseLabels(info.Config.Labels);
  const { State: state } = info;
  const base = {
    id: info.Id,
    sandboxId: parsed.sandboxId,
    name: parsed.containerName,
    attempt: parsed.attempt,
    image: parsed.image,
    imageId: info.Image,
    createdAt: Date.parse(info.Created),
    labels: parsed.labels,
    annotations: parsed.annotations,
  };
  const startedAt = timeOf(state.StartedAt);
  const finishedAt = timeOf(state.FinishedAt);
  // A container whose program could not be run stays `created`, with an error.
  const cannotRun = startedAt === undefined && state.Error !== '';
  const mapped = cannotRun ? 'exited' : stateOf(state.Status);
  if (mapped !== 'exited') return { ...base, state: mapped, ...(startedAt === undefined ? {} : { startedAt }) };
  const exitCode = cannotRun && state.ExitCode === 0 ? 128 : state.ExitCode;
  const reason = cannotRun
    ? 'ContainerCannotRun'
    : state.OOMKilled
      ? 'OOMKilled'
      : exitCode === 0
        ? 'Completed'
        : 'Error';
  return {
    ...base,
    state: 'exited',
    startedAt: startedAt ?? base.createdAt,
    finishedAt: finishedAt ?? startedAt ?? base.createdAt,
    exitCode,
    ...(exitCode > 128 && exitCode <= 128 + 64 && !cannotRun ? { signal: exitCode - 128 } : {}),
    reason,
    ...(state.Error === '' ? {} : { message: state.Error }),
  };
};
