import type { Clock } from '../../objects/clock.js';
import { GitObjects } from '../../render/files/git-objects.js';
import type { ChangedPaths } from './changed-paths.js';
import { changedPaths } from './changed-paths.js';
import type { CommitMetadata } from './commit-metadata.js';
import { readCommitMetadata } from './commit-metadata.js';
import { SourceError } from './errors.js';
import type { GitBackend } from './git-backend.js';
import { withoutCredentials } from './repository-url.js';
import type { Refs } from './revision.js';
import { DEFAULT_REVISION, isCommit, resolveRevision } from './revision.js';

/** A commit that is there to be rendered. */
export interface Commit {
  readonly revision: string;
  readonly gitdir: string;
}

/** A revision names another commit than before. */
export interface RevisionMoved {
  readonly type: 'moved';
  readonly target: string;
  readonly from: string;
  readonly to: string;
  readonly changed: ChangedPaths;
}

/** The repository, or one revision of it, could not be read, or can be read again. */
export interface ReachChanged {
  readonly type: 'reach';
  /** The revision that is gone or back; absent when it is the whole repository. */
  readonly target?: string;
  readonly error: SourceError | undefined;
}

/** When and why reading failed. */
export interface Failure {
  readonly since: number;
  readonly error: SourceError;
}

export type RepositoryEvent = RevisionMoved | ReachChanged;

/**
 * One repository for everybody who uses it: one list of refs, one fetch a commit. `look` asks the server for its refs
 * and fetches what the revisions in use name now; when nothing moved, nothing is fetched.
 */
export class Repository {
  #failure: Failure | undefined;
  /** Revisions that were there and are gone; what they named last is kept. */
  readonly #gone = new Map<string, Failure>();
  /** Revisions in use and the commits that they name. */
  readonly #targets = new Map<string, string>();
  /** Revisions that were asked for and were never there: every look tries them again. */
  readonly #unknown = new Set<string>();
  readonly #obtaining = new Map<string, Promise<void>>();
  /** The folder that `#obtaining` speaks of. */
  #obtainedIn: string | undefined;
  #refs: Refs | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #objects: GitObjects | undefined;

  constructor(
    readonly url: string,
    readonly backend: GitBackend,
    readonly clock: Clock,
    readonly listener: (event: RepositoryEvent) => void,
  ) {}

  /** The commit that a revision names, fetched. Asks the server only when the revision is not known yet. */
  async commit(targetRevision: string | undefined, signal: AbortSignal): Promise<Commit> {
    const target = targetOf(targetRevision);
    const known = this.#targets.get(target);
    if (known !== undefined) {
      await this.#obtain(known, signal);
      return { revision: known, gitdir: this.backend.gitdir };
    }
    // A repository that failed is asked again by those who follow it, not by every application that waits for it.
    if (this.#refs === undefined && this.#failure === undefined && !isCommit(target)) await this.look(signal);
    if (this.#refs === undefined && this.#failure !== undefined) throw this.#failure.error;
    let revision = this.#resolve(target);
    if (revision === undefined && !this.#unknown.has(target)) {
      await this.look(signal);
      revision = this.#resolve(target);
    }
    if (revision === undefined) {
      this.#unknown.add(target);
      throw new SourceError(
        'revision-not-found',
        `Cannot find revision "${target}" in ${withoutCredentials(this.url)}: no branch, tag, commit or matching version`,
      );
    }
    await this.#obtain(revision, signal);
    this.#targets.set(target, revision);
    return { revision, gitdir: this.backend.gitdir };
  }

  /** Forgets the revisions that nobody uses any more. */
  keepOnly(inUse: (target: string) => boolean): void {
    for (const target of [...this.#targets.keys(), ...this.#unknown]) {
      if (inUse(target)) continue;
      this.#targets.delete(target);
      this.#gone.delete(target);
      this.#unknown.delete(target);
    }
  }

  get isReachable(): boolean {
    return this.#failure === undefined;
  }

  /** Why the newest state of a revision is not known, while an older one may still be; undefined when all is well. */
  failureOf(targetRevision: string | undefined): Failure | undefined {
    return this.#failure ?? this.#gone.get(targetOf(targetRevision));
  }

  /**
   * Looks at the refs and fetches what moved. Never throws: a failure is kept and told. A look that is asked for
   * while one is under way runs after it, because the refs may have changed since it began.
   */
  async look(signal: AbortSignal): Promise<void> {
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return await this.#looking;
    }
    this.#looking = this.#lookUntilCurrent(signal);
    try {
      await this.#looking;
    } finally {
      this.#looking = undefined;
    }
  }

  /**
   * Fetches the revisions in use anew where what was fetched before takes much more than they need. Nothing changes
   * when that fails. Resolves with the folders that were left, which somebody may still be reading.
   */
  async renew(signal: AbortSignal): Promise<readonly string[]> {
    const { length } = this.#inUse();
    if (length === 0 || this.backend.isGrown?.(length) !== true) return [];
    return (await this.backend.renew?.(() => this.#inUse(), signal)) ?? [];
  }

  metadata(revision: string): CommitMetadata | undefined {
    try {
      return readCommitMetadata(this.objects(), revision);
    } catch {
      return undefined;
    }
  }

  /** Reads of the repository's objects in this thread: small ones only. */
  objects(): GitObjects {
    if (this.#objects?.gitdir !== this.backend.gitdir) {
      this.#objects?.close();
      this.#objects = new GitObjects(this.backend.gitdir, { cacheBytes: 4 * 1024 * 1024 });
    }
    return this.#objects;
  }

  close(): void {
    this.#objects?.close();
    this.#objects = undefined;
  }

  /** The commits that revisions in use name. */
  #inUse(): readonly string[] {
    return [...new Set(this.#targets.values())];
  }

  async #lookUntilCurrent(signal: AbortSignal): Promise<void> {
    do {
      this.#lookAgain = false;
      try {
        await this.#lookOnce(signal);
        this.#tellReach(undefined);
      } catch (error) {
        if (signal.aborted) return;
        this.#tellReach(error instanceof SourceError ? error : unexpected(this.url, error));
        return;
      }
    } while (this.#lookAgain && !signal.aborted);
  }

  async #lookOnce(signal: AbortSignal): Promise<void> {
    const refs = await this.backend.refs(signal);
    this.#refs = refs;
    for (const target of this.#unknown) {
      if (resolveRevision(refs, target) === undefined) continue;
      this.#unknown.delete(target);
      this.listener({ type: 'reach', target, error: undefined });
    }
    for (const [target, from] of this.#targets) {
      const to = resolveRevision(refs, target);
      this.#tellGone(target, to === undefined);
      // A branch that is gone keeps what it named: nothing that runs may change because of it.
      if (to === undefined || to === from) continue;
      await this.#obtain(to, signal);
      this.#targets.set(target, to);
      this.listener({ type: 'moved', target, from, to, changed: this.#difference(from, to) });
    }
  }

  #difference(from: string, to: string): ChangedPaths {
    try {
      return changedPaths(this.objects(), from, to);
    } catch {
      // The old commit is no longer there: everything may have changed.
      return { has: () => true, size: Number.POSITIVE_INFINITY };
    }
  }

  #resolve(target: string): string | undefined {
    return this.#refs === undefined ? (isCommit(target) ? target : undefined) : resolveRevision(this.#refs, target);
  }

  async #obtain(revision: string, signal: AbortSignal): Promise<void> {
    if (this.#obtainedIn !== this.backend.gitdir) this.#obtaining.clear();
    this.#obtainedIn = this.backend.gitdir;
    let obtaining = this.#obtaining.get(revision);
    if (obtaining === undefined) {
      const folder = this.backend.gitdir;
      obtaining = this.backend
        .obtain(revision, signal, () => this.#inUse())
        .then(
          () => {
            // A new cache folder holds what is in use only: others are obtained again when they are asked for.
            if (this.backend.gitdir === folder) return;
            this.#obtaining.clear();
          },
          (error: unknown) => {
            this.#obtaining.delete(revision);
            throw error;
          },
        );
      this.#obtaining.set(revision, obtaining);
      if (this.#obtaining.size > REMEMBERED_COMMITS) this.#obtaining.delete(this.#obtaining.keys().next().value ?? '');
    }
    await obtaining;
  }

  #tellReach(error: SourceError | undefined): void {
    const before = this.#failure;
    this.#failure = error === undefined ? undefined : { since: before?.since ?? this.clock.now(), error };
    if (before?.error.message !== error?.message) this.listener({ type: 'reach', error });
  }

  #tellGone(target: string, gone: boolean): void {
    if (gone === this.#gone.has(target)) return;
    if (!gone) {
      this.#gone.delete(target);
      this.listener({ type: 'reach', target, error: undefined });
      return;
    }
    const where = withoutCredentials(this.url);
    const error = new SourceError('revision-not-found', `Cannot find revision "${target}" in ${where} any more`);
    this.#gone.set(target, { since: this.clock.now(), error });
    this.listener({ type: 'reach', target, error });
  }
}

/** Commits that are known to be there without another look at the disk. */
const REMEMBERED_COMMITS = 100;

const targetOf = (targetRevision: string | undefined): string =>
  targetRevision === undefined || targetRevision === '' ? DEFAULT_REVISION : targetRevision;

const unexpected = (url: string, error: unknown): SourceError =>
  new SourceError('unreachable', `Cannot read ${withoutCredentials(url)}: ${(error as Error).message}`, {
    cause: error,
  });
