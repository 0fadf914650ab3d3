import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { ApiError } from '../../../objects/api-error.js';
import type { ContainerStatus, Pod } from '../../../objects/kinds/core-v1.js';
import type { ContainerStatus as Run, LogOptions } from '../../containers/container-runtime.js';
import type { Clock } from '../../../objects/clock.js';
import type { FoundPod } from './routes.js';
import { checkContainer, isTrue, observe } from './routes.js';

const badRequest = (message: string): ApiError => new ApiError('BadRequest', message);

const wholeNumber = (parameters: URLSearchParams, name: string, least: number): number | undefined => {
  const text = parameters.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw badRequest(`${name}: Invalid value: "${text}": must be greater than or equal to ${least}`);
};

/** The options of a request for logs, as `PodLogOptions` has them. */
export const logOptions = (parameters: URLSearchParams, clock: Clock): LogOptions => {
  const tailLines = wholeNumber(parameters, 'tailLines', 0);
  const limitBytes = wholeNumber(parameters, 'limitBytes', 1);
  const sinceSeconds = wholeNumber(parameters, 'sinceSeconds', 1);
  const sinceTime = parameters.get('sinceTime');
  if (sinceSeconds !== undefined && sinceTime !== null) {
    throw badRequest('at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
  const since = sinceSeconds === undefined ? parseTime(sinceTime) : clock.now() - sinceSeconds * 1000;
  const stream = (parameters.get('stream') ?? 'All').toLowerCase();
  return {
    follow: isTrue(parameters.get('follow')),
    timestamps: isTrue(parameters.get('timestamps')),
    stream: stream === 'stdout' || stream === 'stderr' ? stream : 'all',
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(since === undefined ? {} : { since }),
  };
};

const parseTime = (text: string | null): number | undefined => {
  if (text === null || text === '') return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw badRequest(`sinceTime: Invalid value: "${text}"`);
  return time;
};

/** Sends the log of a container: of the run before with `previous`, else of the newest one that was started. */
export const serveLogs = async (
  found: FoundPod,
  container: string,
  parameters: URLSearchParams,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> => {
  const { kubelet, pod } = found;
  checkContainer(pod, container);
  const options = logOptions(parameters, kubelet.context.clock);
  const { containers } = await observe(found, signal);
  const runs = containers.filter(({ name, state }) => name === container && state !== 'created');
  const run = isTrue(parameters.get('previous')) ? previousRun(pod, container, runs) : newestRun(pod, container, runs);
  const log = await kubelet.context.runtime.logs(run.id, options, signal);
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  await pipeline(log, response, { signal });
};

const previousRun = (pod: Pod, container: string, runs: readonly Run[]): Run => {
  const ended = runs.filter(({ state }) => state === 'exited');
  const waits = statusOf(pod, container)?.state?.waiting !== undefined;
  // While the container waits for its restart, the run before is the one that ended last.
  const previous = runs[0]?.state === 'exited' && !waits ? ended[1] : ended[0];
  if (previous !== undefined) return previous;
  throw badRequest(`previous terminated container "${container}" in pod "${pod.metadata.name}" not found`);
};

const newestRun = (pod: Pod, container: string, runs: readonly Run[]): Run => {
  const [newest] = runs;
  if (newest !== undefined) return newest;
  const reason = statusOf(pod, container)?.state?.waiting?.reason ?? 'ContainerCreating';
  const why =
    reason === 'ErrImagePull'
      ? "image can't be pulled"
      : reason === 'ImagePullBackOff'
        ? 'trying and failing to pull image'
        : reason;
  throw badRequest(`container "${container}" in pod "${pod.metadata.name}" is waiting to start: ${why}`);
};

const statusOf = ({ status }: Pod, container: string): ContainerStatus | undefined =>
  [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ].find(({ name }) => name === container);
