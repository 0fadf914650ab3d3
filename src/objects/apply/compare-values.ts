import { isRecord, jsonEquals, ownValue } from '../json.js';
import { asMember, emptySet, memberOnly, setOfChildren, union, type FieldSet } from './field-set.js';
import { indexElements } from './list-elements.js';
import { deduce, untyped, type ListMerge, type MapMerge, type MergeType } from './merge-schema.js';
import { fieldElement, type PathElement } from './path-element.js';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const same: Comparison = { added: emptySet, modified: emptySet, removed: emptySet };

const combine = (a: Comparison, b: Comparison): Comparison => ({
  added: union(a.added, b.added),
  modified: union(a.modified, b.modified),
  removed: union(a.removed, b.removed),
});

/** The paths by which two values of a type differ. `undefined` is absence, null a value. */
export const compareValues = (before: unknown, after: unknown, type: MergeType): Comparison => {
  if (before === after) return same;
  const left = deduce(type, before);
  const right = deduce(type, after);
  if (after === undefined) return compareAs(left, before, after);
  if (before === undefined || left === right || left.shape === right.shape) return compareAs(right, before, after);
  return combine(compareAs(left, before, after), compareAs(right, before, after));
};

const compareAs = (type: Exclude<MergeType, { shape: 'untyped' }>, before: unknown, after: unknown): Comparison => {
  if (type.shape === 'scalar') return compareLeaves(before, after);
  if (type.shape === 'list') {
    const isLeaf = type.relation === 'atomic' || (isEmptyList(before) && isEmptyList(after));
    return isLeaf ? compareLeaves(before, after) : marked(compareLists(type, before, after), before, after);
  }
  const isLeaf = type.atomic || (isEmptyMap(before) && isEmptyMap(after));
  return isLeaf ? compareLeaves(before, after) : marked(compareMaps(type, before, after), before, after);
};

const isEmptyList = (value: unknown): boolean => !Array.isArray(value) || value.length === 0;
const isEmptyMap = (value: unknown): boolean => !isRecord(value) || Object.keys(value).length === 0;

const compareLeaves = (before: unknown, after: unknown): Comparison => {
  if (before === undefined) return { ...same, added: memberOnly };
  if (after === undefined) return { ...same, removed: memberOnly };
  return jsonEquals(before, after) ? same : { ...same, modified: memberOnly };
};

/** A list or map that came or went as a whole is itself added or removed. */
const marked = (comparison: Comparison, before: unknown, after: unknown): Comparison => {
  if (before === undefined) return { ...comparison, added: asMember(comparison.added) };
  if (after === undefined) return { ...comparison, removed: asMember(comparison.removed) };
  return comparison;
};

/** Comparisons that found nothing are not collected: most of an object stays the same. */
const collect = (children: readonly (readonly [PathElement, Comparison])[]): Comparison =>
  children.length === 0
    ? same
    : {
        added: setOfChildren(children.map(([path, each]) => [path, each.added])),
        modified: setOfChildren(children.map(([path, each]) => [path, each.modified])),
        removed: setOfChildren(children.map(([path, each]) => [path, each.removed])),
      };

const compareMaps = (type: MapMerge, before: unknown, after: unknown): Comparison => {
  const left = isRecord(before) ? before : {};
  const right = isRecord(after) ? after : {};
  const children: [PathElement, Comparison][] = [];
  const compareField = (name: string): void => {
    const inner = type.field(name) ?? type.others ?? untyped;
    const comparison = compareValues(ownValue(left, name), ownValue(right, name), inner);
    if (comparison !== same) children.push([fieldElement(name), comparison]);
  };
  for (const name of Object.keys(left)) compareField(name);
  for (const name of Object.keys(right)) if (!Object.hasOwn(left, name)) compareField(name);
  return collect(children);
};

const groupByPath = (type: ListMerge, list: unknown): Map<PathElement, unknown[]> => {
  const groups = new Map<PathElement, unknown[]>();
  for (const { path, value } of indexElements(type, list)) {
    const group = groups.get(path);
    if (group === undefined) groups.set(path, [value]);
    else group.push(value);
  }
  return groups;
};

const compareLists = (type: ListMerge, before: unknown, after: unknown): Comparison => {
  const left = groupByPath(type, before);
  const right = groupByPath(type, after);
  const children: [PathElement, Comparison][] = [];
  for (const path of new Set([...left.keys(), ...right.keys()])) {
    const [was, is] = [left.get(path) ?? [], right.get(path) ?? []];
    const comparison = compareElements(type, was, is);
    if (comparison !== same) children.push([path, comparison]);
  }
  return collect(children);
};

/**
 * Elements that share a key, which a list of an older object may have, change as one and have one owner: where they
 * come or go, the fields of the single element beside them go or come.
 */
const compareElements = (type: ListMerge, before: readonly unknown[], after: readonly unknown[]): Comparison => {
  if (before.length <= 1 && after.length <= 1) return compareValues(before[0], after[0], type.element);
  if (before.length > 1 && after.length > 1) {
    return jsonEquals(before, after) ? same : { ...same, modified: memberOnly };
  }
  if (before.length > 1) {
    const { added } = after.length === 0 ? same : compareValues(undefined, after[0], type.element);
    return { ...same, added, removed: memberOnly };
  }
  const { removed } = before.length === 0 ? same : compareValues(before[0], undefined, type.element);
  return { ...same, added: memberOnly, removed };
};
