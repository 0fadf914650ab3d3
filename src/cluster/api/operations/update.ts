import type { KubeObject } from '../../../objects/object.js';
import type { Stored } from '../../store/store.js';
import { StoreError } from '../../store/store.js';
import type { RequestContext, Target, WriteParameters } from '../request.js';
import { managerOf } from '../request.js';
import { conflict, fromStore, invalid, notFound } from '../status-errors.js';
import { storageKey } from '../storage-keys.js';
import { admit, optionsOf, review, withoutRemote } from './admission.js';
import { createObject } from './create.js';
import { decoded } from './decoding.js';
import { recordUpdate, sameButManagedTimes } from './field-ownership.js';
import { checkIdentity } from './identity.js';
import type { Item, Machinery } from './machinery.js';
import { prepareChange } from './preparation.js';
import { readBack, requireStored, servedItem } from './read.js';

/** How often a change that names no version is tried again: such a change never fails for others that write too. */
const ATTEMPTS = 10_000;

/** What a change wants the object to be, given what it is. It may run several times. */
export interface Change {
  /** The object as it shall be; `current` is in the version of the request. */
  desired(current: KubeObject): KubeObject | Promise<KubeObject>;
  /** The request has the whole object: its uid is a condition, and not a field that it wants to change. */
  readonly replaces?: boolean;
  /** Server-side apply records the managers itself. */
  readonly applied?: boolean;
  /** What was asked for was seen by all plugins before: only the server's own look at what it becomes. */
  readonly admitted?: boolean;
  /** False when the request named the version that it changes: a conflict is the client's to solve. */
  readonly retries: boolean;
}

/** Resources that PUT creates when they are not there. */
const CREATED_BY_PUT = new Set([
  '/endpoints',
  '/events',
  '/limitranges',
  '/services',
  'events.k8s.io/events',
  'coordination.k8s.io/leases',
  'rbac.authorization.k8s.io/clusterroles',
  'rbac.authorization.k8s.io/clusterrolebindings',
  'rbac.authorization.k8s.io/roles',
  'rbac.authorization.k8s.io/rolebindings',
]);

/** Whether PUT makes objects of the resource when they are not there. */
export const isCreatedByPut = ({ group, plural }: Target['resource']): boolean =>
  CREATED_BY_PUT.has(`${group}/${plural}`);

/** Groups and resources whose PUT must name the version that it replaces. */
const VERSION_REQUIRED = new Set([
  'coordination.k8s.io/leases',
  'apiextensions.k8s.io/customresourcedefinitions',
  'apiregistration.k8s.io/apiservices',
  'flowcontrol.apiserver.k8s.io/flowschemas',
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'policy/poddisruptionbudgets',
  'node.k8s.io/runtimeclasses',
  'storage.k8s.io/csidrivers',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/csistoragecapacities',
]);

export interface UpdateResult {
  readonly item: Item;
  readonly created: boolean;
}

/** PUT: replaces an object, or the part of it that the target's subresource names. */
export const updateObject = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  object: KubeObject,
  parameters: WriteParameters,
): Promise<UpdateResult> => {
  checkIdentity(target, object);
  const name = target.name ?? object.metadata.name;
  const named = { ...target, name };
  const { resource } = target;
  const id = `${resource.group}/${resource.plural}`;
  const missing = machinery.store.get(storageKey(named, name)) === undefined;
  if (missing && target.subresource === undefined && isCreatedByPut(resource)) {
    return { item: await createObject(machinery, context, named, object, parameters), created: true };
  }
  const version = versionAsked(object);
  if (!missing && version === '' && (resource.custom || VERSION_REQUIRED.has(id))) {
    const message = 'Invalid value: 0: must be specified for an update';
    throw invalid({ group: resource.group, kind: resource.plural }, name, [
      { reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message },
    ]);
  }
  const typed = decoded(machinery, context, named, object, parameters);
  const item = await changeObject(machinery, context, named, parameters, {
    retries: version === '',
    replaces: true,
    desired: () => typed,
  });
  return { item, created: false };
};

/** Reads, changes and writes an object, again when another write came between. */
export const changeObject = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  parameters: WriteParameters,
  change: Change,
): Promise<Item> => {
  for (let attempt = 1; ; attempt += 1) {
    const stored = requireStored(machinery, target);
    try {
      return await changeOnce(machinery, context, target, parameters, change, stored);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== 'conflict') throw fromStore(error);
      const gone = machinery.store.get(stored.key) === undefined;
      if (gone) throw notFound(target.resource, target.name ?? '');
      if (!change.retries || attempt >= ATTEMPTS) throw conflict(target.resource, target.name ?? '');
    }
  }
};

const changeOnce = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  parameters: WriteParameters,
  change: Change,
  stored: Stored,
): Promise<Item> => {
  const { object: current } = await servedItem(machinery, target, stored);
  const desired = await change.desired(current);
  checkVersion(target, desired, current, change.replaces === true);
  const final = await finalObject(machinery, context, target, parameters, change, desired, current);
  try {
    if (sameButManagedTimes(final.object, current)) return await servedItem(machinery, target, stored);
    if (parameters.dryRun) {
      const storable = await machinery.convert(final.object, target.resource.storageVersion, target.resource);
      return { object: await readBack(machinery, target, storable) };
    }
    const written = await write(machinery, target, final.object, stored);
    final.keep();
    return await servedItem(machinery, target, written);
  } finally {
    final.release();
  }
};

/** Defaults, records the manager, admits, allocates and validates. The caller keeps or releases what was allocated. */
const finalObject = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  parameters: WriteParameters,
  change: Change,
  desired: KubeObject,
  current: KubeObject,
): Promise<{ object: KubeObject; keep(): void; release(): void }> => {
  const prepared = prepareChange(target, machinery.rules.defaults(target, desired), current);
  const owned =
    // The scheduler's choice belongs to nobody.
    change.applied === true || target.subresource === 'binding'
      ? prepared
      : recordUpdate(machinery, target, current, prepared, managerOf(context, parameters));
  const { dryRun } = parameters;
  const options = optionsOf(parameters);
  const request = { operation: 'UPDATE' as const, target, context, dryRun, options, oldObject: current };
  const own = change.admitted === true ? withoutRemote(machinery) : machinery;
  const admitted = await admit(own, { ...request, object: owned });
  const reserved = machinery.allocations.reserve(target, admitted, current, parameters.dryRun);
  try {
    const object = prepareChange(target, reserved.object, current);
    const problems = machinery.rules.updateProblems(target, object, current);
    if (problems.length > 0) throw invalid(target.resource, current.metadata.name, problems);
    await review(own, { ...request, object });
    const room = machinery.quotas.reserve(target, object, current, parameters.dryRun);
    const release = (): void => {
      room.release();
      reserved.release();
    };
    return { object, keep: reserved.keep, release };
  } catch (error) {
    reserved.release();
    throw error;
  }
};

const checkVersion = ({ resource }: Target, desired: KubeObject, current: KubeObject, replaces: boolean): void => {
  const { name, uid, resourceVersion } = current.metadata;
  const asked = desired.metadata;
  if ((asked.uid ?? '') !== '' && asked.uid !== uid && !replaces) {
    const message = `Invalid value: ${JSON.stringify(asked.uid)}: field is immutable`;
    const problem = { reason: 'FieldValueInvalid', field: 'metadata.uid', message };
    // Kubernetes finds it twice.
    throw invalid(resource, name, [problem, problem]);
  }
  if ((asked.uid ?? '') !== '' && asked.uid !== uid) {
    throw conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${asked.uid ?? ''}, UID in object meta: ${uid ?? ''}`,
    );
  }
  const version = versionAsked(desired);
  if (version !== '' && version !== resourceVersion) throw conflict(resource, name);
};

/** The version that a write is meant for; `0` stands for any, as no version does. */
const versionAsked = ({ metadata: { resourceVersion = '' } }: KubeObject): string =>
  resourceVersion === '0' ? '' : resourceVersion;

/** Writes the change; or removes the object, when this was the last thing that held a deletion back. */
const write = async (machinery: Machinery, target: Target, object: KubeObject, stored: Stored): Promise<Stored> => {
  const { key, revision } = stored;
  const storable = await machinery.convert(object, target.resource.storageVersion, target.resource);
  if (!isReleased(target, object)) {
    return machinery.store.commit({ type: 'replace', key, object: storable, revision });
  }
  return machinery.store.commit({ type: 'remove', key, revision });
};

/** True when an object that is being deleted has no finalizer and no grace period left. */
const isReleased = ({ resource }: Target, object: KubeObject): boolean => {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0 || finalizers.length > 0) return false;
  if (resource.group !== '' || resource.plural !== 'namespaces') return true;
  const { finalizers: specFinalizers = [] } = (object['spec'] ?? {}) as { finalizers?: readonly string[] };
  return specFinalizers.length === 0;
};
