import { isRecord, type AnyRecord } from '../json.js';
import { comparePathElements, isPathElement, normalPathElement, type PathElement } from './path-element.js';

/** A set of paths in an object, as a tree: a node is a member itself, has members below it, or both. Immutable. */
export interface FieldSet {
  readonly member: boolean;
  readonly children: ReadonlyMap<PathElement, FieldSet>;
}

const NO_CHILDREN: ReadonlyMap<PathElement, FieldSet> = new Map();

export const emptySet: FieldSet = { member: false, children: NO_CHILDREN };
export const memberOnly: FieldSet = { member: true, children: NO_CHILDREN };

export const fieldSet = (member: boolean, children: ReadonlyMap<PathElement, FieldSet>): FieldSet => {
  if (children.size === 0) return member ? memberOnly : emptySet;
  return { member, children };
};

export const isEmptySet = (set: FieldSet): boolean => !set.member && set.children.size === 0;

/** Builds a node from its children; the empty ones are left out. */
export const setOfChildren = (entries: Iterable<readonly [PathElement, FieldSet]>, member = false): FieldSet => {
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of entries) if (!isEmptySet(child)) children.set(element, child);
  return fieldSet(member, children);
};

export const asMember = (set: FieldSet): FieldSet => (set.member ? set : fieldSet(true, set.children));

export const union = (a: FieldSet, b: FieldSet): FieldSet => {
  if (a === b || isEmptySet(b)) return a;
  if (isEmptySet(a)) return b;
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const other = children.get(element);
    children.set(element, other === undefined ? child : union(other, child));
  }
  return fieldSet(a.member || b.member, children);
};

export const intersection = (a: FieldSet, b: FieldSet): FieldSet => {
  const children: [PathElement, FieldSet][] = [];
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    if (other !== undefined) children.push([element, intersection(child, other)]);
  }
  return setOfChildren(children, a.member && b.member);
};

/** The members of `a` that are not members of `b`, path by path. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet => {
  if (isEmptySet(b)) return a;
  return without(a, b, difference);
};

/** Most sets lose nothing: the same set comes back then, so that what is known of it stays known. */
const without = (
  a: FieldSet,
  b: FieldSet,
  reduce: (child: FieldSet, other: FieldSet) => FieldSet | undefined,
): FieldSet => {
  let changed: Map<PathElement, FieldSet> | undefined;
  for (const [element, other] of b.children) {
    const child = a.children.get(element);
    if (child === undefined) continue;
    const rest = reduce(child, other);
    if (rest === child) continue;
    changed ??= new Map(a.children);
    if (rest === undefined || isEmptySet(rest)) changed.delete(element);
    else changed.set(element, rest);
  }
  const member = a.member && !b.member;
  return changed === undefined && member === a.member ? a : fieldSet(member, changed ?? a.children);
};

/** The members of `a` that neither are members of `b` nor lie below one. */
export const withoutBelow = (a: FieldSet, b: FieldSet): FieldSet =>
  isEmptySet(b) ? a : without(a, b, (child, other) => (other.member ? undefined : withoutBelow(child, other)));

export const setsEqual = (a: FieldSet, b: FieldSet): boolean => {
  if (a === b) return true;
  if (a.member !== b.member || a.children.size !== b.children.size) return false;
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    if (other === undefined || !setsEqual(child, other)) return false;
  }
  return true;
};

/** The set with one path. */
export const setOfPath = (path: readonly PathElement[]): FieldSet =>
  path.reduceRight((child, element) => fieldSet(false, new Map([[element, child]])), memberOnly);

export const sortedElements = (set: FieldSet): PathElement[] => [...set.children.keys()].sort(comparePathElements);

/** Every path of the set, in order. */
export const pathsOf = (set: FieldSet, prefix: readonly PathElement[] = []): PathElement[][] => {
  const paths: PathElement[][] = [];
  const elements = sortedElements(set);
  for (const element of elements) {
    if (set.children.get(element)?.member === true) paths.push([...prefix, element]);
  }
  for (const element of elements) {
    const child = set.children.get(element);
    if (child !== undefined) paths.push(...pathsOf(child, [...prefix, element]));
  }
  return paths;
};

/** A limit on the depth of what clients send: beyond it the entry is refused. */
const MAX_DEPTH = 500;

/** Reads the `fieldsV1` of a managed fields entry. Throws an Error that says what is wrong. */
export const parseFieldsV1 = (fields: AnyRecord, depth = 0): FieldSet => {
  if (depth > MAX_DEPTH) throw new Error('fieldsV1 is nested too deeply');
  let member = depth > 0 && Object.keys(fields).length === 0;
  const children = new Map<PathElement, FieldSet>();
  for (const [key, value] of Object.entries(fields)) {
    if (key === '.') {
      member = true;
      continue;
    }
    if (!isPathElement(key)) throw new Error(`parsing key as path element: unable to parse ${JSON.stringify(key)}`);
    if (!isRecord(value)) throw new Error(`the value of ${JSON.stringify(key)} is not an object`);
    children.set(normalPathElement(key), parseFieldsV1(value, depth + 1));
  }
  return fieldSet(member && depth > 0, children);
};
