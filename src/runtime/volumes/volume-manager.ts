import type { Container, EphemeralContainer, Pod } from '../../objects/kinds/core-v1.js';
import type { Mount } from '../containers/container-runtime.js';

/** What is known of the pod and its node only at run time; for downwardAPI files. */
export interface VolumeContext {
  readonly nodeName: string;
  /** Absent until the sandbox has an address: files that need it are written by the next `refresh`. */
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  /** Allocatable of the node, for `resourceFieldRef` of a container without a limit. */
  readonly nodeAllocatable?: Readonly<Record<string, string | number>>;
}

/** The volumes of one pod, ready on disk. */
export interface PodVolumes {
  /**
   * The mounts of one container (init and ephemeral ones too), in the order of its `volumeMounts`. `env` is the
   * container's environment, for `subPathExpr`. Makes the folder of a `subPath` that is not there.
   */
  mounts(
    container: Container | EphemeralContainer,
    env: readonly { readonly name: string; readonly value: string }[],
  ): Promise<readonly Mount[]>;
}

/**
 * Makes the volumes of pods on this node under `<root>/pods/<uid>/volumes/<type>/<volume>`. All methods are idempotent,
 * may be called again after a crash at any point, and throw VolumeFailure.
 */
export interface VolumeManager {
  /** Makes what is missing and brings what is there up to date. */
  mountAll(pod: Pod, context: VolumeContext, signal: AbortSignal): Promise<PodVolumes>;
  /**
   * Brings the files of configMap, secret, downwardAPI and projected volumes up to date. Changed ConfigMaps and Secrets
   * of mounted pods are followed without a call; call it when the pod itself changed (labels, annotations, addresses)
   * and about once a minute (tokens are renewed here).
   */
  refresh(pod: Pod, context: VolumeContext, signal: AbortSignal): Promise<void>;
  /** Removes the pod's volumes with what is in them (not hostPath or persistent volumes). */
  unmountAll(podUid: string, signal: AbortSignal): Promise<void>;
  /** Pods that have a folder on disk: those no longer known to the API are to be unmounted. */
  mountedPods(): Promise<readonly string[]>;
  /** Stops following changes. What is mounted stays. */
  close(): void;
}

/**
 * `not-ready`: something that the volume needs is not there yet (ConfigMap, Secret, claim): event FailedMount, try
 * again. `invalid` and `unsupported`: trying again without a change of the pod fails in the same way.
 */
export type VolumeFailureCode = 'not-ready' | 'invalid' | 'unsupported' | 'failed';

/** The message is fit for the event FailedMount: it names the volume and the reason. */
export class VolumeFailure extends Error {
  override readonly name = 'VolumeFailure';

  constructor(
    readonly code: VolumeFailureCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
