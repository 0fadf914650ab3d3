import type { KubeObject, OwnerReference } from '../../../objects/object.js';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

/** What is known of an owner that an object names. */
export type OwnerState =
  | 'present'
  /** Not there, or another object of that name. */
  | 'absent'
  /** Being deleted in the foreground: it waits for its dependents. */
  | 'waiting'
  /** Of a namespaced kind, named by an object without namespace: the reference means nothing. */
  | 'invalid';

export interface OwnedBy {
  readonly reference: OwnerReference;
  readonly state: OwnerState;
}

export type Decision =
  | { readonly type: 'keep' }
  /** Some owners remain: the references to the others go. */
  | { readonly type: 'drop-references'; readonly uids: readonly string[] }
  /** `unblock`: dependents of the object wait for each other in a circle, so none may block another. */
  | { readonly type: 'delete'; readonly policy: 'Background' | 'Foreground' | 'Orphan'; readonly unblock: boolean };

const KEEP: Decision = { type: 'keep' };

const has = (object: KubeObject, finalizer: string): boolean =>
  object.metadata.finalizers?.includes(finalizer) === true;

export const isDeleted = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;
/** Deleted, and waits until its dependents are deleted. */
export const isDeletingDependents = (object: KubeObject): boolean => isDeleted(object) && has(object, FOREGROUND);
/** Deleted, and waits until its dependents have lost their reference to it. */
export const isOrphaning = (object: KubeObject): boolean => isDeleted(object) && has(object, ORPHAN);

/** What the garbage collector does with an object whose owners are in these states. */
export const decideCollection = (
  object: KubeObject,
  owners: readonly OwnedBy[],
  dependents: readonly KubeObject[],
): Decision => {
  if (owners.length === 0 || (isDeleted(object) && !isDeletingDependents(object))) return KEEP;
  if (owners.some(({ state }) => state === 'invalid')) return KEEP;
  const gone = owners.filter(({ state }) => state !== 'present');
  if (gone.length === 0) return KEEP;
  if (gone.length < owners.length) {
    return { type: 'drop-references', uids: gone.map(({ reference }) => reference.uid) };
  }
  if (isDeleted(object)) return KEEP;
  if (owners.some(({ state }) => state === 'waiting') && dependents.length > 0) {
    return { type: 'delete', policy: 'Foreground', unblock: dependents.some(isDeletingDependents) };
  }
  const policy = has(object, ORPHAN) ? 'Orphan' : has(object, FOREGROUND) ? 'Foreground' : 'Background';
  return { type: 'delete', policy, unblock: false };
};

/** Dependents that the foreground deletion of `owner` waits for. */
export const blockingDependents = (owner: KubeObject, dependents: readonly KubeObject[]): readonly KubeObject[] =>
  dependents.filter((dependent) =>
    (dependent.metadata.ownerReferences ?? []).some(
      (reference) => reference.uid === owner.metadata.uid && reference.blockOwnerDeletion === true,
    ),
  );

export const withoutFinalizer = (object: KubeObject, finalizer: string): KubeObject => {
  const finalizers = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
  return { ...object, metadata: { ...object.metadata, finalizers } };
};

export const withoutOwners = (object: KubeObject, uids: readonly string[]): KubeObject => {
  const ownerReferences = (object.metadata.ownerReferences ?? []).filter(({ uid }) => !uids.includes(uid));
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
};

export const withoutBlocking = (object: KubeObject): KubeObject => {
  const ownerReferences = (object.metadata.ownerReferences ?? []).map((reference) => ({
    ...reference,
    blockOwnerDeletion: false,
  }));
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
};
