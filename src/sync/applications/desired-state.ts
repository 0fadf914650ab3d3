import type { Clock } from '../../objects/clock.js';
import type { ObjectKey } from '../../objects/object.js';
import { keyText } from '../../objects/object.js';
import { GitTree } from '../../render/files/git-tree.js';
import type { TreeRef } from '../../render/files/open-tree.js';
import type { PooledRender, RenderPool } from '../../render/pool/render-pool.js';
import type { Manifest } from '../../render/render.js';
import type { Charts } from '../sources/charts.js';
import { isExactVersion } from '../sources/charts.js';
import type { ChangedPaths } from '../sources/changed-paths.js';
import { treeOf } from '../sources/changed-paths.js';
import { SourceError } from '../sources/errors.js';
import type { Repositories } from '../sources/repositories.js';
import { repositoryIdentity } from '../sources/repository-url.js';
import type { Commit, Failure, Repository } from '../sources/repository.js';
import type { Application, ApplicationSource } from './application.js';
import { sourcesOf } from './application.js';
import type { ForeignFile } from './foreign-files.js';
import { readForeignFiles } from './foreign-files.js';
import { manifestsDigest } from './kept-manifests.js';
import { passesLink } from './link-paths.js';

/** What an application's sources say it should be. */
export interface DesiredState {
  /** One revision a source. */
  readonly revisions: readonly string[];
  readonly manifests: readonly Manifest[];
  readonly digest: string;
  readonly warnings: readonly string[];
}

interface Pinned {
  readonly sources: string;
  readonly state: DesiredState;
  readonly uses: readonly SourceUse[];
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** One source, rendered. */
interface Part {
  readonly state: DesiredState;
  readonly uses: readonly SourceUse[];
  readonly expires: number;
}

interface SourceUse {
  readonly repository: string;
  readonly target: string | undefined;
  readonly reads: readonly string[];
  /** A symbolic link was passed: what was read is elsewhere in the repository too. */
  readonly anywhere: boolean;
}

export interface DesiredStatesDeps {
  readonly repositories: Repositories;
  readonly charts: Charts;
  readonly clock: Clock;
  readonly renderPool: RenderPool;
  readonly kubeVersion: () => string;
  readonly apiVersions: () => readonly string[];
}

/**
 * Resolves and renders applications, and remembers for each what it came to and what it read. A commit that touches
 * nothing that an application has read leaves it at the revision it has: its state is the same at both.
 */
export class DesiredStates {
  readonly #deps: DesiredStatesDeps;
  readonly #pinned = new Map<string, Pinned>();
  /** How often an application was unpinned. */
  readonly #unpins = new Map<string, number>();

  constructor(deps: DesiredStatesDeps) {
    this.#deps = deps;
  }

  /** Throws SourceError and RenderError. `revision` asks for another one than the spec's. */
  async of(application: Application, revision: string | undefined, signal: AbortSignal): Promise<DesiredState> {
    const key = keyText(application.metadata);
    const sources = sourcesOf(application.spec);
    const wanted = JSON.stringify([sources, application.spec.destination.namespace]);
    const pinned = this.#pinned.get(key);
    const isPinned = revision === undefined && pinned?.sources === wanted && this.#deps.clock.now() < pinned.expires;
    if (isPinned) return pinned.state;
    if (sources.length === 0) throw new SourceError('invalid', 'Cannot render: there is no source');
    if (revision !== undefined && sources.length > 1) {
      throw new SourceError('invalid', 'Cannot render another revision of an application with several sources');
    }
    const unpins = this.#unpins.get(key) ?? 0;
    const parts: Part[] = [];
    for (const source of sources) parts.push(await this.#part(application, source, revision, signal));
    const state = joined(parts);
    // What was pushed while this was rendered has asked for another look: that must not find the older state pinned.
    if (revision === undefined && (this.#unpins.get(key) ?? 0) === unpins) {
      const expires = Math.min(...parts.map((part) => part.expires));
      this.#pinned.set(key, { sources: wanted, state, uses: parts.flatMap(({ uses }) => uses), expires });
    }
    return state;
  }

  async #part(
    application: Application,
    source: ApplicationSource,
    revision: string | undefined,
    signal: AbortSignal,
  ): Promise<Part> {
    const sources = sourcesOf(application.spec);
    const foreign = await readForeignFiles(source, sources, this.#deps.repositories, signal);
    const part = await this.#ownPart(application, source, revision, foreign, signal);
    return { ...part, uses: [...part.uses, ...foreign.map(useOfFile)] };
  }

  async #ownPart(
    application: Application,
    source: ApplicationSource,
    revision: string | undefined,
    foreign: readonly ForeignFile[],
    signal: AbortSignal,
  ): Promise<Part> {
    if (source.chart !== undefined)
      return await this.#chart(application, { ...source, chart: source.chart }, revision, foreign, signal);
    const repository = this.#deps.repositories.use(source.repoURL);
    const commit = await repository.commit(revision ?? source.targetRevision, signal);
    if (source.path === undefined) {
      return {
        state: { revisions: [commit.revision], manifests: [], digest: '', warnings: [] },
        uses: [],
        expires: NEVER,
      };
    }
    const tree = treeOf(repository.objects(), commit.revision);
    const render = await this.#render(
      application,
      source,
      { kind: 'git', gitdir: commit.gitdir, tree },
      foreign,
      signal,
    );
    const uses = [useOf(source, repository, commit, render)];
    return { state: stateOf(commit.revision, render), uses, expires: NEVER };
  }

  /** Why the newest state of a source is not known, while the last one is. */
  failureOf(application: Application): Failure | undefined {
    for (const source of sourcesOf(application.spec)) {
      const failure = this.#deps.repositories.find(source.repoURL)?.failureOf(source.targetRevision);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /** Forgets what is known of an application, so that it is resolved and rendered again. */
  unpin(key: ObjectKey): void {
    const id = keyText(key);
    this.#pinned.delete(id);
    this.#unpins.set(id, (this.#unpins.get(id) ?? 0) + 1);
  }

  /** The application is gone. */
  forget(key: ObjectKey): void {
    this.#pinned.delete(keyText(key));
    this.#unpins.delete(keyText(key));
  }

  /** Whether a push to a revision changes something that the application has read. */
  isTouched(key: ObjectKey, repoURL: string, target: string, changed: ChangedPaths): boolean {
    const pinned = this.#pinned.get(keyText(key));
    if (pinned === undefined) return true;
    const identity = repositoryIdentity(repoURL);
    return pinned.uses.some(
      (use) =>
        use.repository === identity &&
        (use.target ?? 'HEAD') === target &&
        (use.anywhere || use.reads.some((path) => changed.has(path))),
    );
  }

  /** In how many milliseconds a range of chart versions has to be looked up again; undefined when nothing has to. */
  expiresInMs(key: ObjectKey): number | undefined {
    const expires = this.#pinned.get(keyText(key))?.expires ?? Number.POSITIVE_INFINITY;
    return Number.isFinite(expires) ? Math.max(0, expires - this.#deps.clock.now()) : undefined;
  }

  async #chart(
    application: Application,
    source: ApplicationSource & { readonly chart: string },
    revision: string | undefined,
    foreign: readonly ForeignFile[],
    signal: AbortSignal,
  ): Promise<Part> {
    const targetRevision = revision ?? source.targetRevision;
    const passCredentials = source.helm?.passCredentials === true;
    const { repoURL, chart } = source;
    const obtained = await this.#deps.charts.obtain({ repoURL, chart, targetRevision, passCredentials }, signal);
    const tree: TreeRef = { kind: 'folder', path: obtained.folder };
    const render = await this.#render(application, { ...source, path: '' }, tree, foreign, signal);
    const expires = isExactVersion(targetRevision) ? NEVER : this.#deps.clock.now() + RANGE_MS;
    return { state: stateOf(obtained.version, render), uses: [], expires };
  }

  async #render(
    { metadata, spec }: Application,
    source: ApplicationSource,
    tree: TreeRef,
    foreign: readonly ForeignFile[],
    signal: AbortSignal,
  ): Promise<PooledRender> {
    const { helm, kustomize, directory } = source;
    return await this.#deps.renderPool.render(
      tree,
      {
        path: source.path ?? '',
        applicationName: metadata.name,
        namespace: spec.destination.namespace ?? '',
        kubeVersion: this.#deps.kubeVersion(),
        apiVersions: this.#deps.apiVersions(),
        ...(helm === undefined ? {} : { helm }),
        ...(foreign.length === 0 ? {} : { foreignFiles: textsOf(foreign) }),
        ...(kustomize === undefined ? {} : { kustomize }),
        ...(directory === undefined ? {} : { directory }),
      },
      signal,
    );
  }
}

const NEVER = Number.POSITIVE_INFINITY;
/** How long the answer to a range of chart versions is believed. */
const RANGE_MS = 180_000;

const stateOf = (revision: string, { manifests, warnings }: PooledRender): DesiredState => ({
  revisions: [revision],
  manifests,
  digest: manifestsDigest(manifests),
  warnings,
});

/** The manifests of all sources, in their order. */
const joined = (parts: readonly Part[]): DesiredState => {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first.state;
  const manifests = parts.flatMap(({ state }) => state.manifests);
  return {
    revisions: parts.flatMap(({ state }) => state.revisions),
    manifests,
    digest: manifestsDigest(manifests),
    warnings: parts.flatMap(({ state }) => state.warnings),
  };
};

const textsOf = (files: readonly ForeignFile[]): Readonly<Record<string, string | null>> =>
  Object.fromEntries(files.map(({ name, text }) => [name, text ?? null]));

const useOfFile = ({ source, tree, path }: ForeignFile): SourceUse => ({
  repository: repositoryIdentity(source.repoURL),
  target: source.targetRevision === '' ? undefined : source.targetRevision,
  reads: [path],
  anywhere: passesLink(tree, [path]),
});

const useOf = (source: ApplicationSource, repository: Repository, commit: Commit, render: PooledRender): SourceUse => {
  const reads = [...new Set(render.reads.map(({ path }) => path))];
  const tree = new GitTree(repository.objects(), treeOf(repository.objects(), commit.revision));
  return {
    repository: repositoryIdentity(source.repoURL),
    target: source.targetRevision === '' ? undefined : source.targetRevision,
    reads,
    anywhere: passesLink(tree, reads),
  };
};
