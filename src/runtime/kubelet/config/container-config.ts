import type { Container, Pod } from '../../../objects/kinds/core-v1.js';
import type { ContainerConfig, Image, Mount } from '../../containers/container-runtime.js';
import {
  CONTAINER_NAME_LABEL,
  POD_NAME_LABEL,
  POD_NAMESPACE_LABEL,
  POD_UID_LABEL,
  RUNS_TO_COMPLETION,
  SIMULATED_EXIT_CODE,
} from '../../containers/labels.js';
import { expandReferences } from '../environment/expansion.js';
import { StartFailure } from '../errors.js';
import { CONTAINER_HASH, containerHash, RESTART_BACKOFF, TERMINATION_MESSAGE_POLICY } from '../plan/observed-pod.js';
import type { PodContainer } from '../plan/pod-containers.js';
import { runsToCompletion } from '../plan/pod-containers.js';
import { containerResources } from './resources.js';

/** Which node a sandbox belongs to: several kubelets may share a runtime. */
export const NODE_LABEL = 'fairlead.dev/node';
/** Seconds; for containers whose pod is no longer known. */
export const GRACE_PERIOD = 'io.kubernetes.pod.terminationGracePeriod';

export interface Owner {
  readonly nodeName: string;
}

/** Labels of everything that is made for a pod. The pod's own labels come along, as with other kubelets. */
export const podLabels = (pod: Pod, owner: Owner): Record<string, string> => ({
  ...pod.metadata.labels,
  [POD_NAME_LABEL]: pod.metadata.name,
  [POD_NAMESPACE_LABEL]: pod.metadata.namespace ?? '',
  [POD_UID_LABEL]: pod.metadata.uid ?? '',
  [NODE_LABEL]: owner.nodeName,
});

export interface ContainerConfigInput {
  readonly pod: Pod;
  readonly container: PodContainer;
  readonly owner: Owner;
  readonly attempt: number;
  readonly nextBackoffMs: number;
  readonly image: Image;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly nodeMemoryBytes: number;
  /** Where the termination message is collected on the host. */
  readonly terminationMessageFile: string;
}

/** What the runtime gets. Throws StartFailure `CreateContainerConfigError` for a security context that cannot hold. */
export const containerConfig = (input: ContainerConfigInput): ContainerConfig => {
  const { pod, container, env } = input;
  const { spec } = container;
  const values = new Map(env.map(({ name, value }) => [name, value]));
  const expand = (text: string): string => expandReferences(text, (name) => values.get(name));
  return {
    name: spec.name,
    attempt: input.attempt,
    imageId: input.image.id,
    image: spec.image ?? '',
    command: (spec.command ?? []).map(expand),
    args: (spec.args ?? []).map(expand),
    ...(spec.workingDir === undefined || spec.workingDir === '' ? {} : { workingDir: spec.workingDir }),
    env,
    mounts: input.mounts,
    labels: { ...podLabels(pod, input.owner), [CONTAINER_NAME_LABEL]: spec.name },
    annotations: annotationsOf(input),
    resources: containerResources(pod, spec, input.nodeMemoryBytes),
    stdin: spec.stdin === true,
    stdinOnce: spec.stdinOnce === true,
    tty: spec.tty === true,
    security: securityOf(pod, spec, input.image),
    ...(spec.lifecycle?.stopSignal === undefined ? {} : { stopSignal: spec.lifecycle.stopSignal }),
    terminationMessage: {
      hostPath: input.terminationMessageFile,
      containerPath: spec.terminationMessagePath ?? '/dev/termination-log',
    },
  };
};

const annotationsOf = (input: ContainerConfigInput): Record<string, string> => {
  const { pod, container } = input;
  const simulated = pod.metadata.annotations?.[SIMULATED_EXIT_CODE];
  return {
    [CONTAINER_HASH]: containerHash(container.spec),
    [RESTART_BACKOFF]: String(input.nextBackoffMs),
    [TERMINATION_MESSAGE_POLICY]: container.spec.terminationMessagePolicy ?? 'File',
    [GRACE_PERIOD]: String(pod.spec.terminationGracePeriodSeconds ?? 30),
    ...(runsToCompletion(pod, container) ? { [RUNS_TO_COMPLETION]: 'true' } : {}),
    ...(simulated === undefined ? {} : { [SIMULATED_EXIT_CODE]: simulated }),
  };
};

type Security = ContainerConfig['security'];

const securityOf = (pod: Pod, container: Container, image: Image): Security => {
  const own = container.securityContext ?? {};
  const shared = pod.spec.securityContext ?? {};
  const runAsUser = own.runAsUser ?? shared.runAsUser;
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup;
  if ((own.runAsNonRoot ?? shared.runAsNonRoot) === true) checkNonRoot(pod, container, runAsUser, image);
  const fsGroup = shared.fsGroup === undefined ? [] : [shared.fsGroup];
  return {
    privileged: own.privileged === true,
    readOnlyRootFilesystem: own.readOnlyRootFilesystem === true,
    allowPrivilegeEscalation: own.allowPrivilegeEscalation !== false || own.privileged === true,
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    supplementalGroups: [...fsGroup, ...(shared.supplementalGroups ?? [])],
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
  };
};

/** Throws when the container would run as root, or when the image does not say by number as whom it runs. */
const checkNonRoot = (pod: Pod, container: Container, runAsUser: number | undefined, image: Image): void => {
  const about = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`;
  if (runAsUser !== undefined) {
    if (runAsUser !== 0) return;
    throw configError(`container's runAsUser breaks non-root policy ${about}`);
  }
  const user = (image.user ?? '').split(':', 1)[0] ?? '';
  if (user === '' || user === '0') throw configError(`container has runAsNonRoot and image will run as root ${about}`);
  if (!/^\d+$/.test(user)) {
    throw configError(
      `container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root ${about}`,
    );
  }
};

const configError = (message: string): StartFailure => new StartFailure('CreateContainerConfigError', message);
