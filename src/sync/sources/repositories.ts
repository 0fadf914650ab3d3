import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../objects/clock.js';
import type { KubeObject } from '../../objects/object.js';
import type { FreedSpace } from '../freed-space.js';
import { addFreed, isSetAside, NOTHING_FREED, removeCounted, setAside } from '../freed-space.js';
import { accessFor } from './credentials.js';
import { createFolderBackend } from './folder-backend.js';
import type { GitBackend } from './git-backend.js';
import type { RemoteLimits } from './remote-backend.js';
import { createRemoteBackend, DEFAULT_REMOTE_LIMITS } from './remote-backend.js';
import type { Commit, RepositoryEvent } from './repository.js';
import { Repository } from './repository.js';
import { locateRepository, repositoryIdentity } from './repository-url.js';

/** How often remote repositories are asked for their refs. */
export interface PollSchedule {
  /** Milliseconds between two looks. Default 120,000. */
  readonly intervalMs: number;
  /** Up to this much is added by chance, so that many repositories are not asked at once. Default 60,000. */
  readonly jitterMs: number;
  /** First wait after a failure; doubled up to the interval. Default 5,000. */
  readonly retryMs: number;
}

export const DEFAULT_POLL_SCHEDULE: PollSchedule = { intervalMs: 120_000, jitterMs: 60_000, retryMs: 5000 };

export interface RepositoriesOptions {
  /** Where fetched repositories are kept. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The Secrets that configure repositories, as they are now. */
  readonly secrets: () => readonly KubeObject[];
  /** Told of everything that happens to a repository in use. */
  readonly onEvent: (repoURL: string, event: RepositoryEvent) => void;
  readonly schedule?: Partial<PollSchedule>;
  readonly limits?: Partial<RemoteLimits>;
  /** Between 0 and 1; for tests. */
  readonly random?: () => number;
}

/** Whose credentials a repository is read with: those of its Secret, or nobody's. */
export type AccessKind = 'configured' | 'anonymous';

/** One revision of a repository. */
export interface WantedRevision {
  readonly repoURL: string;
  readonly targetRevision: string | undefined;
  readonly access: AccessKind;
}

interface Followed {
  readonly repository: Repository;
  readonly stop: AbortController;
  readonly done: Promise<void>;
  failures: number;
  /** Ends the present pause: a failure is tried again sooner than the next poll. */
  wake: AbortController;
}

/** All repositories in use, each followed once however it is spelled and however many applications use it. */
export class Repositories {
  readonly #options: RepositoriesOptions;
  readonly #schedule: PollSchedule;
  readonly #followed = new Map<string, Followed>();

  constructor(options: RepositoriesOptions) {
    this.#options = options;
    this.#schedule = { ...DEFAULT_POLL_SCHEDULE, ...options.schedule };
  }

  /** The repository, followed from now on. Throws `SourceError` `invalid` for a URL that cannot be used. */
  use(repoURL: string, access: AccessKind = 'configured'): Repository {
    const id = this.identity(repoURL, access);
    const known = this.#followed.get(id);
    if (known !== undefined) return known.repository;
    const backend = this.#backend(repoURL, id, access);
    const stop = new AbortController();
    const repository: Repository = new Repository(repoURL, backend, this.#options.clock, (event) => {
      if (event.type === 'reach' && event.error !== undefined && followed.failures === 0) {
        followed.failures = 1;
        followed.wake.abort();
      }
      this.#options.onEvent(repoURL, event);
    });
    const wake = new AbortController();
    const followed: Followed = { repository, stop, failures: 0, wake, done: this.#start(() => followed, backend) };
    this.#followed.set(id, followed);
    return repository;
  }

  /** The name of a repository in `keepOnly`. What was read with credentials is kept apart from what anybody may read. */
  identity(repoURL: string, access: AccessKind = 'configured'): string {
    return repositoryIdentity(repoURL) + (access === 'anonymous' ? '\nanonymous' : '');
  }

  /**
   * The commit that a revision names, fetched. The signal ends the wait alone: the repository goes on for the others who
   * use it. Throws SourceError.
   */
  async obtain(
    { repoURL, targetRevision, access }: WantedRevision,
    signal: AbortSignal,
  ): Promise<Commit & { readonly repository: Repository }> {
    const repository = this.use(repoURL, access);
    const stop = this.#followed.get(this.identity(repoURL, access))?.stop.signal ?? signal;
    const commit = await unlessAborted(repository.commit(targetRevision, stop), signal);
    return { ...commit, repository };
  }

  /** The repository, when somebody uses it. */
  find(repoURL: string): Repository | undefined {
    return this.#followed.get(repositoryIdentity(repoURL))?.repository;
  }

  /** Looks at a repository now, as after a push. Nothing happens when nobody uses it. */
  async poke(repoURL: string): Promise<void> {
    for (const access of ['configured', 'anonymous'] as const) {
      const followed = this.#followed.get(this.identity(repoURL, access));
      if (followed !== undefined) await followed.repository.look(followed.stop.signal);
    }
  }

  /** Looks at once at every repository that could not be read: its credentials may have changed. */
  async lookAtFailed(): Promise<void> {
    const failed = [...this.#followed.values()].filter(({ repository }) => !repository.isReachable);
    await Promise.all(failed.map(({ repository, stop }) => repository.look(stop.signal)));
  }

  /** Stops following repositories, and revisions of them, that are not in use. */
  keepOnly(inUse: (identity: string) => boolean, targetInUse: (identity: string, target: string) => boolean): void {
    for (const [id, followed] of this.#followed) {
      if (inUse(id)) {
        followed.repository.keepOnly((target) => targetInUse(id, target));
        continue;
      }
      followed.stop.abort();
      followed.repository.close();
      this.#followed.delete(id);
    }
  }

  /**
   * Removes the caches of repositories that are neither followed nor among the given ones, and fetches those anew that
   * have grown. One that cannot be fetched now stays as it is, and so do its files for as long as a reader may need.
   */
  async clean(identities: ReadonlySet<string>, signal: AbortSignal): Promise<FreedSpace> {
    let freed = await this.#removeUnused(identities);
    const left: string[] = [];
    for (const { repository, stop } of this.#followed.values()) {
      signal.throwIfAborted();
      try {
        left.push(...(await repository.renew(AbortSignal.any([signal, stop.signal]))));
      } catch (error) {
        this.#options.log.info({ err: error, repository: repository.url }, 'the cache of a repository stays as it is');
      }
    }
    if (left.length > 0) await this.#options.clock.sleep(READERS_MS, signal);
    for (const folder of left) freed = addFreed(freed, await removeCounted(folder));
    return freed;
  }

  async close(): Promise<void> {
    const all = [...this.#followed.values()];
    this.keepOnly(
      () => false,
      () => false,
    );
    await Promise.all(all.map(({ done }) => done));
  }

  async #removeUnused(identities: ReadonlySet<string>): Promise<FreedSpace> {
    const { folder } = this.#options;
    const used = new Set([...identities].map(cacheName));
    let freed = NOTHING_FREED;
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      if (!isUnusedCache(name, used)) continue;
      // Somebody may have begun to use it meanwhile; nobody can between these two lines.
      if (!isUnusedCache(name, new Set([...this.#followed.keys()].map(cacheName)))) continue;
      const path = isSetAside(name) ? join(folder, name) : setAside(join(folder, name));
      freed = addFreed(freed, await removeCounted(path));
    }
    return freed;
  }

  #backend(repoURL: string, id: string, kind: AccessKind): GitBackend {
    const location = locateRepository(repoURL);
    if (location.type === 'folder') return createFolderBackend(location.path);
    return createRemoteBackend({
      url: location.url,
      folder: join(this.#options.folder, cacheName(id)),
      access: () => (kind === 'anonymous' ? {} : accessFor(repoURL, this.#options.secrets())),
      limits: { ...DEFAULT_REMOTE_LIMITS, ...this.#options.limits },
    });
  }

  /** Begins after the caller has finished making what `get` returns. */
  async #start(get: () => Followed, backend: GitBackend): Promise<void> {
    await Promise.resolve();
    await this.#follow(get(), backend);
  }

  /** Looks now and then; where the repository tells of changes itself, also when it does. */
  async #follow(followed: Followed, backend: GitBackend): Promise<void> {
    const { repository } = followed;
    const { signal } = followed.stop;
    const unwatch = this.#watch(repository, backend, signal);
    try {
      while (!signal.aborted) {
        followed.wake = new AbortController();
        const woken = await this.#sleep(this.#pause(followed.failures), followed.wake.signal, signal);
        if (woken) continue;
        await repository.look(signal);
        followed.failures = repository.isReachable ? 0 : followed.failures + 1;
      }
    } finally {
      unwatch();
    }
  }

  /** True when it was woken before the time was over. */
  async #sleep(ms: number, wake: AbortSignal, stop: AbortSignal): Promise<boolean> {
    try {
      await this.#options.clock.sleep(ms, AbortSignal.any([wake, stop]));
      return false;
    } catch (error) {
      if (wake.aborted || stop.aborted) return true;
      throw error;
    }
  }

  #watch(repository: Repository, backend: GitBackend, signal: AbortSignal): () => void {
    let looking = false;
    try {
      return (
        backend.watch?.(() => {
          if (looking || signal.aborted) return;
          looking = true;
          // A push writes several files: what comes within a moment is one change.
          this.#options.clock
            .sleep(WATCH_DEBOUNCE_MS, signal)
            .then(() => {
              looking = false;
              return repository.look(signal);
            })
            .catch((error: unknown) => {
              looking = false;
              if (!signal.aborted) this.#options.log.warn({ err: error, repository: repository.url }, 'look failed');
            });
        }) ?? (() => undefined)
      );
    } catch (error) {
      this.#options.log.debug({ err: error, repository: repository.url }, 'cannot watch the repository; polling it');
      return () => undefined;
    }
  }

  #pause(failures: number): number {
    const { intervalMs, jitterMs, retryMs } = this.#schedule;
    const base = failures === 0 ? intervalMs : Math.min(retryMs * 2 ** Math.min(failures - 1, 20), intervalMs);
    const random = this.#options.random ?? Math.random;
    return base + Math.min(jitterMs, base) * random();
  }
}

/** Resolves as the promise does, or rejects when the signal fires first. */
const unlessAborted = async <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> => {
  signal.throwIfAborted();
  return await new Promise<T>((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
};

/** The name of the folder that a repository is kept in. */
export const cacheName = (identity: string): string =>
  createHash('sha256').update(identity).digest('hex').slice(0, CACHE_NAME_LENGTH);

/** Whether a name in the folder of caches is that of one that is not used; what is not ours is left alone. */
export const isUnusedCache = (name: string, used: ReadonlySet<string>): boolean =>
  isSetAside(name) || (CACHE_NAME.test(name) && !used.has(name));

const CACHE_NAME_LENGTH = 32;
const CACHE_NAME = /^[0-9a-f]{32}$/;
/** Longer than a render that has just been given its folder. */
const READERS_MS = 60_000;
const WATCH_DEBOUNCE_MS = 20;
