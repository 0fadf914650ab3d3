import type { KindOf } from '../../objects/kind.js';
import type { KubeObject, ObjectKey } from '../../objects/object.js';
import type { DirectorySourceOptions, HelmSourceOptions, KustomizeSourceOptions } from '../../render/render.js';

/** Where manifests come from: a path in a Git repository, or a chart of a Helm repository. */
export interface ApplicationSource {
  readonly repoURL: string;
  readonly path?: string;
  /** Branch, tag, commit, `HEAD` or a semver range over tags; default `HEAD`. For a chart, its version or a range. */
  readonly targetRevision?: string;
  readonly chart?: string;
  /** Names this source, so that value files of others can read it as `$ref/...`. */
  readonly ref?: string;
  readonly name?: string;
  readonly helm?: HelmSourceOptions;
  readonly kustomize?: KustomizeSourceOptions;
  readonly directory?: DirectorySourceOptions & { readonly jsonnet?: Readonly<Record<string, unknown>> };
  readonly plugin?: Readonly<Record<string, unknown>>;
}

/** The cluster by URL or name, and the namespace of objects that name none. */
export interface ApplicationDestination {
  readonly server?: string;
  readonly name?: string;
  readonly namespace?: string;
}

export interface IgnoreDifference {
  readonly group?: string;
  readonly kind: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly jsonPointers?: readonly string[];
  readonly jqPathExpressions?: readonly string[];
  readonly managedFieldsManagers?: readonly string[];
}

export interface Backoff {
  readonly duration?: string;
  readonly factor?: number;
  readonly maxDuration?: string;
}

export interface RetryStrategy {
  /** Attempts after the first; -1 for ever. */
  readonly limit?: number;
  readonly backoff?: Backoff;
  /** Resolve the revision again on a retry. */
  readonly refresh?: boolean;
}

export interface SyncPolicy {
  readonly automated?: {
    readonly enabled?: boolean;
    readonly prune?: boolean;
    readonly selfHeal?: boolean;
    readonly allowEmpty?: boolean;
  };
  readonly syncOptions?: readonly string[];
  readonly retry?: RetryStrategy;
  readonly managedNamespaceMetadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  /** Fairlead: return to the last healthy revision when a sync does not become healthy in time. */
  readonly rollback?: { readonly enabled?: boolean; readonly healthTimeout?: string };
}

export interface ApplicationSpec {
  readonly project: string;
  readonly source?: ApplicationSource;
  readonly sources?: readonly ApplicationSource[];
  readonly destination: ApplicationDestination;
  readonly syncPolicy?: SyncPolicy;
  readonly ignoreDifferences?: readonly IgnoreDifference[];
  readonly revisionHistoryLimit?: number;
  readonly info?: readonly Info[];
  /** Fairlead: applications that must be healthy before this one is synced. */
  readonly dependsOn?: readonly { readonly name: string; readonly namespace?: string }[];
}

export interface Info {
  readonly name: string;
  readonly value: string;
}

/** Names one object of a selective sync. */
export interface SyncOperationResource {
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface SyncOperation {
  readonly revision?: string;
  readonly revisions?: readonly string[];
  readonly prune?: boolean;
  readonly dryRun?: boolean;
  readonly syncStrategy?: {
    readonly apply?: { readonly force?: boolean };
    readonly hook?: { readonly force?: boolean };
  };
  readonly resources?: readonly SyncOperationResource[];
  readonly source?: ApplicationSource;
  readonly sources?: readonly ApplicationSource[];
  readonly manifests?: readonly string[];
  readonly syncOptions?: readonly string[];
  readonly autoHealAttemptsCount?: number;
}

/** Setting `operation` on an Application starts a sync. */
export interface Operation {
  readonly sync?: SyncOperation;
  readonly initiatedBy?: { readonly username?: string; readonly automated?: boolean };
  readonly info?: readonly Info[];
  readonly retry?: RetryStrategy;
}

export type OperationPhase = 'Running' | 'Terminating' | 'Failed' | 'Error' | 'Succeeded';
export type SyncPhase = 'PreSync' | 'Sync' | 'PostSync' | 'SyncFail';
export type ResultCode = 'Synced' | 'SyncFailed' | 'Pruned' | 'PruneSkipped';

/** What a sync did with one object; `hookPhase` is how far it has come, for objects that are no hooks too. */
export interface ResourceResult {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly status?: ResultCode;
  readonly message?: string;
  readonly hookType?: SyncPhase;
  readonly hookPhase?: OperationPhase;
  readonly syncPhase?: SyncPhase;
  readonly images?: readonly string[];
}

export interface SyncResult {
  readonly revision: string;
  readonly revisions?: readonly string[];
  readonly source?: ApplicationSource;
  readonly sources?: readonly ApplicationSource[];
  readonly resources?: readonly ResourceResult[];
  /** Fairlead: digest of the manifests that were deployed. */
  readonly manifests?: string;
}

export interface OperationState {
  /** Fairlead: tells two operations apart that began in the same second. */
  readonly id?: string;
  readonly operation: Operation;
  readonly phase: OperationPhase;
  readonly message?: string;
  readonly syncResult?: SyncResult;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly retryCount?: number;
}

export type HealthStatusCode = 'Healthy' | 'Suspended' | 'Progressing' | 'Missing' | 'Degraded' | 'Unknown';
export type SyncStatusCode = 'Synced' | 'OutOfSync' | 'Unknown';

export interface HealthStatus {
  readonly status: HealthStatusCode;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface ResourceStatus {
  readonly group?: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly status?: SyncStatusCode;
  readonly health?: HealthStatus;
  readonly hook?: boolean;
  readonly requiresPruning?: boolean;
  /** It is deleted only after a person has approved it. */
  readonly requiresDeletionConfirmation?: boolean;
  readonly syncWave?: number;
}

export interface RevisionHistory {
  readonly id: number;
  readonly revision: string;
  readonly revisions?: readonly string[];
  readonly source?: ApplicationSource;
  readonly sources?: readonly ApplicationSource[];
  readonly deployedAt: string;
  readonly deployStartedAt?: string;
  readonly initiatedBy?: { readonly username?: string; readonly automated?: boolean };
  /** Fairlead: digest of the manifests that were kept for a rollback. */
  readonly manifests?: string;
  readonly author?: string;
  readonly message?: string;
  readonly date?: string;
}

export interface ApplicationCondition {
  readonly type: string;
  readonly message: string;
  readonly lastTransitionTime?: string;
  /** Fairlead: from the table in `conditions.ts`. */
  readonly reason?: string;
}

export interface Quarantined {
  readonly revision: string;
  readonly reason: string;
  readonly since: string;
  /** Digest of what the revision renders to: a later revision that renders to the same is the same. */
  readonly manifests?: string;
  /** When its sync began: what was made since then goes again with it. */
  readonly deployStartedAt?: string;
}

export interface SyncStatus {
  readonly status: SyncStatusCode;
  readonly revision?: string;
  readonly revisions?: readonly string[];
  readonly comparedTo?: {
    readonly source?: ApplicationSource;
    readonly sources?: readonly ApplicationSource[];
    readonly destination: ApplicationDestination;
    readonly ignoreDifferences?: readonly IgnoreDifference[];
  };
}

export interface ApplicationStatus {
  readonly resources?: readonly ResourceStatus[];
  readonly sync?: SyncStatus;
  readonly health?: HealthStatus;
  readonly history?: readonly RevisionHistory[];
  readonly conditions?: readonly ApplicationCondition[];
  readonly reconciledAt?: string;
  readonly observedGeneration?: number;
  readonly operationState?: OperationState;
  readonly sourceType?: string;
  readonly sourceTypes?: readonly string[];
  readonly summary?: {
    readonly images?: readonly string[];
    readonly externalURLs?: readonly string[];
    readonly isAppOfApps?: boolean;
  };
  readonly controllerNamespace?: string;
  readonly quarantine?: readonly Quarantined[];
}

export interface Application extends KubeObject {
  readonly spec: ApplicationSpec;
  readonly status?: ApplicationStatus;
  readonly operation?: Operation;
}
export const Application: KindOf<Application> = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' };

export interface GroupKindRule {
  readonly group: string;
  readonly kind: string;
  readonly name?: string;
}

/** When applications may or may not be synced. */
export interface SyncWindow {
  readonly kind: 'allow' | 'deny';
  /** Cron, five fields. */
  readonly schedule: string;
  readonly duration: string;
  readonly applications?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly clusters?: readonly string[];
  readonly manualSync?: boolean;
  readonly timeZone?: string;
  /** All lists must match, not any of them. */
  readonly andOperator?: boolean;
}

export interface AppProjectSpec {
  readonly description?: string;
  readonly sourceRepos?: readonly string[];
  readonly sourceNamespaces?: readonly string[];
  readonly destinations?: readonly ApplicationDestination[];
  readonly clusterResourceWhitelist?: readonly GroupKindRule[];
  readonly clusterResourceBlacklist?: readonly GroupKindRule[];
  readonly namespaceResourceWhitelist?: readonly GroupKindRule[];
  readonly namespaceResourceBlacklist?: readonly GroupKindRule[];
  readonly syncWindows?: readonly SyncWindow[];
}

export interface AppProject extends KubeObject {
  readonly spec: AppProjectSpec;
}
export const AppProject: KindOf<AppProject> = { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject' };

/** Namespaces that may hold applications, projects and repository Secrets. */
export const APPLICATION_NAMESPACES = ['argocd', 'fairlead'] as const;

/** The cluster that the operator runs in. */
export const IN_CLUSTER_SERVER = 'https://kubernetes.default.svc';
export const IN_CLUSTER_NAME = 'in-cluster';

export const REFRESH_ANNOTATION = 'argocd.argoproj.io/refresh';
export const SKIP_RECONCILE_ANNOTATION = 'argocd.argoproj.io/skip-reconcile';
export const FINALIZER = 'resources-finalizer.argocd.argoproj.io';
export const BACKGROUND_FINALIZER = 'resources-finalizer.argocd.argoproj.io/background';
export const FOREGROUND_FINALIZER = 'resources-finalizer.argocd.argoproj.io/foreground';

/** All sources of an application: `sources` when it has any, else `source`. */
export const sourcesOf = (spec: ApplicationSpec): readonly ApplicationSource[] => {
  if (spec.sources !== undefined && spec.sources.length > 0) return spec.sources;
  return spec.source === undefined ? [] : [spec.source];
};

/** The application's name in tracking ids: its name in `argocd`, else `namespace_name`. */
export const instanceName = (key: ObjectKey): string =>
  key.namespace === undefined || key.namespace === APPLICATION_NAMESPACES[0]
    ? key.name
    : `${key.namespace}_${key.name}`;

/** The key of the application that a tracking id names. */
export const instanceKey = (instance: string): ObjectKey => {
  const underscore = instance.indexOf('_');
  return underscore < 0
    ? { namespace: APPLICATION_NAMESPACES[0], name: instance }
    : { namespace: instance.slice(0, underscore), name: instance.slice(underscore + 1) };
};

/** Automated sync is on: `automated` is there and not disabled. */
export const isAutomated = (spec: ApplicationSpec): boolean =>
  spec.syncPolicy?.automated !== undefined && spec.syncPolicy.automated.enabled !== false;

/** Rollback is on: as asked, by default where syncing is automated. */
export const rollsBack = (spec: ApplicationSpec): boolean => spec.syncPolicy?.rollback?.enabled ?? isAutomated(spec);
