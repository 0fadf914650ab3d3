import { isApiError } from '../../../objects/api-error.js';
import { valueAt } from '../../../objects/json.js';
import type { KubeObject } from '../../../objects/object.js';
import type { RequestContext, Target, WriteParameters } from '../request.js';
import { storageKey } from '../storage-keys.js';
import { createObject } from './create.js';
import { decoded } from './decoding.js';
import { applyManaged } from './field-ownership.js';
import type { Item, Machinery } from './machinery.js';
import { applyPatch, type PatchBody } from './patch-bodies.js';
import { changeObject, type UpdateResult } from './update.js';

/** Changes an object by one of the patches. */
export const patchObject = (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  patch: PatchBody,
  parameters: WriteParameters,
): Promise<Item> =>
  changeObject(machinery, context, target, parameters, {
    retries: !namesVersion(patch),
    desired: (current) =>
      decoded(machinery, context, target, applyPatch(target.resource, target.resource, current, patch), parameters),
  });

const namesVersion = ({ type, body }: PatchBody): boolean =>
  type !== 'json' && typeof valueAt(body, ['metadata', 'resourceVersion']) === 'string';

/** Server-side apply: makes the object, or merges what is applied into it under the name of the manager. */
export const applyObject = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  applied: KubeObject,
  parameters: WriteParameters & { readonly force: boolean },
): Promise<UpdateResult> => {
  const name = target.name ?? applied.metadata.name;
  const named = { ...target, name };
  const object = { ...applied, metadata: { ...applied.metadata, name } };
  const missing = machinery.store.get(storageKey(named, name)) === undefined;
  if (missing && target.subresource === undefined) {
    const owned = applyManaged(machinery, named, undefined, object, parameters);
    try {
      const item = await createObject(machinery, context, named, owned, { ...parameters, applied: true });
      return { item, created: true };
    } catch (error) {
      // Somebody else made it meanwhile: then it is merged into theirs.
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }
  const item = await changeObject(machinery, context, named, parameters, {
    retries: (applied.metadata.resourceVersion ?? '') === '',
    applied: true,
    desired: (current) => applyManaged(machinery, named, current, object, parameters),
  });
  return { item, created: false };
};
