import { ApiError } from '../api-error.js';
import { inKeyOrder, isRecord, jsonEquals, setOwn, type AnyRecord } from '../json.js';
import { annotationOf, LAST_APPLIED_ANNOTATION } from '../labels.js';
import { goJson } from '../go-json.js';
import { readJson } from '../lossless-json.js';
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from '../object.js';
import { canonicalObject, canonicalOfType } from '../schema/canonical.js';
import { typeOfKind, type StructType } from '../schema/schema-table.js';
import { compareValues } from './compare-values.js';
import { conflictError, setOfConflicts, type Conflict } from './conflicts.js';
import { difference, emptySet, isEmptySet, setOfPath, setsEqual, union, type FieldSet } from './field-set.js';
import { fieldSetOf } from './field-set-of.js';
import {
  capUpdateManagers,
  decodeManagers,
  encodeManagers,
  managerId,
  type Manager,
  type Managers,
} from './managed-fields.js';
import { mergeTypeOf, untyped, type MergeType } from './merge-schema.js';
import { applyStep, managersAfterUpdate } from './ownership.js';
import { fieldElement } from './path-element.js';
import { validateForMerge } from './validate-for-merge.js';

/** Who writes, where and when. */
export interface WriteContext {
  readonly manager: string;
  /** The apiVersion of the request. Default: that of the object. */
  readonly apiVersion?: string;
  /** `status`, `scale`; undefined for the object itself. */
  readonly subresource?: string | undefined;
  /** RFC 3339, whole seconds. */
  readonly now: string;
  /**
   * How the kind merges. Built-in kinds need none; for custom ones it comes from `mergeTypeOfSchema`. Without either
   * the form of the values decides.
   */
  readonly schema?: MergeType;
  /** Fields that this endpoint ignores, which nobody comes to own through it: `[['status']]` on the object itself. */
  readonly resetFields?: readonly (readonly string[])[];
}

export interface ApplyRequest extends WriteContext {
  /** Undefined when the apply creates the object. */
  readonly live: KubeObject | undefined;
  readonly applied: KubeObject;
  readonly force?: boolean;
}

export interface ApplyResult {
  /** The merged object, with new managedFields. It is `live` itself, same reference, when nothing changed. */
  readonly object: KubeObject;
  /** Empty, or what stood in the way of an apply that was not forced; `object` is then `live` or `applied`. */
  readonly conflicts: readonly Conflict[];
}

const BEFORE_FIRST_APPLY = 'before-first-apply';

const mergeTypeFor = (object: KubeObject, schema: MergeType | undefined): MergeType => {
  if (schema !== undefined) return schema;
  const type = typeOfKind(object);
  return type === undefined ? untyped : mergeTypeOf(type);
};

/** The object as the types of its kind hold it, without managedFields: what is merged and compared. */
const comparable = (object: KubeObject): KubeObject => {
  const whole = withManagedFields(object, undefined);
  const type = typeOfKind(object);
  if (type === undefined) return whole;
  const parts: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(whole)) {
    const field = type.fields.get(name)?.resolved;
    if (name === 'metadata' || field?.shape !== 'struct' || !isRecord(value)) setOwn(rest, name, value);
    else setOwn(parts, name, comparablePart(value, field));
  }
  return { ...canonicalObject(rest as KubeObject, 'null'), ...parts };
};

/** The parts of objects that writes of other parts share, such as the spec under a write of the status. */
const comparableParts = new WeakMap<AnyRecord, AnyRecord>();

const comparablePart = (value: AnyRecord, type: StructType): AnyRecord => {
  let part = comparableParts.get(value);
  if (part === undefined) {
    part = canonicalOfType(value, type, 'null');
    comparableParts.set(value, part);
  }
  return part;
};

const emptyObjects = new Map<string, KubeObject>();

const emptyObject = ({ apiVersion, kind }: KubeObject): KubeObject => {
  const key = `${apiVersion}/${kind}`;
  let object = emptyObjects.get(key);
  if (object === undefined) {
    if (typeOfKind({ apiVersion, kind }) === undefined) return { apiVersion, kind } as KubeObject;
    object = canonicalObject({ apiVersion, kind, metadata: {} as ObjectMeta }, 'null');
    emptyObjects.set(key, object);
  }
  return object;
};

export const withManagedFields = <T extends KubeObject>(
  object: T,
  managedFields: readonly ManagedFieldsEntry[] | undefined,
): T => {
  const { managedFields: _, ...metadata } = (object.metadata ?? {}) as ObjectMeta;
  return {
    ...object,
    metadata: managedFields === undefined || managedFields.length === 0 ? metadata : { ...metadata, managedFields },
  };
};

const writerOf = (context: WriteContext, object: KubeObject, operation: Manager['operation']): Manager => ({
  manager: context.manager === '' ? 'unknown' : context.manager,
  operation,
  apiVersion: context.apiVersion ?? object.apiVersion,
  subresource: context.subresource ?? '',
  time: context.now,
  fields: emptySet,
});

const ignoredSet = (paths: WriteContext['resetFields']): FieldSet =>
  (paths ?? []).reduce((set, path) => union(set, setOfPath(path.map(fieldElement))), emptySet);

const decodeOr = (object: KubeObject | undefined, fallback: Managers): Managers => {
  try {
    return decodeManagers(object?.metadata.managedFields);
  } catch {
    return fallback;
  }
};

/** `managedFields: []` and `[{}]` in a request ask to forget all managers. */
const asksForReset = (entries: readonly ManagedFieldsEntry[] | undefined): boolean =>
  entries !== undefined &&
  (entries.length === 0 || (entries.length === 1 && Object.keys(entries[0] as ManagedFieldsEntry).length === 0));

const managersForUpdate = (live: KubeObject | undefined, updated: KubeObject, subresource: string): Managers => {
  const current = decodeOr(live, new Map());
  if (subresource !== '') return current;
  if (asksForReset(updated.metadata.managedFields)) return new Map();
  const requested = decodeOr(updated, current);
  return requested.size === 0 ? current : requested;
};

export interface UpdateRequest extends WriteContext {
  /** Undefined when the write creates the object. */
  readonly live: KubeObject | undefined;
  /** The object to be stored, after defaulting. */
  readonly updated: KubeObject;
}

/**
 * The object of a create, update or patch with the managedFields that follow from what it changed. Managers that the
 * request itself sets in `metadata.managedFields` are respected. An object whose managers are not tracked stays so.
 */
export const trackUpdate = <T extends KubeObject>(request: UpdateRequest & { readonly updated: T }): T => {
  const { live, updated } = request;
  const managers = managersForUpdate(live, updated, request.subresource ?? '');
  if (managers.size === 0 && live?.metadata.uid !== undefined) return withManagedFields(updated, undefined);
  const writer = writerOf(request, updated, 'Update');
  const next = managersAfterUpdate({
    before: live === undefined ? emptyObject(updated) : comparable(live),
    after: comparable(updated),
    type: mergeTypeFor(updated, request.schema),
    managers,
    writer,
    id: managerId(writer),
    ignored: ignoredSet(request.resetFields),
  });
  return withManagedFields(updated, encodeManagers(capUpdateManagers(next)));
};

const checkApplied = ({ applied }: ApplyRequest, type: MergeType): void => {
  if (applied.metadata?.managedFields !== undefined) {
    throw new ApiError('BadRequest', 'metadata.managedFields must be nil');
  }
  const errors = validateForMerge(applied, type);
  if (errors.length > 0) {
    const { name, namespace } = applied.metadata ?? {};
    const list = errors.length === 1 ? errors[0] : `errors:\n${errors.map((error) => `  ${error}`).join('\n')}`;
    const version = applied.apiVersion.includes('/') ? applied.apiVersion : `/${applied.apiVersion}`;
    throw new ApiError(
      'Unknown',
      `failed to create typed patch object (${namespace ?? ''}/${name ?? ''}; ${version}, Kind=${applied.kind}): ${list}`,
    );
  }
};

/** Objects that existed before managers were tracked: all that is there belongs to a manager of its own. */
const managersBeforeApply = (live: KubeObject | undefined, type: MergeType, request: ApplyRequest): Managers => {
  const managers = decodeManagers(live?.metadata.managedFields);
  if (managers.size > 0 || live === undefined) return managers;
  const writer = { ...writerOf(request, live, 'Update'), manager: BEFORE_FIRST_APPLY };
  return managersAfterUpdate({
    before: emptyObject(live),
    after: comparable(live),
    type,
    managers,
    writer,
    id: managerId(writer),
    ignored: ignoredSet(request.resetFields),
  });
};

/**
 * Server-side apply: merges `applied` into `live` for a manager. Throws an ApiError for an object that does not fit
 * its schema; conflicts are returned, `conflictError` words them. The result is not defaulted and not pruned of
 * what the kind does not know: that is the API server's part, as is calling `settleApply` with the final object.
 */
export const applyObject = (request: ApplyRequest): ApplyResult => {
  const { live, applied } = request;
  const type = mergeTypeFor(applied, request.schema);
  checkApplied(request, type);
  const writer = writerOf(request, applied, 'Apply');
  const id = managerId(writer);
  const before = live === undefined ? emptyObject(applied) : comparable(live);
  const managers = managersBeforeApply(live, type, request);
  const ignored = ignoredSet(request.resetFields);
  const outcome = applyStep({ live: before, applied, type, managers, writer, id, ignored });
  const forced = request.force === true || isAllowedByLastApplied(request, before, type, outcome.conflicts);
  if (outcome.conflicts.length > 0 && !forced) {
    return { object: live ?? applied, conflicts: remainingConflicts(request, before, type, outcome.conflicts) };
  }
  const merged = canonicalObject(outcome.value as KubeObject);
  const previous = managers.get(id);
  const keepsManagers =
    previous !== undefined && setsEqual(previous.fields, outcome.managers.get(id)?.fields ?? emptySet);
  if (live !== undefined && keepsManagers && jsonEquals(comparable(merged), before)) {
    return { object: live, conflicts: [] };
  }
  const object = refreshLastApplied(merged, applied, request.manager);
  // Even an empty map that is not stored counts as a change here.
  const isSame = live !== undefined && jsonEquals(outcome.value, before);
  const next = isSame ? withTimeOf(outcome.managers, id, previous) : outcome.managers;
  return { object: withManagedFields(object, encodeManagers(capUpdateManagers(next))), conflicts: [] };
};

/** An apply that changes nothing but who owns it keeps the time of its manager: none, when that is a new one. */
const withTimeOf = (managers: Managers, id: string, previous: Manager | undefined): Managers => {
  const manager = managers.get(id);
  if (manager === undefined) return managers;
  const { time: _now, ...entry } = manager;
  return new Map(managers).set(id, previous?.time === undefined ? entry : { ...entry, time: previous.time });
};

/** The same as `applyObject`, with conflicts thrown as the API error that a client gets. */
export const applyOrThrow = (request: ApplyRequest): KubeObject => {
  const { object, conflicts } = applyObject(request);
  if (conflicts.length > 0) throw conflictError(conflicts);
  return object;
};

/** `kubectl apply --server-side` may take over what `kubectl apply` set last, as long as nobody changed it since. */
const fieldsFromLastApplied = (request: ApplyRequest, live: KubeObject, type: MergeType): FieldSet => {
  if (request.manager !== 'kubectl' || request.live === undefined) return emptySet;
  const text = annotationOf(request.live, LAST_APPLIED_ANNOTATION);
  if (text === undefined || text === '') return emptySet;
  let last: unknown;
  try {
    last = readJson(text);
  } catch {
    return emptySet;
  }
  if (!isRecord(last) || (last as AnyRecord)['apiVersion'] !== request.live.apiVersion) return emptySet;
  const { added, modified, removed } = compareValues(last, live, type);
  return difference(fieldSetOf(last, type), union(added, union(modified, removed)));
};

const isAllowedByLastApplied = (
  request: ApplyRequest,
  live: KubeObject,
  type: MergeType,
  conflicts: readonly Conflict[],
): boolean =>
  conflicts.length > 0 && isEmptySet(difference(setOfConflicts(conflicts), fieldsFromLastApplied(request, live, type)));

const remainingConflicts = (
  request: ApplyRequest,
  live: KubeObject,
  type: MergeType,
  conflicts: readonly Conflict[],
): readonly Conflict[] => {
  const allowed = fieldsFromLastApplied(request, live, type);
  return conflicts.filter(({ path }) => !isEmptySet(difference(setOfPath(path), allowed)));
};

/** What is applied as Go's encoder writes it, without what was applied before. */
const lastAppliedText = (applied: KubeObject): string => {
  const { [LAST_APPLIED_ANNOTATION]: _previous, ...annotations } = applied.metadata.annotations ?? {};
  const metadata = applied.metadata.annotations === undefined ? applied.metadata : { ...applied.metadata, annotations };
  return `${goJson(inKeyOrder({ ...applied, metadata }))}\n`;
};

/** Keeps the annotation of `kubectl apply` true for an object that carries it. */
const refreshLastApplied = (object: KubeObject, applied: KubeObject, manager: string): KubeObject => {
  if (manager !== 'kubectl' || annotationOf(object, LAST_APPLIED_ANNOTATION) === undefined) return object;
  const annotations = { ...object.metadata.annotations, [LAST_APPLIED_ANNOTATION]: lastAppliedText(applied) };
  return { ...object, metadata: { ...object.metadata, annotations } };
};
