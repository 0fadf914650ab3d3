import { randomUUID } from 'node:crypto';
import { timestamp } from '../../../objects/conditions.js';
import { generateName } from '../../../objects/generate-name.js';
import { groupOf, versionOf } from '../../../objects/kind.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Stored } from '../../store/store.js';
import { StoreError } from '../../store/store.js';
import type { RequestContext, Target, WriteParameters } from '../request.js';
import { managerOf } from '../request.js';
import { alreadyExists, badRequest, fromStore, invalid } from '../status-errors.js';
import { storageKey } from '../storage-keys.js';
import { admit, review } from './admission.js';
import { decoded } from './decoding.js';
import { recordUpdate } from './field-ownership.js';
import { withFirstState } from './first-state.js';
import type { Item, Machinery } from './machinery.js';
import { prepareNew } from './preparation.js';
import { servedItem } from './read.js';

/** How often a name is drawn before `generateName` gives up. */
const NAME_ATTEMPTS = 8;

/** The manager of the fields was recorded by the caller already: server-side apply does. */
export interface CreateParameters extends WriteParameters {
  readonly applied?: boolean;
}

/** Stores a new object. Fails with AlreadyExists, Invalid, or what admission says. */
export const createObject = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  object: KubeObject,
  parameters: CreateParameters,
): Promise<Item> => {
  checkIdentity(target, object);
  if ((object.metadata.resourceVersion ?? '') !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  const typed = decoded(machinery, context, target, object, parameters);
  if ((object.metadata.name ?? '') !== '' || (object.metadata.generateName ?? '') === '') {
    return createNamed(machinery, context, target, typed, parameters);
  }
  return createGenerated(machinery, context, target, typed, parameters);
};

const createGenerated = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  object: KubeObject,
  parameters: CreateParameters,
): Promise<Item> => {
  for (let attempt = 1; ; attempt += 1) {
    const name = generateName(object.metadata.generateName ?? '');
    const named = { ...object, metadata: { ...object.metadata, name } };
    if (attempt < NAME_ATTEMPTS && machinery.store.get(storageKey(target, name)) !== undefined) continue;
    return createNamed(machinery, context, target, named, parameters);
  }
};

const createNamed = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  object: KubeObject,
  parameters: CreateParameters,
): Promise<Item> => {
  const { resource } = target;
  const created = { uid: randomUUID(), at: timestamp(machinery.clock.now()) };
  const defaulted = machinery.rules.defaults(target, prepareNew(target, object, created));
  // What is added from here on belongs to nobody.
  const owned =
    parameters.applied === true
      ? defaulted
      : recordUpdate(machinery, target, undefined, defaulted, managerOf(context, parameters));
  const request = { operation: 'CREATE' as const, target, context, dryRun: parameters.dryRun };
  const admitted = await admit(machinery, { ...request, object: owned });
  const first = withFirstState(admitted, context.user);
  const reserved = machinery.allocations.reserve(target, first, undefined, parameters.dryRun);
  try {
    const problems = machinery.rules.createProblems(target, reserved.object);
    if (problems.length > 0) throw invalid(resource, object.metadata.name, problems);
    await review(machinery, { ...request, object: reserved.object });
    const item = await insert(machinery, target, reserved.object, parameters.dryRun);
    reserved.keep();
    return item;
  } finally {
    reserved.release();
  }
};

const insert = async (machinery: Machinery, target: Target, object: KubeObject, dryRun: boolean): Promise<Item> => {
  const { store } = machinery;
  const { name } = object.metadata;
  const key = storageKey(target, name);
  const storable = await machinery.convert(object, target.resource.storageVersion, target.resource);
  if (dryRun) {
    if (store.get(key) !== undefined) throw alreadyExists(target.resource, name);
    return { object };
  }
  let stored: Stored;
  try {
    stored = await store.commit({ type: 'create', key, object: storable });
  } catch (error) {
    if (error instanceof StoreError && error.code === 'exists') throw alreadyExists(target.resource, name);
    throw fromStore(error);
  }
  return servedItem(machinery, target, stored);
};

/** How Kubernetes calls the form in which it holds the kinds of a group. */
const packageOf = (apiVersion: string): string => groupOf(apiVersion).split('.', 1)[0] || 'core';

/** The object must be what the path says. Throws BadRequest. */
export const checkIdentity = (target: Target, object: KubeObject): void => {
  const { resource, namespace, name } = target;
  if (object.kind !== resource.kind) {
    const version = versionOf(object.apiVersion);
    throw badRequest(
      `${object.kind} in version "${version}" cannot be handled as a ${resource.kind}: ` +
        `converting (${version}.${object.kind}) to (${packageOf(resource.apiVersion)}.${resource.kind}): unknown conversion`,
    );
  }
  if (object.apiVersion !== resource.apiVersion) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${resource.apiVersion})`,
    );
  }
  const asked = object.metadata.namespace ?? '';
  if (asked !== '' && namespace !== undefined && asked !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (name !== undefined && (object.metadata.name ?? '') !== '' && object.metadata.name !== name) {
    throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`);
  }
};
