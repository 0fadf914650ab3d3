import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { Image, Sandbox, SandboxConfig } from '../../containers/container-runtime.js';
import { RuntimeFailure } from '../../containers/container-runtime.js';
import type { PodVolumes } from '../../volumes/volume-manager.js';
import { containerConfig } from '../config/container-config.js';
import { containerEnvironment } from '../environment/environment.js';
import { messageOf, StartFailure } from '../errors.js';
import { pullCredentials } from '../images/pull-secrets.js';
import type { KubeletContext } from '../kubelet-context.js';
import { LONGEST_POST_START_MS, runHook } from '../lifecycle/hooks.js';
import { gracePeriodMs, killContainer } from '../lifecycle/kill-containers.js';
import type { PodContainer } from '../plan/pod-containers.js';
import { containerFieldPath } from '../plan/pod-containers.js';
import type { TerminationMessages } from './termination-messages.js';

export interface ContainerStart {
  readonly pod: Pod;
  readonly container: PodContainer;
  readonly attempt: number;
  readonly nextBackoffMs: number;
  readonly sandbox: Sandbox;
  readonly sandboxConfig: SandboxConfig;
  readonly volumes: PodVolumes;
  readonly messages: TerminationMessages;
  readonly stopping: Set<string>;
}

/** Pulls, creates and starts one container, and runs its postStart hook. Throws StartFailure. */
export const startContainer = async (
  context: KubeletContext,
  start: ContainerStart,
  signal: AbortSignal,
): Promise<void> => {
  const image = await ensureImage(context, start, signal);
  const id = await create(context, start, image, signal);
  await begin(context, start, id, signal);
  await postStart(context, start, id, signal);
};

type EventType = 'Normal' | 'Warning';

const tell =
  (context: KubeletContext, { pod, container }: ContainerStart) =>
  (type: EventType, reason: string, message: string): void =>
    context.events.event(pod, type, reason, message, containerFieldPath(container));

const ensureImage = (context: KubeletContext, start: ContainerStart, signal: AbortSignal): Promise<Image> => {
  const { pod, container } = start;
  const namespace = pod.metadata.namespace ?? '';
  const credentials = pullCredentials(pod, container.spec.image ?? '', (name) =>
    context.references.secret(namespace, name),
  );
  const event = tell(context, start);
  return context.images.ensure(pod, container, credentials, { event }, signal);
};

const create = async (
  context: KubeletContext,
  start: ContainerStart,
  image: Image,
  signal: AbortSignal,
): Promise<string> => {
  const event = tell(context, start);
  try {
    const config = await configOf(context, start, image);
    const id = await context.runtime.createContainer(start.sandbox.id, config, start.sandboxConfig, signal);
    context.view.addContainer(id, start.sandbox.id, start.pod.metadata.uid ?? '');
    event('Normal', 'Created', 'Container created');
    return id;
  } catch (error) {
    if (signal.aborted || isConflict(error)) throw error;
    const failure =
      error instanceof StartFailure
        ? error
        : new StartFailure('CreateContainerError', messageOf(error), { cause: error });
    event('Warning', 'Failed', `Error: ${failure.message}`);
    throw failure;
  }
};

/** The container is there already: it was made before a crash, and a new listing will show it. */
export const isConflict = (error: unknown): boolean => error instanceof RuntimeFailure && error.code === 'conflict';

const configOf = async (
  context: KubeletContext,
  start: ContainerStart,
  image: Image,
): Promise<ReturnType<typeof containerConfig>> => {
  const { pod, container, sandbox } = start;
  const { node, owner, references } = context;
  const namespace = pod.metadata.namespace ?? '';
  const env = containerEnvironment({
    pod,
    container: container.spec,
    podIps: podIpsOf(context, pod, sandbox),
    hostIps: node.hostIps,
    nodeName: owner.nodeName,
    nodeAllocatable: node.allocatable,
    configMap: (name) => references.configMap(namespace, name),
    secret: (name) => references.secret(namespace, name),
    services: references.services(namespace),
    apiServer: context.apiServer ?? apiServerOf(context),
    tellAddress: context.runtime.name === 'process',
  });
  let mounts: Awaited<ReturnType<PodVolumes['mounts']>>;
  try {
    mounts = await start.volumes.mounts(container.spec, env);
  } catch (error) {
    throw new StartFailure('CreateContainerConfigError', messageOf(error), { cause: error });
  }
  return containerConfig({
    pod,
    container,
    owner,
    attempt: start.attempt,
    nextBackoffMs: start.nextBackoffMs,
    image,
    env,
    mounts,
    nodeMemoryBytes: node.memoryBytes,
    terminationMessageFile: await start.messages.prepare(container.spec.name, start.attempt),
  });
};

export const podIpsOf = (context: KubeletContext, pod: Pod, sandbox: Sandbox | undefined): readonly string[] => {
  if (pod.spec.hostNetwork === true) return context.node.hostIps;
  return sandbox?.ip === undefined ? [] : [sandbox.ip];
};

const apiServerOf = (context: KubeletContext): KubeletContext['apiServer'] => {
  const service = context.references.services('default').find(({ metadata }) => metadata.name === 'kubernetes');
  const host = service?.spec.clusterIP;
  const port = service?.spec.ports?.[0]?.port;
  return host === undefined || port === undefined ? undefined : { host, port };
};

const begin = async (
  context: KubeletContext,
  start: ContainerStart,
  id: string,
  signal: AbortSignal,
): Promise<void> => {
  const event = tell(context, start);
  try {
    await context.runtime.startContainer(id, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    event('Warning', 'Failed', `Error: ${messageOf(error)}`);
    throw new StartFailure('RunContainerError', messageOf(error), { cause: error });
  }
  event('Normal', 'Started', 'Container started');
};

const postStart = async (
  context: KubeletContext,
  start: ContainerStart,
  id: string,
  signal: AbortSignal,
): Promise<void> => {
  const { pod, container, sandbox } = start;
  const handler = container.spec.lifecycle?.postStart;
  if (handler === undefined) return;
  const podIp = podIpsOf(context, pod, sandbox)[0];
  try {
    const target = { container: container.spec, containerId: id, podIp };
    await runHook(handler, target, LONGEST_POST_START_MS, context, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    tell(context, start)('Warning', 'FailedPostStartHook', `PostStartHook failed: ${messageOf(error)}`);
    const run = await context.runtime.containerStatus(id, signal);
    if (run !== undefined) {
      const kill = { pod, run, graceMs: gracePeriodMs(pod), message: 'FailedPostStartHook', podIp };
      await killContainer(context, { ...kill, stopping: start.stopping }, signal);
    }
    throw new StartFailure('PostStartHookError', messageOf(error), { cause: error });
  }
};
