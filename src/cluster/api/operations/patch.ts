import { isApiError, type ApiError } from '../../../objects/api-error.js';
import { goFormat } from '../../../objects/go-format.js';
import { valueAt } from '../../../objects/json.js';
import { writeJson } from '../../../objects/lossless-json.js';
import type { KubeObject } from '../../../objects/object.js';
import { DecodingError } from '../../../objects/schema/validate-fields.js';
import { goQuote } from '../../admission/field-errors.js';
import type { RequestContext, Target, WriteParameters } from '../request.js';
import { invalid } from '../status-errors.js';
import { storageKey } from '../storage-keys.js';
import { createObject } from './create.js';
import { decoded } from './decoding.js';
import { applyManaged } from './field-ownership.js';
import { checkApplied, checkNoUid, checkPlace, wrongKind } from './identity.js';
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
    desired: (current) => {
      const patched = applyPatch(target.resource, target.resource, current, patch);
      try {
        if (!target.resource.custom) checkKind(target, patched);
        const typed = decoded(machinery, context, target, patched, parameters);
        checkPlace(target, typed);
        return typed;
      } catch (error) {
        throw error instanceof DecodingError ? invalidPatch(patch, patched, error) : error;
      }
    },
  });

/** Throws a DecodingError for what is of another kind. */
const checkKind = ({ resource }: Target, { apiVersion, kind }: KubeObject): void => {
  const isText = typeof apiVersion === 'string' && typeof kind === 'string';
  const wrong = isText ? wrongKind({ apiVersion, kind }, resource) : 'unrecognized type: string';
  if (wrong !== undefined) throw new DecodingError(resource, wrong);
};

const namesVersion = ({ type, body }: PatchBody): boolean =>
  type !== 'json' && typeof valueAt(body, ['metadata', 'resourceVersion']) === 'string';

/** What a patch makes of an object must be one of its kind. Kubernetes shows the patch, or the object it would make. */
const invalidPatch = ({ type, body }: PatchBody, patched: KubeObject, error: DecodingError): ApiError => {
  const [shown, why] =
    type === 'strategic' ? [goFormat(body), error.restoring] : [writeJson(inKeyOrder(patched)), error.decoding];
  const message = `Invalid value: ${goQuote(shown)}: ${why}`;
  return invalid({ group: '', kind: '' }, '', [{ reason: 'FieldValueInvalid', field: 'patch', message }]);
};

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
  const missing = machinery.store.get(storageKey(named, name)) === undefined;
  // What is there has a name already.
  const isNamed = missing || applied.metadata.name !== '';
  checkApplied(named, isNamed ? applied : { ...applied, metadata: { ...applied.metadata, name } });
  if (missing && target.subresource === undefined) {
    checkNoUid(named, applied);
    const owned = applyManaged(machinery, named, undefined, applied, parameters);
    try {
      const item = await createObject(machinery, context, named, owned, { ...parameters, applied: true });
      return { item, created: true };
    } catch (error) {
      // Somebody else made it meanwhile: then it is merged into theirs.
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }
  // Fields that are of no type to the merge, such as ports by name or number, are of one to the kind.
  machinery.rules.decode(named, applied);
  const item = await changeObject(machinery, context, named, parameters, {
    retries: (applied.metadata.resourceVersion ?? '') === '',
    applied: true,
    desired: (current) => {
      const merged = applyManaged(machinery, named, current, applied, parameters);
      return merged === current || !target.resource.custom ? merged : machinery.rules.decode(named, merged).object;
    },
  });
  return { item, created: false };
};

const inKeyOrder = (object: KubeObject): unknown =>
  Object.fromEntries(Object.entries(object).toSorted(([left], [right]) => (left < right ? -1 : 1)));
