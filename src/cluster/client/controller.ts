import type { KindOf } from '../../objects/kind.js';
import type { KubeObject, ObjectKey } from '../../objects/object.js';
import { keyOf } from '../../objects/object.js';

/** The result of a reconcile. A throw means: again, with backoff. `TerminalError`: not before something changes. */
export type Outcome = { readonly done: true } | { readonly requeueAfterMs: number };

export const DONE: Outcome = { done: true };

/** Trying again would fail in the same way: the input must change first. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** Which kind to watch, and which keys to reconcile when one of its objects changes. */
export interface Watch {
  readonly kind: KindOf;
  /** Keys for a changed object; `previous` is its state before, absent when it is new. */
  keys(object: KubeObject, previous: KubeObject | undefined): readonly ObjectKey[];
}

/** Reconciles one kind of thing. Level-driven: gets a key, reads everything else, may run twice or late. */
export interface Controller {
  readonly name: string;
  readonly watches: readonly Watch[];
  /** How many keys may be reconciled at once; one key never runs twice at the same time. Default 16. */
  readonly concurrency?: number;
  /** More keys than the watches give, such as those of kinds that come and go. Runs until the signal fires. */
  source?(enqueue: (key: ObjectKey) => void, signal: AbortSignal): Promise<void>;
  reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome>;
}

/** A watch on the reconciled kind itself. */
export const watchSelf = <T extends KubeObject>(kind: KindOf<T>): Watch => ({
  kind,
  keys: (object) => [keyOf(object)],
});

/** A watch on objects that the reconciled kind owns through a controller reference. */
export const watchOwned = (kind: KindOf, owner: KindOf): Watch => ({
  kind,
  keys: (object) =>
    (object.metadata.ownerReferences ?? [])
      .filter((reference) => reference.controller === true && reference.kind === owner.kind)
      .map((reference) =>
        object.metadata.namespace === undefined
          ? { name: reference.name }
          : { namespace: object.metadata.namespace, name: reference.name },
      ),
});
