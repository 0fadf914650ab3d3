import type { KubeObject } from '../objects/object.js';
import type { FileTree } from './file-tree.js';
import type { Outside } from './outside.js';

/** `spec.source.helm` of an Application, as Argo CD has it. */
export interface HelmSourceOptions {
  readonly releaseName?: string;
  readonly namespace?: string;
  readonly valueFiles?: readonly string[];
  readonly ignoreMissingValueFiles?: boolean;
  readonly values?: string;
  readonly valuesObject?: Readonly<Record<string, unknown>>;
  readonly parameters?: readonly { readonly name: string; readonly value: string; readonly forceString?: boolean }[];
  readonly fileParameters?: readonly { readonly name: string; readonly path: string }[];
  readonly skipCrds?: boolean;
  readonly skipTests?: boolean;
  readonly skipSchemaValidation?: boolean;
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  readonly passCredentials?: boolean;
  readonly version?: string;
}

/** `spec.source.kustomize` of an Application, as Argo CD has it. */
export interface KustomizeSourceOptions {
  readonly namePrefix?: string;
  readonly nameSuffix?: string;
  /** `name=newName:tag`, `name:tag`, `name@digest`. */
  readonly images?: readonly string[];
  readonly replicas?: readonly { readonly name: string; readonly count: number | string }[];
  readonly patches?: readonly {
    readonly path?: string;
    readonly patch?: string;
    readonly target?: Readonly<Record<string, string>>;
    readonly options?: Readonly<Record<string, boolean>>;
  }[];
  readonly components?: readonly string[];
  readonly ignoreMissingComponents?: boolean;
  readonly commonLabels?: Readonly<Record<string, string>>;
  readonly labelWithoutSelector?: boolean;
  readonly labelIncludeTemplates?: boolean;
  readonly commonAnnotations?: Readonly<Record<string, string>>;
  readonly commonAnnotationsEnvsubst?: boolean;
  readonly forceCommonLabels?: boolean;
  readonly forceCommonAnnotations?: boolean;
  readonly namespace?: string;
  readonly version?: string;
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
}

/** `spec.source.directory` of an Application, as Argo CD has it. */
export interface DirectorySourceOptions {
  readonly recurse?: boolean;
  /** Globs; `{a,b}` gives alternatives. */
  readonly include?: string;
  readonly exclude?: string;
}

/** Everything a render depends on besides the files. Plain data: it crosses to a worker thread and keys the cache. */
export interface SourceOptions {
  /** Folder of the chart, overlay or manifests, relative to the tree's root. */
  readonly path: string;
  readonly applicationName: string;
  /** Namespace of the destination: Helm's release namespace. */
  readonly namespace: string;
  readonly helm?: HelmSourceOptions;
  readonly kustomize?: KustomizeSourceOptions;
  readonly directory?: DirectorySourceOptions;
  /** Files that are not in the tree, by the names that `helm` has for them: `$values/prod.yaml`; null where none is. */
  readonly foreignFiles?: Readonly<Record<string, string | null>>;
  /** `v1.35.2`: of the destination cluster. */
  readonly kubeVersion: string;
  /** `apps/v1`, `apps/v1/Deployment`: what the destination serves. */
  readonly apiVersions: readonly string[];
  /** How kustomizations are built here: the operator's setting, not the source's. */
  readonly kustomizeBuild?: KustomizeBuildOptions;
}

/** What `kustomize.buildOptions` of Argo CD's ConfigMap `argocd-cm` may ask for. */
export interface KustomizeBuildOptions {
  readonly enableHelm?: boolean;
  readonly loadRestrictor?: 'rootOnly' | 'none';
  readonly reorder?: 'legacy' | 'none';
}

/** One desired object, as rendered, and where it came from. */
export interface Manifest {
  readonly object: KubeObject;
  /** File in the tree (for Helm: the template). */
  readonly file: string;
  /** First line of the document in that file or in the template's output, from 1. */
  readonly line: number;
}

export interface Rendered {
  readonly manifests: readonly Manifest[];
  readonly warnings: readonly string[];
}

/** A render that failed: every problem found, each with its place. */
export interface RenderProblem {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

export class RenderError extends Error {
  override readonly name = 'RenderError';

  constructor(readonly problems: readonly RenderProblem[]) {
    super(problems.map(problemText).join('\n'));
  }
}

/** `chart/templates/web.yaml:12:3: message`. */
export const problemText = ({ file, line, column, message }: RenderProblem): string =>
  [file, line, column].filter((part) => part !== undefined && part !== '').join(':') + `: ${message}`;

/**
 * Files + options -> manifests. The same input gives the same output, whenever and wherever it runs; what a source needs
 * beyond its tree, it asks `outside` for.
 */
export type Render = (
  tree: FileTree,
  options: SourceOptions,
  signal: AbortSignal,
  outside?: Outside,
) => Promise<Rendered>;
