import type { ApiError } from '../api-error.js';
import { isRecord, jsonEquals, ownValue, setOwn, type AnyRecord } from '../json.js';
import type { KindRef } from '../kind.js';
import { typeOfKind, type SchemaType, type StructField } from '../schema/schema-table.js';
import { orderElements, sameElement } from './element-order.js';
import { goFormat } from '../go-format.js';
import { faultyPatch, malformedPatch, patchDoesNotApply } from './patch-errors.js';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_PREFIX = '$deleteFromPrimitiveList/';
const ORDER_PREFIX = '$setElementOrder/';

interface FieldMeta {
  readonly type: SchemaType | undefined;
  readonly strategy: 'merge' | 'replace' | undefined;
  readonly mergeKey: string | undefined;
}

const fieldMeta = (type: SchemaType | undefined, name: string): FieldMeta => {
  if (type?.shape === 'map') return { type: type.value, strategy: undefined, mergeKey: undefined };
  const field: StructField | undefined = type?.shape === 'struct' ? type.fields.get(name) : undefined;
  const strategies = field?.patchStrategy?.split(',') ?? [];
  return {
    type: field?.resolved,
    strategy: strategies.includes('merge') ? 'merge' : strategies.includes('replace') ? 'replace' : undefined,
    mergeKey: field?.patchMergeKey,
  };
};

const elementType = (type: SchemaType | undefined): SchemaType | undefined =>
  type?.shape === 'list' ? type.element : undefined;

const REMOVED = Symbol('removed');

/** The value as it is stored where the object had none: without directives and without nulls. */
const plainValue = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plainValue).filter((each) => each !== REMOVED);
  if (!isRecord(value)) return value;
  if (Object.hasOwn(value, DIRECTIVE)) return REMOVED;
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null || isListDirective(key)) continue;
    const plain = plainValue(inner);
    if (plain !== REMOVED) setOwn(result, key, plain);
  }
  return result;
};

const isListDirective = (key: string): boolean =>
  key === RETAIN_KEYS || key.startsWith(DELETE_PREFIX) || key.startsWith(ORDER_PREFIX);

const without = (patch: AnyRecord, key: string): AnyRecord => {
  const { [key]: _, ...rest } = patch;
  return rest;
};

const retainKeys = (original: AnyRecord, patch: AnyRecord): AnyRecord => {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return original;
  const keys = patch[RETAIN_KEYS];
  const isPatched = (key: string): boolean =>
    key !== RETAIN_KEYS && patch[key] !== null && !key.startsWith(DELETE_PREFIX) && !key.startsWith(ORDER_PREFIX);
  if (!Array.isArray(keys) || Object.keys(patch).some((key) => isPatched(key) && !keys.includes(key))) {
    throw malformedPatch('invalid patch format of retainKeys');
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)));
};

const unknownDirective = (patch: AnyRecord): ApiError =>
  faultyPatch(`unknown patch type: ${goFormat(patch[DIRECTIVE])} in map: ${goFormat(patch)}`);

const mergeObjects = (original: AnyRecord, patch: AnyRecord, type: SchemaType | undefined): AnyRecord => {
  if (Object.hasOwn(patch, DIRECTIVE)) {
    if (patch[DIRECTIVE] === 'replace') return without(patch, DIRECTIVE);
    if (patch[DIRECTIVE] === 'delete') return {};
    throw unknownDirective(patch);
  }
  const result: Record<string, unknown> = { ...retainKeys(original, patch) };
  const ordered = new Set<string>();
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(ORDER_PREFIX)) continue;
    const name = key.slice(ORDER_PREFIX.length);
    ordered.add(name);
    mergeOrdered(result, patch, name, order, fieldMeta(type, name));
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key === RETAIN_KEYS || key.startsWith(ORDER_PREFIX) || ordered.has(key)) continue;
    if (key.startsWith(DELETE_PREFIX)) deleteFromList(result, key.slice(DELETE_PREFIX.length), value);
    else mergeField(result, key, value, fieldMeta(type, key));
  }
  return result;
};

const mergeField = (target: Record<string, unknown>, key: string, value: unknown, meta: FieldMeta): void => {
  const current = ownValue(target, key);
  if (value === null) {
    delete target[key];
  } else if (isRecord(current) && isRecord(value)) {
    setOwn(target, key, meta.strategy === 'replace' ? value : mergeObjects(current, value, meta.type));
  } else if (Array.isArray(current) && Array.isArray(value)) {
    setOwn(target, key, meta.strategy === 'merge' ? mergeLists(current, value, meta) : value);
  } else {
    const plain = plainValue(value);
    if (plain === REMOVED) delete target[key];
    else setOwn(target, key, plain);
  }
};

const deleteFromList = (target: Record<string, unknown>, name: string, removed: unknown): void => {
  if (!Array.isArray(removed)) throw malformedPatch('invalid patch format of primitive list');
  const current = ownValue(target, name);
  if (!Array.isArray(current)) return;
  setOwn(
    target,
    name,
    current.filter((each) => !removed.some((gone) => jsonEquals(each, gone))),
  );
};

const isListOrAbsent = (value: unknown): boolean => value === undefined || Array.isArray(value);

const mergeOrdered = (
  target: Record<string, unknown>,
  patch: AnyRecord,
  name: string,
  order: unknown,
  meta: FieldMeta,
): void => {
  const live = ownValue(target, name) ?? undefined;
  const patched = ownValue(patch, name) ?? undefined;
  if (!Array.isArray(order) || !isListOrAbsent(live) || !isListOrAbsent(patched)) {
    throw malformedPatch('invalid patch format of setElementOrder list');
  }
  const liveList = live as readonly unknown[] | undefined;
  const patchList = patched as readonly unknown[] | undefined;
  checkOrder(patchList ?? [], order, meta.mergeKey);
  let merged: readonly unknown[];
  if (liveList === undefined) {
    if (patchList === undefined) return;
    merged = plainValue(patchList) as readonly unknown[];
  } else if (patchList === undefined) {
    merged = liveList;
  } else {
    merged = meta.strategy === 'merge' ? mergeLists(liveList, patchList, meta) : patchList;
  }
  if (meta.mergeKey !== undefined) requireMergeKeys([...merged, ...order], meta.mergeKey);
  const liveOrder = orderAfterMerge(liveList ?? [], patchList ?? [], meta);
  setOwn(target, name, orderElements(merged, order, liveOrder, meta.mergeKey));
};

const isDeletion = (element: unknown): boolean => ownValue(element, DIRECTIVE) === 'delete';

/**
 * The live list as the merge leaves it in Kubernetes, which sorts by it afterwards: deletions close the gap, and new
 * elements take the places that came free at the end.
 */
const orderAfterMerge = (live: readonly unknown[], patch: readonly unknown[], meta: FieldMeta): readonly unknown[] => {
  const { mergeKey } = meta;
  if (mergeKey === undefined || meta.strategy !== 'merge') return live;
  const places = [...live];
  let used = live.length;
  for (const deletion of patch.filter(isDeletion)) {
    for (let index = 0; index < used; ) {
      if (!sameElement(places[index], deletion, mergeKey)) {
        index += 1;
        continue;
      }
      places.copyWithin(index, index + 1, used);
      used -= 1;
    }
  }
  for (const element of patch.filter((each) => !isDeletion(each))) {
    if (used >= live.length) break;
    if (places.slice(0, used).some((each) => sameElement(each, element, mergeKey))) continue;
    places[used] = element;
    used += 1;
  }
  return places;
};

/** The elements of the patch must stand in the order list, in the same relative order. */
const checkOrder = (patchList: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void => {
  if (order.length === 0) return;
  let next = 0;
  for (const element of patchList) {
    if (isRecord(element) && Object.hasOwn(element, DIRECTIVE)) continue;
    while (next < order.length && !sameElement(element, order[next], mergeKey)) next += 1;
    if (next === order.length) {
      throw faultyPatch(
        `The order in patch list:\n${goFormat(patchList)}\n doesn't match ${ORDER_PREFIX.slice(0, -1)} list:\n${goFormat(order)}\n`,
      );
    }
    next += 1;
  }
};

const requireMergeKeys = (elements: readonly unknown[], mergeKey: string): void => {
  for (const element of elements) {
    if (!isRecord(element)) throw patchDoesNotApply('expected a map in a list that is merged by key');
    if (!Object.hasOwn(element, mergeKey)) {
      throw faultyPatch(`map: ${goFormat(element)} does not contain declared merge key: ${mergeKey}`);
    }
  }
};

const mergeLists = (live: readonly unknown[], patch: readonly unknown[], meta: FieldMeta): readonly unknown[] => {
  if (live.length === 0 && patch.length === 0) return live;
  const sample: unknown = live[0] ?? patch[0];
  if (!isRecord(sample)) return orderElements(uniqueValues([...live, ...patch]), patch, live, undefined);
  if (meta.mergeKey === undefined) throw patchDoesNotApply('cannot merge lists without merge key');
  return mergeByKey(live, patch, meta.mergeKey, elementType(meta.type));
};

const uniqueValues = (list: readonly unknown[]): unknown[] =>
  list.filter((value, index) => list.findIndex((other) => jsonEquals(other, value)) === index);

const mergeByKey = (
  live: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
  type: SchemaType | undefined,
): readonly unknown[] => {
  const plain: AnyRecord[] = [];
  let remaining = live;
  let replaces = false;
  for (const element of patch) {
    if (!isRecord(element)) throw patchDoesNotApply('expected a map in a list that is merged by key');
    const directive = ownValue(element, DIRECTIVE);
    if (directive === undefined) {
      plain.push(element);
    } else if (directive === 'delete') {
      requireMergeKeys([element], mergeKey);
      remaining = remaining.filter((each) => !sameElement(each, element, mergeKey));
    } else if (directive === 'replace') {
      replaces = true;
    } else {
      throw unknownDirective(element);
    }
  }
  if (replaces) return plain;
  requireMergeKeys([...remaining, ...plain], mergeKey);
  const merged = [...remaining];
  for (const element of plain) {
    const index = merged.findIndex((each) => sameElement(each, element, mergeKey));
    if (index < 0) merged.push(plainValue(element));
    else merged[index] = mergeObjects(merged[index] as AnyRecord, element, type);
  }
  return orderElements(merged, plain, remaining, mergeKey);
};

/**
 * Applies a strategic merge patch to an object of a built-in kind and returns the new object. Lists merge by the keys
 * that the schema table declares; every directive of the format is understood.
 *
 * Throws an ApiError: BadRequest for a kind that is not built in or a malformed directive, Invalid for a patch that
 * does not apply.
 */
export const applyStrategicMergePatch = (original: AnyRecord, patch: unknown, kind: KindRef): AnyRecord => {
  const type = typeOfKind(kind);
  if (!isRecord(patch)) throw malformedPatch('invalid JSON document');
  if (type === undefined) throw malformedPatch('strategic merge patch format is not supported');
  return mergeObjects(original, patch, type);
};
