import type { KubeObject, ObjectKey } from '../../objects/object.js';
import { keyOf, keyText } from '../../objects/object.js';
import type { Informer } from '../client/informer.js';

interface Deleted {
  readonly key: ObjectKey;
  readonly uid: string | undefined;
}

interface Pending {
  createdAt: bigint;
  readonly deleted: Map<string, Deleted>;
}

/** How soon to look again while the informer lags; its event normally comes first. */
export const LAG_RECHECK_MS = 2000;

/**
 * Remembers what a controller wrote for a key until its informer has seen it, so that a lagging informer never makes
 * it create or delete twice. (What Kubernetes calls expectations; versions of one store can be compared, so nothing
 * needs to be counted.)
 */
export class WriteBarrier {
  readonly #pending = new Map<string, Pending>();

  constructor(private readonly informer: Informer) {}

  /** An object was created or changed for the owner `key`. */
  wrote(key: ObjectKey, object: KubeObject): void {
    const pending = this.#of(key);
    const version = BigInt(object.metadata.resourceVersion ?? '0');
    if (version > pending.createdAt) pending.createdAt = version;
  }

  /** An object was deleted for the owner `key`. */
  deleted(key: ObjectKey, object: KubeObject): void {
    this.#of(key).deleted.set(object.metadata.uid ?? '', { key: keyOf(object), uid: object.metadata.uid });
  }

  /** True when the informer shows all that was written for the key. */
  isCaughtUp(key: ObjectKey): boolean {
    const pending = this.#pending.get(keyText(key));
    if (pending === undefined) return true;
    if (BigInt(this.informer.resourceVersion || '0') < pending.createdAt) return false;
    for (const [uid, deleted] of pending.deleted) {
      if (this.#shows(deleted)) return false;
      pending.deleted.delete(uid);
    }
    this.#pending.delete(keyText(key));
    return true;
  }

  /** The key is gone: nothing to wait for. */
  forget(key: ObjectKey): void {
    this.#pending.delete(keyText(key));
  }

  /** True while the informer still has the object as one that is not being deleted. */
  #shows({ key, uid }: Deleted): boolean {
    const known = this.informer.get(key);
    return known !== undefined && known.metadata.uid === uid && known.metadata.deletionTimestamp === undefined;
  }

  #of(key: ObjectKey): Pending {
    const id = keyText(key);
    const pending = this.#pending.get(id) ?? { createdAt: 0n, deleted: new Map<string, Deleted>() };
    this.#pending.set(id, pending);
    return pending;
  }
}
