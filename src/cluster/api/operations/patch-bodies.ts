import { ApiError } from '../../../objects/api-error.js';
import { isRecord } from '../../../objects/json.js';
import type { KubeObject } from '../../../objects/object.js';
import { applyJsonPatch } from '../../../objects/patches/json-patch.js';
import { applyMergePatch } from '../../../objects/patches/merge-patch.js';
import { applyStrategicMergePatch } from '../../../objects/patches/strategic-merge-patch.js';
import type { KindRef } from '../../../objects/kind.js';
import type { ServedResource } from '../request.js';
import { badRequest } from '../status-errors.js';

/** A patch as it arrives, read from JSON. */
export interface PatchBody {
  readonly type: 'json' | 'merge' | 'strategic';
  readonly body: unknown;
}

/** The object as the patch wants it. `kind` tells how lists merge. Throws ApiError. */
export const applyPatch = (
  resource: ServedResource,
  kind: KindRef,
  current: KubeObject,
  { type, body }: PatchBody,
): KubeObject => {
  if (type === 'strategic' && resource.custom) throw unsupportedPatch(resource);
  const result = patchResult(kind, current, type, body);
  if (!isRecord(result)) throw badRequest('Invalid JSON Patch');
  const typed = { apiVersion: current.apiVersion, kind: current.kind, ...result };
  if (resource.custom && (typed.apiVersion !== current.apiVersion || typed.kind !== current.kind)) {
    throw badRequest(
      `the API version in the data (${typed.apiVersion as string}) does not match the expected API version (${current.apiVersion})`,
    );
  }
  return { ...typed, metadata: result['metadata'] ?? {} } as unknown as KubeObject;
};

const patchResult = (kind: KindRef, current: KubeObject, type: PatchBody['type'], body: unknown): unknown => {
  if (type === 'json') return applyJsonPatch(current, body);
  if (type === 'strategic' && body === null) return current;
  if (!isRecord(body)) throw notAnObject(type, body);
  return type === 'merge' ? applyMergePatch(current, body) : applyStrategicMergePatch(current, body, kind);
};

const notAnObject = (type: PatchBody['type'], body: unknown): ApiError => {
  if (body === null) return badRequest('Invalid JSON Patch');
  const found = Array.isArray(body) ? 'array' : typeof body === 'boolean' ? 'bool' : typeof body;
  const wrong = `json: cannot unmarshal ${found} into Go value of type map[string]interface {}`;
  return badRequest(type === 'merge' ? `error decoding patch: ${wrong}` : wrong);
};

const unsupportedPatch = ({ plural, group }: ServedResource): ApiError =>
  new ApiError(
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, ' +
      'application/merge-patch+json, application/apply-patch+yaml',
    { group, kind: plural },
  );
