import type { KindOf, KindRef } from '../../objects/kind.js';
import type { KubeObject, ObjectKey } from '../../objects/object.js';

export interface ListOptions {
  /** All namespaces when absent. */
  readonly namespace?: string;
  /** Kubernetes syntax: `app=web,tier in (a,b)`. */
  readonly labelSelector?: string;
  /** Kubernetes syntax: `spec.nodeName=n1`. */
  readonly fieldSelector?: string;
  /** Pages of at most this many objects; absent: everything in one answer. */
  readonly limit?: number;
  readonly continue?: string;
}

export interface ObjectList<T extends KubeObject = KubeObject> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

export interface WriteOptions {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
}

export interface UpdateOptions extends WriteOptions {
  /** Replaces what this subresource covers: `finalize` of a Namespace, `scale`, `approval`. */
  readonly subresource?: string;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Take over fields that other managers own. */
  readonly force?: boolean;
  readonly subresource?: 'status' | 'scale';
}

export type Patch =
  | { readonly type: 'json'; readonly body: readonly Readonly<Record<string, unknown>>[] }
  | { readonly type: 'merge'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly type: 'strategic'; readonly body: Readonly<Record<string, unknown>> };

export interface PatchOptions extends WriteOptions {
  readonly subresource?: string;
}

export interface DeleteOptions {
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

/** `bookmark` carries a resourceVersion only; with `initialEvents` it ends the synthetic `added` events of the start. */
export type WatchEvent<T extends KubeObject = KubeObject> =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: T }
  | { readonly type: 'bookmark'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Events after this version. Absent: the state now as `added` events, a bookmark, then events. */
  readonly resourceVersion?: string;
}

/** A served resource, from discovery. */
export interface ApiResource extends KindRef {
  /** Plural, lower case: `deployments`. */
  readonly resource: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/**
 * What controllers, kubelets and the operator use: in-process, or over HTTP to any Kubernetes API. Every method that
 * fails throws `ApiError`; `get` and `delete` return undefined for an object that is not there. Objects returned are
 * shared and never mutated.
 */
export interface Client {
  get<T extends KubeObject>(kind: KindOf<T>, key: ObjectKey): Promise<T | undefined>;
  list<T extends KubeObject>(kind: KindOf<T>, options?: ListOptions): Promise<ObjectList<T>>;
  create<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T>;
  /** Replaces; fails with `Conflict` when `metadata.resourceVersion` is set and no longer the newest. */
  update<T extends KubeObject>(object: T, options?: UpdateOptions): Promise<T>;
  /** Replaces `status` only. */
  updateStatus<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(kind: KindOf<T>, key: ObjectKey, patch: Patch, options?: PatchOptions): Promise<T>;
  /** Server-side apply. */
  apply<T extends KubeObject>(object: T, options: ApplyOptions): Promise<T>;
  /** The object as it was left (with a deletionTimestamp when finalizers or a grace period hold it). */
  delete<T extends KubeObject>(kind: KindOf<T>, key: ObjectKey, options?: DeleteOptions): Promise<T | undefined>;
  /** Ends when the signal fires; throws ApiError `Expired` when the version is too old: list again. */
  watch<T extends KubeObject>(
    kind: KindOf<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  /** POST to a subresource that is not an object's part: `pods/eviction`, `pods/binding`, `serviceaccounts/token`. */
  subresource<T extends KubeObject>(kind: KindRef, key: ObjectKey, name: string, body: KubeObject): Promise<T>;
  /** The served resources; an implementation caches them and looks again when a kind is unknown. */
  resources(): Promise<readonly ApiResource[]>;
}
