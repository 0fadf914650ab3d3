import type { KindOf } from '../../objects/kind.js';
import type { KubeObject, ObjectKey } from '../../objects/object.js';

export interface InformerEvent<T extends KubeObject> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: T;
  readonly previous?: T;
}

/** A live, indexed copy of all objects of a kind, kept by one watch. Reads are synchronous. */
export interface Informer<T extends KubeObject = KubeObject> {
  readonly kind: KindOf<T>;
  get(key: ObjectKey): T | undefined;
  /** All objects, or those of a namespace. */
  list(namespace?: string): readonly T[];
  /** Objects for which the index function returned `value`. The index must have been added before the start. */
  byIndex(index: string, value: string): readonly T[];
  addIndex(index: string, values: (object: T) => readonly string[]): void;
  /** Handlers get every object that is already there as `added`, then changes, in order. Returns the unsubscriber. */
  onEvent(handler: (event: InformerEvent<T>) => void): () => void;
  /** The newest version that was seen; the empty string before the first list. */
  readonly resourceVersion: string;
  /** Resolves when the first list is in. */
  readonly synced: Promise<void>;
}

/** Shares one informer a kind (and selector) between everybody in the process who asks. */
export interface InformerSet {
  /** The informer, started when the set runs; `fieldSelector` and `labelSelector` make a separate one. */
  informer<T extends KubeObject>(
    kind: KindOf<T>,
    selection?: { readonly namespace?: string; readonly labelSelector?: string; readonly fieldSelector?: string },
  ): Informer<T>;
  /** Starts what was asked for and what will be, until the signal fires. Resolves when all present ones are synced. */
  start(signal: AbortSignal): Promise<void>;
}
