import { formatDurationMs } from '../../../objects/duration.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { ContainerRuntime, Image, PullOptions } from '../../containers/container-runtime.js';
import { RuntimeFailure } from '../../containers/container-runtime.js';
import { withTag } from '../../containers/image-name.js';
import { messageOf, StartFailure } from '../errors.js';
import type { PodContainer } from '../plan/pod-containers.js';
import { FIRST_BACKOFF_MS, MAX_BACKOFF_MS } from '../plan/restart.js';

export interface ImageEvents {
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

interface PullBackoff {
  readonly failedAt: number;
  readonly delayMs: number;
  readonly message: string;
}

/** The policy that holds when the pod names none; the API server writes the same as a default. */
export const pullPolicy = (policy: string | undefined, image: string): string =>
  policy ?? (withTag(image).endsWith(':latest') && !image.includes('@') ? 'Always' : 'IfNotPresent');

/** Makes images present, with the policy, the backoff and the words of Kubernetes. */
export class ImageManager {
  readonly #backoffs = new Map<string, PullBackoff>();

  constructor(
    private readonly runtime: ContainerRuntime,
    /** Milliseconds that only grow. */
    private readonly steady: () => number,
  ) {}

  /** The image of a container. Throws StartFailure with the reason that users see. */
  async ensure(
    pod: Pod,
    container: PodContainer,
    credentials: readonly PullOptions[],
    events: ImageEvents,
    signal: AbortSignal,
  ): Promise<Image> {
    const name = container.spec.image ?? '';
    const policy = pullPolicy(container.spec.imagePullPolicy, name);
    const present = await this.#find(name, events, signal);
    if (present !== undefined && policy !== 'Always') {
      events.event(
        'Normal',
        'Pulled',
        `Container image "${name}" already present on machine and can be accessed by the pod`,
      );
      return present;
    }
    if (policy === 'Never') {
      const message = `Container image "${name}" is not present with pull policy of Never`;
      events.event('Warning', 'ErrImageNeverPull', message);
      throw new StartFailure('ErrImageNeverPull', message);
    }
    const key = `${pod.metadata.uid}/${name}`;
    const backoff = this.#backoffs.get(key);
    if (backoff !== undefined && this.retryAt(pod, name) > this.steady()) {
      events.event('Normal', 'BackOff', `Back-off pulling image "${name}"`);
      throw backOff(name, backoff.message);
    }
    return this.#pull(key, name, credentials, events, signal);
  }

  /** When (by the steady clock) a pull of this image for this pod may be tried again. */
  retryAt(pod: Pod, image: string): number {
    const backoff = this.#backoffs.get(`${pod.metadata.uid}/${image}`);
    return backoff === undefined ? 0 : backoff.failedAt + backoff.delayMs;
  }

  forgetPod(podUid: string): void {
    for (const key of this.#backoffs.keys()) if (key.startsWith(`${podUid}/`)) this.#backoffs.delete(key);
  }

  async #find(name: string, events: ImageEvents, signal: AbortSignal): Promise<Image | undefined> {
    try {
      return await this.runtime.imageStatus(name, signal);
    } catch (error) {
      if (error instanceof RuntimeFailure && error.code === 'image-name-invalid') {
        const message = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format`;
        events.event('Warning', 'InspectFailed', message);
        throw new StartFailure('InvalidImageName', message, { cause: error });
      }
      throw error;
    }
  }

  async #pull(
    key: string,
    name: string,
    credentials: readonly PullOptions[],
    events: ImageEvents,
    signal: AbortSignal,
  ): Promise<Image> {
    events.event('Normal', 'Pulling', `Pulling image "${name}"`);
    const startedAt = this.steady();
    try {
      await this.#pullWithAny(name, credentials, signal);
      const image = await this.runtime.imageStatus(name, signal);
      if (image === undefined) throw new Error('the image is gone again after it was pulled');
      this.#backoffs.delete(key);
      const took = formatDurationMs(this.steady() - startedAt);
      const size = `Image size: ${image.sizeBytes} bytes.`;
      events.event(
        'Normal',
        'Pulled',
        `Successfully pulled image "${name}" in ${took} (${took} including waiting). ${size}`,
      );
      return image;
    } catch (error) {
      if (signal.aborted) throw error;
      const message = messageOf(error);
      const previous = this.#backoffs.get(key)?.delayMs;
      const delayMs = previous === undefined ? FIRST_BACKOFF_MS : Math.min(previous * 2, MAX_BACKOFF_MS);
      this.#backoffs.set(key, { failedAt: this.steady(), delayMs, message });
      events.event('Warning', 'Failed', `Failed to pull image "${name}": ${message}`);
      throw new StartFailure('ErrImagePull', message, { cause: error });
    }
  }

  /** Tries the credentials one after the other: several secrets may hold some for the same registry. */
  async #pullWithAny(name: string, credentials: readonly PullOptions[], signal: AbortSignal): Promise<void> {
    const attempts: readonly (PullOptions | undefined)[] = credentials.length === 0 ? [undefined] : credentials;
    const failures: string[] = [];
    for (const attempt of attempts) {
      try {
        await this.runtime.pullImage(name, attempt, signal);
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        failures.push(messageOf(error));
      }
    }
    throw new Error([...new Set(failures)].join('; '));
  }
}

/** What a container waits with between two attempts to pull its image. */
export const backOff = (image: string, lastError: string): StartFailure =>
  new StartFailure('ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${lastError}`);
