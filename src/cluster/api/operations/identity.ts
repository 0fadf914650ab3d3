import { groupOf, versionOf, type KindRef } from '../../../objects/kind.js';
import type { KubeObject } from '../../../objects/object.js';
import { typeOfKind } from '../../../objects/schema/schema-table.js';
import type { Target } from '../request.js';
import { badRequest, conflict } from '../status-errors.js';

/** How Kubernetes calls the form in which it holds the kinds of a group. */
const packageOf = (apiVersion: string): string => groupOf(apiVersion).split('.', 1)[0] || 'core';

/** Where Kubernetes keeps its kinds, as it names the place in messages. */
const SCHEME = 'k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30';

/** Why an object is not one of the kind that is expected; undefined when it is, or could be converted to it. */
export const wrongKind = ({ apiVersion, kind }: KindRef, expected: KindRef): string | undefined => {
  if (kind === expected.kind && apiVersion === expected.apiVersion) return undefined;
  const isOlder = /(?:alpha|beta)\d+$/.test(apiVersion) && kind === expected.kind;
  if (!isOlder && typeOfKind({ apiVersion, kind }) === undefined) {
    return `no kind "${kind}" is registered for version "${apiVersion}" in scheme "${SCHEME}"`;
  }
  if (kind === expected.kind) return undefined;
  const internal = `${packageOf(expected.apiVersion)}.${expected.kind}`;
  return `converting (${versionOf(apiVersion)}.${kind}) to (${internal}): unknown conversion`;
};

/** The object must be what the path says, and where it says. Throws BadRequest. */
export const checkIdentity = (target: Target, object: KubeObject): void => {
  const { resource } = target;
  const wrong = resource.custom ? undefined : wrongKind(object, resource);
  if (wrong !== undefined) {
    const version = versionOf(object.apiVersion);
    throw badRequest(`${object.kind} in version "${version}" cannot be handled as a ${resource.kind}: ${wrong}`);
  }
  if (object.apiVersion !== resource.apiVersion || object.kind !== resource.kind) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${resource.apiVersion})`,
    );
  }
  checkPlace(target, object);
};

/** The object must be where the path says. Throws BadRequest. */
export const checkPlace = ({ namespace, name }: Target, { metadata }: KubeObject): void => {
  const asked = metadata.namespace ?? '';
  if (asked !== '' && namespace !== undefined && asked !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (name === undefined) return;
  if ((metadata.name ?? '') === '') {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
};

/** What is applied must be of the kind of the path, and be there. Throws BadRequest. */
export const checkApplied = (target: Target, applied: KubeObject): void => {
  const { resource } = target;
  const { apiVersion, kind } = applied;
  if (kind !== resource.kind || apiVersion !== resource.apiVersion) {
    throw badRequest(`invalid object type: ${groupOf(apiVersion)}/${versionOf(apiVersion)}, Kind=${kind}`);
  }
  checkPlace(target, applied);
};

/** An object with a uid is not made anew. Throws Conflict. */
export const checkNoUid = ({ resource }: Target, { metadata: { name, uid = '' } }: KubeObject): void => {
  if (uid === '') return;
  const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
  throw conflict(resource, name, why);
};
