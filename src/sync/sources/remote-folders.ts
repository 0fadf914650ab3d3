import { timeoutSignal } from '../../objects/timeout-signal.js';
import { parseRepoSpec } from '../../render/kustomize/load/repo-spec.js';
import type { GitObjects, GitTreeEntry } from '../../render/files/git-objects.js';
import type { SubmoduleRef } from '../../render/files/open-tree.js';
import type { Answer } from '../../render/outside.js';
import { OutsideError } from '../../render/outside.js';
import { treeOf } from './changed-paths.js';
import { SourceError } from './errors.js';
import type { Repositories } from './repositories.js';
import { isOnMachine, locateRepository, withoutCredentials } from './repository-url.js';
import { DEFAULT_REVISION } from './revision.js';
import { readSubmodules } from './submodules.js';
import { FOLDER_MODE, SUBMODULE_MODE } from '../../render/files/git-modes.js';

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
      const wanted = { repoURL: spec.repoURL, ref: spec.ref, shown };
      const until = AbortSignal.any([signal, timeout]);
      const found = await this.#obtain(wanted, rights, until);
      const submodules = spec.submodules ? await this.#submodules(found, spec.repoURL, rights, until) : [];
      const tree = { kind: 'git', gitdir: found.gitdir, tree: found.tree, submodules } as const;
      return { id: `${found.revision} ${spec.path}`, value: { tree, path: spec.path } };
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
  async #obtain({ repoURL, ref, shown }: Wanted, rights: FolderRights, signal: AbortSignal): Promise<Obtained> {
    if (locateRepository(repoURL).type === 'folder' && !(rights.mayReadMachine && rights.mayUse(repoURL))) {
      throw new OutsideError(`'${shown}' is a folder of this machine, which a remote base may not be`);
    }
    const access = rights.mayUse(repoURL) ? 'configured' : 'anonymous';
    rights.using({ identity: this.#repositories.identity(repoURL, access), target: ref ?? DEFAULT_REVISION });
    const found = await this.#repositories.obtain({ repoURL, targetRevision: ref, access }, signal);
    const objects = found.repository.objects();
    return { revision: found.revision, gitdir: found.gitdir, objects, tree: treeOf(objects, found.revision) };
  }

  /** Fetches the submodules of a tree, and theirs, with the same rights. */
  async #submodules(
    { objects, tree }: Obtained,
    repoURL: string,
    rights: FolderRights,
    signal: AbortSignal,
    depth = 1,
  ): Promise<readonly SubmoduleRef[]> {
    const file = entryAt(objects, tree, '.gitmodules');
    if (file === undefined || file.mode === FOLDER_MODE) return [];
    const found: SubmoduleRef[] = [];
    for (const { path, url } of readSubmodules(objects.read(file.id, 'blob').toString('utf8'), repoURL)) {
      const entry = entryAt(objects, tree, path);
      if (entry?.mode !== SUBMODULE_MODE) continue;
      try {
        if (depth > MAX_SUBMODULE_DEPTH) throw new OutsideError('submodules are nested too deep');
        // Git does not follow a submodule to a folder of the machine either.
        if (isOnMachine(url)) throw new OutsideError("transport 'file' not allowed");
        const submodule = await this.#obtain({ repoURL: url, ref: entry.id, shown: url }, rights, signal);
        found.push({ path, gitdir: submodule.gitdir, tree: submodule.tree });
        for (const inner of await this.#submodules(submodule, url, rights, signal, depth + 1)) {
          found.push({ ...inner, path: `${path}/${inner.path}` });
        }
      } catch (error) {
        if (!(error instanceof SourceError || error instanceof OutsideError)) throw error;
        const hint = depth === 1 ? ' (?submodules=false leaves submodules out)' : '';
        throw new SourceError('not-found', `submodule '${path}': ${error.message}${hint}`, { cause: error });
      }
    }
    return found;
  }
}

interface Wanted {
  readonly repoURL: string;
  readonly ref: string | undefined;
  /** For messages. */
  readonly shown: string;
}

interface Obtained {
  readonly revision: string;
  readonly gitdir: string;
  readonly objects: GitObjects;
  readonly tree: string;
}

const MAX_SUBMODULE_DEPTH = 10;

/** What a tree has at a path; links are not followed. */
const entryAt = (objects: GitObjects, tree: string, path: string): GitTreeEntry | undefined => {
  let found: GitTreeEntry | undefined;
  for (const name of path.split('/')) {
    if (found !== undefined && found.mode !== FOLDER_MODE) return undefined;
    found = objects.tree(found?.id ?? tree).find((entry) => entry.name === name);
    if (found === undefined) return undefined;
  }
  return found;
};
