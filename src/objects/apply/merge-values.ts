import { isRecord, ownValue, setOwn } from '../json.js';
import { isEmptySet, type FieldSet } from './field-set.js';
import { elementPath, indexElements, type IndexedElement } from './list-elements.js';
import { deduce, type ListMerge, type MapMerge, type MergeType } from './merge-schema.js';
import { fieldElement } from './path-element.js';

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0);

/** The live value with the applied one laid over it. `undefined` is absence. */
export const mergeValues = (live: unknown, applied: unknown, type: MergeType): unknown => {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  const known = deduce(type, applied);
  if (known.shape === 'scalar') return applied;
  if (isEmpty(live) && isEmpty(applied)) return applied;
  if (known.shape === 'list') {
    return known.relation === 'atomic' ? applied : mergeLists(known, live, applied);
  }
  return known.atomic ? applied : mergeMaps(known, live, applied);
};

const mergeMaps = (type: MapMerge, live: unknown, applied: unknown): unknown => {
  if (!isRecord(applied)) return isRecord(live) ? live : applied;
  const result: Record<string, unknown> = isRecord(live) ? { ...live } : {};
  for (const [name, value] of Object.entries(applied)) {
    const inner = type.field(name) ?? type.others ?? { shape: 'untyped' };
    setOwn(result, name, mergeValues(ownValue(result, name), value, inner));
  }
  return result;
};

/** The first of the elements with each path; an element whose path is repeated cannot be merged into. */
const uniqueByPath = (elements: readonly IndexedElement[]): Map<string, unknown> => {
  const found = new Map<string, unknown>();
  for (const { path, value } of elements) found.set(path, found.has(path) ? undefined : value);
  return found;
};

/**
 * Elements of both lists, merged where they share a path. The applied order holds; elements that are only live keep
 * their place between the shared ones.
 */
const mergeLists = (type: ListMerge, live: unknown, applied: unknown): unknown => {
  const left = indexElements(type, live);
  const right = indexElements(type, applied);
  const liveByPath = uniqueByPath(left);
  const appliedPaths = new Set(right.map(({ path }) => path));
  const shared = right.map(({ path }) => path).filter((path) => liveByPath.has(path));
  const merged = new Set<string>();
  const result: unknown[] = [];
  const take = ({ path, value }: IndexedElement): void => {
    merged.add(path);
    result.push(mergeValues(liveByPath.get(path), value, type.element));
    if (shared[0] === path) shared.shift();
  };
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    const [mine, theirs] = [left[l], right[r]];
    if (mine !== undefined && theirs !== undefined) {
      if (mine.path === theirs.path) {
        take(theirs);
        l += 1;
        r += 1;
        continue;
      }
      if (appliedPaths.has(mine.path) && shared[0] !== undefined && shared[0] !== mine.path) {
        l += 1;
        continue;
      }
    }
    if (mine !== undefined) {
      if (!appliedPaths.has(mine.path)) {
        result.push(mine.value);
        l += 1;
        continue;
      }
      if (merged.has(mine.path)) l += 1;
    }
    if (theirs !== undefined) {
      take(theirs);
      r += 1;
    }
  }
  return result;
};

/**
 * The value without the paths of a set. A list or map that loses all it had becomes null, which is not absence: whoever
 * owns it owns it still.
 */
export const removePaths = (value: unknown, set: FieldSet, type: MergeType): unknown => {
  if (isEmptySet(set)) return value;
  const known = deduce(type, value);
  if (known.shape === 'scalar') return value;
  if (known.shape === 'list') return removeFromList(known, value, set);
  if (!isRecord(value) || known.atomic) return null;
  const result: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const child = set.children.get(fieldElement(name));
    if (child?.member === true) continue;
    const innerType = known.field(name) ?? known.others ?? { shape: 'untyped' };
    setOwn(result, name, child === undefined ? inner : removePaths(inner, child, innerType));
  }
  return Object.keys(result).length > 0 ? result : null;
};

const removeFromList = (type: ListMerge, value: unknown, set: FieldSet): unknown => {
  if (!Array.isArray(value) || type.relation === 'atomic') return null;
  const kept: unknown[] = [];
  for (const element of value as unknown[]) {
    const path = elementPath(type, element);
    const child = 'path' in path ? set.children.get(path.path) : undefined;
    if (child?.member === true) continue;
    kept.push(child === undefined ? element : removePaths(element, child, type.element));
  }
  return kept.length > 0 ? kept : null;
};
