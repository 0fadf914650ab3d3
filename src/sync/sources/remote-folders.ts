import { timeoutSignal } from '../../objects/timeout-signal.js';
import { parseRepoSpec } from '../../render/kustomize/load/repo-spec.js';
import type { Answer } from '../../render/outside.js';
import { OutsideError } from '../../render/outside.js';
import { treeOf } from './changed-paths.js';
import { SourceError } from './errors.js';
import type { Repositories } from './repositories.js';
import { locateRepository, withoutCredentials } from './repository-url.js';
import { DEFAULT_REVISION } from './revision.js';

/** A repository that a render has read, and the revision of it. */
export interface UsedRepository {
  /** As `Repositories` know it. */
  readonly identity: string;
  readonly target: string;
}

/** What whoever renders may do with repositories. */
export interface FolderRights {
  /** Whether the credentials of a repository's Secret may be used. */
  mayUse(repoURL: string): boolean;
  /** Whether folders of this machine may be read as repositories. */
  readonly mayReadMachine: boolean;
  /** Told of every repository before it is read. */
  using(used: UsedRepository): void;
}

/** Fetches the folders of Git repositories that kustomizations name by URL. Branches are followed from then on. */
export class RemoteFolders {
  readonly #repositories: Repositories;

  constructor(repositories: Repositories) {
    this.#repositories = repositories;
  }

  /** The identity of the answer is the commit. Throws OutsideError. */
  async folder(url: string, rights: FolderRights, signal: AbortSignal): Promise<Answer<'folder'>> {
    const shown = withoutCredentials(url);
    const spec = parseRepoSpec(url);
    if (spec === undefined) throw new OutsideError(`'${shown}' is not the URL of a Git repository`);
    const timeout = timeoutSignal(spec.timeoutMs);
    try {
      const isOnMachine = locateRepository(spec.repoURL).type === 'folder';
      if (isOnMachine && !(rights.mayReadMachine && rights.mayUse(spec.repoURL))) {
        throw new OutsideError(`'${shown}' is a folder of this machine, which a remote base may not be`);
      }
      const access = rights.mayUse(spec.repoURL) ? 'configured' : 'anonymous';
      rights.using({
        identity: this.#repositories.identity(spec.repoURL, access),
        target: spec.ref ?? DEFAULT_REVISION,
      });
      const found = await this.#repositories.obtain(
        { repoURL: spec.repoURL, targetRevision: spec.ref, access },
        AbortSignal.any([signal, timeout]),
      );
      const tree = treeOf(found.repository.objects(), found.revision);
      return {
        id: `${found.revision} ${spec.path}`,
        value: { tree: { kind: 'git', gitdir: found.gitdir, tree }, path: spec.path },
      };
    } catch (error) {
      signal.throwIfAborted();
      if (timeout.aborted) {
        const seconds = spec.timeoutMs / 1000;
        throw new OutsideError(`cannot fetch '${shown}': no answer within ${seconds} s (?timeout= changes that)`);
      }
      if (error instanceof SourceError) throw new OutsideError(`cannot fetch '${shown}': ${error.message}`);
      throw error;
    }
  }
}
