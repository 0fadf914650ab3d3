import type { KindOf } from '../../objects/kind.js';
import { groupOf } from '../../objects/kind.js';
import { labelsOf } from '../../objects/labels.js';
import type { KubeObject, ObjectKey } from '../../objects/object.js';
import { keyOf } from '../../objects/object.js';
import { controllerOf, controllerReference, withoutOwner, withOwner } from '../../objects/owner-references.js';
import type { LabelSelector } from '../../objects/selectors/label-selector.js';
import { matchesLabels } from '../../objects/selectors/label-selector.js';
import { isApiError } from '../../objects/api-error.js';
import type { Client } from '../client/client.js';
import type { Watch } from '../client/controller.js';
import type { Informer } from '../client/informer.js';

const CONTROLLER_INDEX = 'controller-uid';
const ORPHAN_INDEX = 'orphan-namespace';

/** Indexes that `claimable` needs; to be added before the informers start. */
export const addOwnershipIndexes = <T extends KubeObject>(informer: Informer<T>): void => {
  informer.addIndex(CONTROLLER_INDEX, (object) => {
    const uid = controllerOf(object)?.uid;
    return uid === undefined ? [] : [uid];
  });
  informer.addIndex(ORPHAN_INDEX, (object) =>
    controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : [],
  );
};

/** The objects that `owner` controls. */
export const controlledBy = <T extends KubeObject>(informer: Informer<T>, owner: KubeObject): readonly T[] =>
  owner.metadata.uid === undefined ? [] : informer.byIndex(CONTROLLER_INDEX, owner.metadata.uid);

/** The objects that the owner with this uid controls. */
export const controlledByUid = <T extends KubeObject>(informer: Informer<T>, uid: string): readonly T[] =>
  informer.byIndex(CONTROLLER_INDEX, uid);

/** What becomes of the objects that an owner could control. */
export interface Claims<T extends KubeObject> {
  readonly owned: readonly T[];
  readonly adopt: readonly T[];
  readonly release: readonly T[];
}

/** Which objects the owner has, should adopt (orphans that match) and should release (its own that do not match). */
export const decideClaims = <T extends KubeObject>(
  owner: KubeObject,
  selector: LabelSelector,
  controlled: readonly T[],
  orphans: readonly T[],
): Claims<T> => {
  const matches = (object: T): boolean => matchesLabels(selector, labelsOf(object));
  const ownerStays = owner.metadata.deletionTimestamp === undefined;
  return {
    owned: controlled.filter(matches),
    adopt: ownerStays
      ? orphans.filter((object) => matches(object) && object.metadata.deletionTimestamp === undefined)
      : [],
    release: ownerStays ? controlled.filter((object) => !matches(object)) : [],
  };
};

/**
 * The objects that `owner` controls by its selector, after adopting and releasing. Before the first adoption the owner
 * is read anew: an owner that is already deleted must not adopt.
 */
export const claim = async <T extends KubeObject, O extends KubeObject>(
  client: Client,
  informer: Informer<T>,
  ownerKind: KindOf<O>,
  owner: O,
  selector: LabelSelector,
): Promise<readonly T[]> => {
  const orphans = informer.byIndex(ORPHAN_INDEX, owner.metadata.namespace ?? '');
  const { owned, adopt, release } = decideClaims(owner, selector, controlledBy(informer, owner), orphans);
  for (const object of release) await releaseObject(client, object, owner.metadata.uid ?? '');
  if (adopt.length === 0) return owned;
  const fresh = await client.get(ownerKind, keyOf(owner));
  if (fresh?.metadata.uid !== owner.metadata.uid || fresh?.metadata.deletionTimestamp !== undefined) return owned;
  const adopted: T[] = [];
  for (const object of adopt) adopted.push(await client.update(withOwner(object, controllerReference(owner))));
  return [...owned, ...adopted];
};

const releaseObject = async (client: Client, object: KubeObject, uid: string): Promise<void> => {
  try {
    await client.update(withoutOwner(object, uid));
  } catch (error) {
    // Gone or made anew meanwhile: there is nothing left to release.
    if (!isApiError(error, 'NotFound')) throw error;
  }
};

/**
 * A watch on objects that `owner` controls or could adopt: keys of the controller before and after the change, and
 * for an orphan of every possible owner whose selector matches.
 */
export const watchClaimed = <O extends KubeObject>(
  kind: KindOf,
  owner: KindOf<O>,
  owners: Informer<O>,
  selectorOf: (owner: O) => LabelSelector,
): Watch => ({
  kind,
  keys: (object, previous) => {
    const keys = [controllerKey(object, owner), previous === undefined ? undefined : controllerKey(previous, owner)]
      .filter((key) => key !== undefined)
      .filter((key, index, all) => all.findIndex((other) => other.name === key.name) === index);
    if (controllerOf(object) !== undefined || object.metadata.deletionTimestamp !== undefined) return keys;
    const labels = [labelsOf(object), labelsOf(previous ?? {})];
    const adopters = owners
      .list(object.metadata.namespace)
      .filter((candidate) => labels.some((set) => matchesLabels(selectorOf(candidate), set)))
      .map(keyOf);
    return [...keys, ...adopters];
  },
});

/** The key of the object's controller when that is of the kind. */
export const controllerKey = (object: KubeObject, owner: KindOf): ObjectKey | undefined => {
  const reference = controllerOf(object);
  if (reference === undefined || reference.kind !== owner.kind) return undefined;
  if (groupOf(reference.apiVersion) !== groupOf(owner.apiVersion)) return undefined;
  const { namespace } = object.metadata;
  return namespace === undefined ? { name: reference.name } : { namespace, name: reference.name };
};
