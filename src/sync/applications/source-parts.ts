import type { Clock } from '../../objects/clock.js';
import { GitTree } from '../../render/files/git-tree.js';
import type { TreeRef } from '../../render/files/open-tree.js';
import type { PooledRender, RenderPool } from '../../render/pool/render-pool.js';
import type { KustomizeBuildOptions, Manifest } from '../../render/render.js';
import type { Charts } from '../sources/charts.js';
import { isExactVersion } from '../sources/charts.js';
import { treeOf } from '../sources/changed-paths.js';
import type { Repositories } from '../sources/repositories.js';
import { repositoryIdentity } from '../sources/repository-url.js';
import type { Commit, Repository } from '../sources/repository.js';
import type { AppProject, Application, ApplicationSource } from './application.js';
import { buildEnvironment } from './build-environment.js';
import type { ForeignFile } from './foreign-files.js';
import { readForeignFiles } from './foreign-files.js';
import { manifestsDigest } from './kept-manifests.js';
import { passesLink } from './link-paths.js';
import type { Inquiries, RenderAnswersDeps } from './render-answers.js';
import { RenderAnswers } from './render-answers.js';

/** What an application's sources say it should be. */
export interface DesiredState {
  /** One revision a source. */
  readonly revisions: readonly string[];
  readonly manifests: readonly Manifest[];
  readonly digest: string;
  readonly warnings: readonly string[];
}

/** Paths of a repository that were read for an application. */
export interface SourceUse {
  readonly repository: string;
  readonly target: string | undefined;
  readonly reads: readonly string[];
  /** A symbolic link was passed: what was read is elsewhere in the repository too. */
  readonly anywhere: boolean;
}

/** One source, rendered. */
export interface Part {
  readonly state: DesiredState;
  readonly uses: readonly SourceUse[];
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Which application is rendered, and what of it. */
export interface PartRequest {
  readonly application: Application;
  readonly project: AppProject | undefined;
  readonly sources: readonly ApplicationSource[];
  readonly inquiries: Inquiries;
}

export interface SourcePartsDeps extends RenderAnswersDeps {
  readonly repositories: Repositories;
  readonly charts: Charts;
  readonly clock: Clock;
  readonly renderPool: RenderPool;
  readonly kubeVersion: () => string;
  readonly apiVersions: () => readonly string[];
  /** How kustomizations are built here; undefined for the defaults. */
  readonly kustomizeBuild: () => KustomizeBuildOptions | undefined;
}

export const NEVER = Number.POSITIVE_INFINITY;
/** How long the answer to a range of chart versions, and to what nobody tells of, is believed. */
export const BELIEVED_MS = 180_000;

/** Resolves and renders one source of an application. Throws SourceError and RenderError. */
export class SourceParts {
  readonly #deps: SourcePartsDeps;

  constructor(deps: SourcePartsDeps) {
    this.#deps = deps;
  }

  async part(request: PartRequest, source: ApplicationSource, signal: AbortSignal): Promise<Part> {
    if (source.chart !== undefined) return await this.#chart(request, { ...source, chart: source.chart }, signal);
    const repository = this.#deps.repositories.use(source.repoURL);
    const commit = await repository.commit(source.targetRevision, signal);
    if (source.path === undefined) {
      return {
        state: { revisions: [commit.revision], manifests: [], digest: '', warnings: [] },
        uses: [],
        expires: NEVER,
      };
    }
    const tree = treeOf(repository.objects(), commit.revision);
    const ref: TreeRef = { kind: 'git', gitdir: commit.gitdir, tree };
    const { render, foreign } = await this.#render(request, source, { ref, revision: commit.revision }, signal);
    const uses = [useOf(source, repository, commit, render), ...foreign.map(useOfFile)];
    return { state: stateOf(commit.revision, render), uses, expires: NEVER };
  }

  async #chart(
    request: PartRequest,
    source: ApplicationSource & { readonly chart: string },
    signal: AbortSignal,
  ): Promise<Part> {
    const { repoURL, chart, targetRevision } = source;
    const passCredentials = source.helm?.passCredentials === true;
    const obtained = await this.#deps.charts.obtain({ repoURL, chart, targetRevision, passCredentials }, signal);
    const ref: TreeRef = { kind: 'folder', path: obtained.folder };
    const tree = { ref, revision: obtained.version };
    const { render, foreign } = await this.#render(request, { ...source, path: '' }, tree, signal);
    const expires = isExactVersion(targetRevision) ? NEVER : this.#deps.clock.now() + BELIEVED_MS;
    return { state: stateOf(obtained.version, render), uses: foreign.map(useOfFile), expires };
  }

  async #render(
    { application, project, sources, inquiries }: PartRequest,
    source: ApplicationSource,
    { ref, revision }: { readonly ref: TreeRef; readonly revision: string },
    signal: AbortSignal,
  ): Promise<{ readonly render: PooledRender; readonly foreign: readonly ForeignFile[] }> {
    const { metadata, spec } = application;
    const { helm, kustomize, directory } = source;
    const environment = buildEnvironment(application, source, revision);
    const foreign = await readForeignFiles({ source, sources, environment }, this.#deps.repositories, signal);
    const kustomizeBuild = this.#deps.kustomizeBuild();
    const answers = new RenderAnswers(
      {
        project: project?.spec ?? {},
        projectName: spec.project,
        destination: spec.destination,
        repoURL: source.repoURL,
        environment,
      },
      inquiries,
      this.#deps,
    );
    const options = {
      path: source.path ?? '',
      applicationName: metadata.name,
      namespace: spec.destination.namespace ?? '',
      kubeVersion: this.#deps.kubeVersion(),
      apiVersions: this.#deps.apiVersions(),
      ...(helm === undefined ? {} : { helm }),
      ...(foreign.length === 0 ? {} : { foreignFiles: textsOf(foreign) }),
      ...(kustomize === undefined ? {} : { kustomize }),
      ...(directory === undefined ? {} : { directory }),
      ...(kustomizeBuild === undefined ? {} : { kustomizeBuild }),
    };
    return { render: await this.#deps.renderPool.render(ref, options, signal, answers), foreign };
  }
}

const stateOf = (revision: string, { manifests, warnings }: PooledRender): DesiredState => ({
  revisions: [revision],
  manifests,
  digest: manifestsDigest(manifests),
  warnings,
});

/** The manifests of all sources, in their order. */
export const joinParts = (parts: readonly Part[]): DesiredState => {
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
