import { randomUUID } from 'node:crypto';
import { ApiError } from '../../../objects/api-error.js';
import { timestamp } from '../../../objects/conditions.js';
import { generateName } from '../../../objects/generate-name.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Stored } from '../../store/store.js';
import { StoreError } from '../../store/store.js';
import type { RequestContext, Target, WriteParameters } from '../request.js';
import { managerOf } from '../request.js';
import { alreadyExists, fromStore, invalid } from '../status-errors.js';
import { storageKey } from '../storage-keys.js';
import { admit, optionsOf, review } from './admission.js';
import { decoded } from './decoding.js';
import { recordUpdate } from './field-ownership.js';
import { checkIdentity } from './identity.js';
import { withFirstState } from './first-state.js';
import type { Item, Machinery } from './machinery.js';
import { prepareNew } from './preparation.js';
import { readBack, servedItem } from './read.js';

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
  const typed = decoded(machinery, context, target, object, parameters);
  return createTyped(machinery, context, target, typed, parameters);
};

/** Objects that only say how their names begin have none at first. */
const nameOf = ({ metadata }: KubeObject): string => (metadata as { name?: string }).name ?? '';

/** The object with a name of its own, where it only says how that begins. */
const withName = ({ store }: Machinery, target: Target, object: KubeObject): KubeObject => {
  const { generateName: prefix = '' } = object.metadata;
  if (nameOf(object) !== '' || prefix === '') return object;
  for (let attempt = 1; ; attempt += 1) {
    const drawn = generateName(prefix);
    if (attempt < NAME_ATTEMPTS && store.get(storageKey(target, drawn)) !== undefined) continue;
    return { ...object, metadata: { ...object.metadata, name: drawn } };
  }
};

const createTyped = async (
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
  const { dryRun } = parameters;
  const request = { operation: 'CREATE' as const, target, context, dryRun, options: optionsOf(parameters) };
  const admitted = await admit(machinery, { ...request, object: owned });
  const first = withFirstState(withName(machinery, target, admitted), context);
  const reserved = machinery.allocations.reserve(target, first, undefined, dryRun);
  try {
    const problems = machinery.rules.createProblems(target, reserved.object);
    if (problems.length > 0) throw invalid(resource, nameOf(first), problems);
    await review(machinery, { ...request, object: reserved.object });
    if (!dryRun && parameters.applied !== true) checkNoVersion(object);
    const room = machinery.quotas.reserve(target, reserved.object, undefined, dryRun);
    try {
      const item = await insert(machinery, target, reserved.object, dryRun);
      reserved.keep();
      return item;
    } finally {
      room.release();
    }
  } finally {
    reserved.release();
  }
};

const checkNoVersion = ({ metadata: { resourceVersion = '' } }: KubeObject): void => {
  if (resourceVersion === '' || resourceVersion === '0') return;
  throw new ApiError('Unknown', 'resourceVersion should not be set on objects to be created');
};

const insert = async (machinery: Machinery, target: Target, object: KubeObject, dryRun: boolean): Promise<Item> => {
  const { store } = machinery;
  const { name } = object.metadata;
  const key = storageKey(target, name);
  const storable = await machinery.convert(object, target.resource.storageVersion, target.resource);
  if (dryRun) {
    if (store.get(key) !== undefined) throw alreadyExists(target.resource, name);
    return { object: await readBack(machinery, target, storable) };
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
