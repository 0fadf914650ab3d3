import { CONTAINER_NAME_LABEL, POD_NAME_LABEL, POD_NAMESPACE_LABEL, POD_UID_LABEL } from '../labels.js';
import type { ContainerConfig, SandboxConfig } from '../container-runtime.js';

export const TYPE_LABEL = 'io.kubernetes.docker.type';
export const SANDBOX_ID_LABEL = 'io.kubernetes.sandbox.id';
/** Tells the containers of one Fairlead node from those of others on the same engine. */
export const INSTANCE_LABEL = 'fairlead.dev/instance';
const ATTEMPT_LABEL = 'fairlead.dev/attempt';
const IMAGE_LABEL = 'fairlead.dev/image';
/** Keys of the pod's own labels that must not be taken for ours are kept under this prefix, all annotations under that. */
const ANNOTATION_PREFIX = 'annotation.';
const OWN_LABELS = new Set([TYPE_LABEL, SANDBOX_ID_LABEL, INSTANCE_LABEL, ATTEMPT_LABEL, IMAGE_LABEL]);

type Labels = Readonly<Record<string, string>>;

const common = (
  config: { readonly labels: Labels; readonly annotations: Labels; readonly attempt: number },
  sandbox: SandboxConfig,
  instance: string,
): Record<string, string> => ({
  ...config.labels,
  ...Object.fromEntries(
    Object.entries(config.annotations).map(([key, value]) => [`${ANNOTATION_PREFIX}${key}`, value]),
  ),
  [POD_NAME_LABEL]: sandbox.podName,
  [POD_NAMESPACE_LABEL]: sandbox.podNamespace,
  [POD_UID_LABEL]: sandbox.podUid,
  [INSTANCE_LABEL]: instance,
  [ATTEMPT_LABEL]: String(config.attempt),
});

/** Engine labels of a sandbox. */
export const sandboxLabels = (config: SandboxConfig, instance: string): Record<string, string> => ({
  ...common(config, config, instance),
  [TYPE_LABEL]: 'podsandbox',
  [CONTAINER_NAME_LABEL]: 'POD',
});

/** Engine labels of a container. */
export const containerLabels = (
  config: ContainerConfig,
  sandbox: SandboxConfig,
  sandboxId: string,
  instance: string,
): Record<string, string> => ({
  ...common(config, sandbox, instance),
  [TYPE_LABEL]: 'container',
  [CONTAINER_NAME_LABEL]: config.name,
  [SANDBOX_ID_LABEL]: sandboxId,
  [IMAGE_LABEL]: config.image,
});

export interface ParsedLabels {
  readonly podName: string;
  readonly podNamespace: string;
  readonly podUid: string;
  readonly containerName: string;
  readonly attempt: number;
  readonly sandboxId: string;
  readonly image: string;
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** The reverse of `sandboxLabels` and `containerLabels`. Labels of the image are among `labels`, as the engine adds them. */
export const parseLabels = (all: Labels): ParsedLabels => {
  const labels: Record<string, string> = {};
  const annotations: Record<string, string> = {};
  for (const [key, value] of Object.entries(all)) {
    if (key.startsWith(ANNOTATION_PREFIX)) annotations[key.slice(ANNOTATION_PREFIX.length)] = value;
    else if (!OWN_LABELS.has(key)) labels[key] = value;
  }
  return {
    podName: all[POD_NAME_LABEL] ?? '',
    podNamespace: all[POD_NAMESPACE_LABEL] ?? '',
    podUid: all[POD_UID_LABEL] ?? '',
    containerName: all[CONTAINER_NAME_LABEL] ?? '',
    attempt: Number(all[ATTEMPT_LABEL] ?? 0),
    sandboxId: all[SANDBOX_ID_LABEL] ?? '',
    image: all[IMAGE_LABEL] ?? '',
    labels,
    annotations,
  };
};

/** The engine's name of a sandbox or container: unique for pod, container and attempt, so that a repeat conflicts. */
export const engineName = (container: string, sandbox: SandboxConfig, attempt: number): string =>
  ['k8s', container, sandbox.podName, sandbox.podNamespace, sandbox.podUid, attempt].join('_');
