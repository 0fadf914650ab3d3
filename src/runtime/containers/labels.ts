import { createHash } from 'node:crypto';

/** Labels of sandboxes and containers, named as kubelets name them, so that other tools recognise them. */
export const POD_NAME_LABEL = 'io.kubernetes.pod.name';
export const POD_NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
export const POD_UID_LABEL = 'io.kubernetes.pod.uid';
export const CONTAINER_NAME_LABEL = 'io.kubernetes.container.name';

/**
 * Annotation on a container (`ContainerConfig.annotations`) which the kubelet sets to `true` for containers that are
 * expected to end: those of pods with a restartPolicy other than Always, and init containers that are not sidecars.
 * The simulated runtime ends such containers at once; the other runtimes ignore it.
 */
export const RUNS_TO_COMPLETION = 'fairlead.dev/runs-to-completion';

/**
 * Annotation on a container or pod for the simulated runtime: its containers end at once with this exit code.
 */
export const SIMULATED_EXIT_CODE = 'fairlead.dev/simulated-exit-code';

/** A stable id from the parts that identify a thing: the same after a restart. 64 hexadecimal digits. */
export const stableId = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');
