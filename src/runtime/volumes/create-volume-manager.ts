import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { Logger } from 'pino';
import type { Client } from '../../cluster/client/client.js';
import type { InformerSet } from '../../cluster/client/informer.js';
import type { Clock } from '../../objects/clock.js';
import type { Container, EphemeralContainer, Pod, Volume, VolumeMount } from '../../objects/kinds/core-v1.js';
import { ConfigMap, Secret } from '../../objects/kinds/core-v1.js';
import type { Mount } from '../containers/container-runtime.js';
import { expandReferences } from '../kubelet/environment/expansion.js';
import { writeFiles } from './atomic-writer.js';
import { unmountBelow } from './mount-points.js';
import { giveToGroup } from './ownership.js';
import { referencesOf } from './references.js';
import { createTokenSource } from './service-account-tokens.js';
import { resolveSubPath } from './sub-path.js';
import type { PodVolumes, VolumeContext, VolumeManager } from './volume-manager.js';
import { VolumeFailure } from './volume-manager.js';
import type { ObjectReader, PreparedFolder, VolumeRequest } from './volume-type.js';
import { volumeTypeOf } from './volume-types.js';

export interface VolumeManagerOptions {
  readonly client: Client;
  readonly informers: InformerSet;
  /** Volumes are made under `<root>/pods`. */
  readonly root: string;
  readonly clock: Clock;
  readonly log: Logger;
}

interface MountedPod {
  readonly pod: Pod;
  readonly context: VolumeContext;
  readonly references: ReadonlySet<string>;
}

type Prepared = PreparedFolder & { readonly shape: 'files' | 'folder' };

const PROPAGATION: Readonly<Record<string, Mount['propagation']>> = {
  HostToContainer: 'hostToContainer',
  Bidirectional: 'bidirectional',
};

/** Names that become folders come from the API; none may lead elsewhere. */
const folderName = (name: string): string => {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw new VolumeFailure('invalid', `invalid name "${name}"`);
  return name;
};

class Volumes implements VolumeManager {
  readonly #options: VolumeManagerOptions;
  readonly #pods: string;
  readonly #tokens;
  readonly #mounted = new Map<string, MountedPod>();
  /** The last work on each pod: two never run at once. */
  readonly #work = new Map<string, Promise<unknown>>();
  readonly #stop: readonly (() => void)[];
  readonly #closed = new AbortController();
  readonly #informed: ObjectReader;
  readonly #fresh: ObjectReader;

  constructor(options: VolumeManagerOptions) {
    this.#options = options;
    this.#pods = join(options.root, 'pods');
    this.#tokens = createTokenSource(options.client, options.clock);
    const configMaps = options.informers.informer(ConfigMap);
    const secrets = options.informers.informer(Secret);
    this.#informed = {
      configMap: (namespace, name) => Promise.resolve(configMaps.get({ namespace, name })),
      secret: (namespace, name) => Promise.resolve(secrets.get({ namespace, name })),
    };
    this.#fresh = {
      configMap: (namespace, name) => options.client.get(ConfigMap, { namespace, name }),
      secret: (namespace, name) => options.client.get(Secret, { namespace, name }),
    };
    this.#stop = [
      configMaps.onEvent(({ object }) => this.#changed('configMap', object)),
      secrets.onEvent(({ object }) => this.#changed('secret', object)),
    ];
  }

  mountAll(pod: Pod, context: VolumeContext, signal: AbortSignal): Promise<PodVolumes> {
    return this.#inTurn(uidOf(pod), async () => {
      // At its first mount a pod sees what the API has, not what the informers have heard of so far.
      const objects = this.#mounted.has(uidOf(pod)) ? this.#informed : this.#fresh;
      const prepared = new Map<string, Prepared>();
      for (const volume of pod.spec.volumes ?? []) {
        prepared.set(volume.name, await this.#mount(this.#request(pod, volume, context, objects, signal)));
      }
      this.#mounted.set(uidOf(pod), { pod, context, references: referencesOf(pod) });
      return { mounts: (container, env) => mountsOf(container, env, prepared) };
    });
  }

  refresh(pod: Pod, context: VolumeContext, signal: AbortSignal): Promise<void> {
    return this.#inTurn(uidOf(pod), async () => {
      if (!this.#mounted.has(uidOf(pod))) return;
      this.#mounted.set(uidOf(pod), { pod, context, references: referencesOf(pod) });
      for (const volume of pod.spec.volumes ?? []) {
        if (volumeTypeOf(volume).type.shape !== 'files') continue;
        await this.#mount(this.#request(pod, volume, context, this.#informed, signal));
      }
    });
  }

  unmountAll(podUid: string): Promise<void> {
    this.#mounted.delete(podUid);
    this.#tokens.forget(podUid);
    return this.#inTurn(podUid, async () => {
      this.#mounted.delete(podUid);
      const folder = join(this.#pods, folderName(podUid), 'volumes');
      await unmountBelow(folder);
      await this.#remove(folder);
      // The pod's folder may hold what others keep there; it goes when it is empty.
      const rest = await readdir(join(this.#pods, podUid)).catch(() => undefined);
      if (rest?.length === 0) await rm(join(this.#pods, podUid), { recursive: true, force: true });
    });
  }

  /**
   * Containers may run as root where this process does not: what they leave behind cannot be removed then. It is put
   * aside, so that the pod can end, and the administrator is told.
   */
  async #remove(folder: string): Promise<void> {
    try {
      await rm(folder, { recursive: true, force: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ENOTEMPTY') throw error;
      const aside = join(this.#options.root, 'left-behind', randomUUID());
      await mkdir(dirname(aside), { recursive: true });
      await rename(folder, aside);
      this.#options.log.warn(`files of other users are left in ${aside}; remove them as root`);
    }
  }

  async mountedPods(): Promise<readonly string[]> {
    const entries = await readdir(this.#pods, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  }

  close(): void {
    this.#closed.abort();
    for (const stop of this.#stop) stop();
  }

  #request(
    pod: Pod,
    volume: Volume,
    context: VolumeContext,
    objects: ObjectReader,
    signal: AbortSignal,
  ): VolumeRequest {
    const { client, clock, log } = this.#options;
    const { name } = volumeTypeOf(volume);
    const folder = join(this.#pods, folderName(uidOf(pod)), 'volumes', name, folderName(volume.name));
    return { pod, volume, context, folder, objects, tokens: this.#tokens, client, clock, log, signal };
  }

  async #mount(request: VolumeRequest): Promise<Prepared> {
    const { volume, folder, pod } = request;
    try {
      const { type } = volumeTypeOf(volume);
      if (type.shape === 'files') {
        const files = await type.files(request);
        await mkdir(folder, { recursive: true, mode: 0o755 });
        await writeFiles(folder, files, (path) => this.#own(pod, path, true));
        return { shape: 'files', path: folder, readOnly: true, owned: false };
      }
      const prepared = await type.prepare(request);
      if (prepared.owned) await this.#own(pod, prepared.path, prepared.readOnly);
      return { ...prepared, shape: 'folder' };
    } catch (error) {
      if (request.signal.aborted) throw error;
      const code = error instanceof VolumeFailure ? error.code : 'failed';
      const reason = error instanceof Error ? error.message : String(error);
      throw new VolumeFailure(code, `MountVolume.SetUp failed for volume "${volume.name}" : ${reason}`, {
        cause: error,
      });
    }
  }

  async #own(pod: Pod, path: string, readOnly: boolean): Promise<void> {
    const security = pod.spec.securityContext;
    if (security?.fsGroup === undefined) return;
    try {
      const onRootMismatch = security.fsGroupChangePolicy === 'OnRootMismatch';
      await giveToGroup(path, security.fsGroup, { readOnly, onRootMismatch });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
      this.#options.log.warn({ path, group: security.fsGroup }, 'only root can give a volume to a group (fsGroup)');
    }
  }

  /** Pods that mount a ConfigMap or Secret get its new content at once. */
  #changed(type: 'configMap' | 'secret', object: ConfigMap | Secret): void {
    const reference = `${type}/${object.metadata.namespace}/${object.metadata.name}`;
    for (const [uid, { pod, context, references }] of this.#mounted) {
      if (!references.has(reference)) continue;
      this.refresh(pod, context, this.#closed.signal).catch((error: unknown) => {
        if (!this.#closed.signal.aborted) this.#options.log.warn({ error, pod: uid }, 'cannot update a volume');
      });
    }
  }

  async #inTurn<T>(podUid: string, work: () => Promise<T>): Promise<T> {
    const before = this.#work.get(podUid) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#work.set(podUid, mine);
    try {
      return await mine;
    } finally {
      if (this.#work.get(podUid) === mine) this.#work.delete(podUid);
    }
  }
}

const uidOf = (pod: Pod): string => pod.metadata.uid ?? '';

const mountsOf = async (
  container: Container | EphemeralContainer,
  env: readonly { readonly name: string; readonly value: string }[],
  prepared: ReadonlyMap<string, Prepared>,
): Promise<readonly Mount[]> => {
  if ((container.volumeDevices ?? []).length > 0) {
    throw new VolumeFailure('unsupported', `container "${container.name}": volumeDevices are not supported`);
  }
  const variables = new Map(env.map(({ name, value }) => [name, value]));
  const mounts: Mount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = prepared.get(mount.name);
    if (volume === undefined) {
      throw new VolumeFailure(
        'invalid',
        `container "${container.name}" mounts volume "${mount.name}", which the pod does not have`,
      );
    }
    mounts.push({
      hostPath: await mountedPath(mount, volume, variables),
      containerPath: isAbsolute(mount.mountPath) ? mount.mountPath : `/${mount.mountPath}`,
      readOnly: mount.readOnly === true || volume.readOnly,
      propagation: PROPAGATION[mount.mountPropagation ?? ''] ?? 'private',
    });
  }
  return mounts;
};

const mountedPath = async (
  mount: VolumeMount,
  volume: Prepared,
  variables: ReadonlyMap<string, string>,
): Promise<string> => {
  const subPath = mount.subPathExpr === undefined ? (mount.subPath ?? '') : expandSubPath(mount.subPathExpr, variables);
  if (subPath === '') return volume.path;
  try {
    const resolved = await resolveSubPath(volume.path, subPath);
    // Files from the API are reached through the links that follow their updates; the check above has been made.
    return volume.shape === 'files' ? join(volume.path, subPath) : resolved;
  } catch (error) {
    if (error instanceof VolumeFailure) throw error;
    throw new VolumeFailure(
      'failed',
      `cannot mount subPath "${subPath}" of volume "${mount.name}": ${(error as Error).message}`,
      { cause: error },
    );
  }
};

const expandSubPath = (expression: string, variables: ReadonlyMap<string, string>): string =>
  expandReferences(expression, (name) => {
    const value = variables.get(name);
    if (value === undefined) throw new VolumeFailure('invalid', `subPathExpr "${expression}": ${name} is not set`);
    return value;
  });

/** The volumes of one node: see VolumeManager. */
export const createVolumeManager = (options: VolumeManagerOptions): VolumeManager => new Volumes(options);
