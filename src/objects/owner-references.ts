import type { KubeObject, OwnerReference } from './object.js';

/** The reference to the one owner that manages the object, if it has one. */
export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((reference) => reference.controller === true);

/** True when `owner` is the object's managing controller. */
export const isControlledBy = (object: KubeObject, owner: KubeObject): boolean =>
  owner.metadata.uid !== undefined && controllerOf(object)?.uid === owner.metadata.uid;

/** The reference that makes `owner` the managing controller of the objects that carry it. */
export const controllerReference = (owner: KubeObject): OwnerReference => {
  if (owner.metadata.uid === undefined) throw new Error(`${owner.kind} "${owner.metadata.name}" has no uid`);
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
};

const sameGroupKind = (a: OwnerReference, b: OwnerReference): boolean => a.kind === b.kind && a.uid === b.uid;

/** The object with the reference set; one to the same owner is replaced. */
export const withOwner = <T extends KubeObject>(object: T, reference: OwnerReference): T => {
  const others = (object.metadata.ownerReferences ?? []).filter((each) => !sameGroupKind(each, reference));
  return { ...object, metadata: { ...object.metadata, ownerReferences: [...others, reference] } };
};

/** The object without any reference to the owner of that uid. */
export const withoutOwner = <T extends KubeObject>(object: T, uid: string): T => {
  const references = (object.metadata.ownerReferences ?? []).filter((each) => each.uid !== uid);
  return { ...object, metadata: { ...object.metadata, ownerReferences: references } };
};
