import { isRecord } from '../json.js';
import { asMember, emptySet, fieldSet, memberOnly, setOfChildren, type FieldSet } from './field-set.js';
import { indexElements } from './list-elements.js';
import { deduce, type MergeType } from './merge-schema.js';
import { fieldElement, type PathElement } from './path-element.js';

/** The paths of all that a value sets. */
export const fieldSetOf = (value: unknown, type: MergeType): FieldSet => {
  const known = deduce(type, value);
  if (known.shape === 'scalar') return memberOnly;
  if (known.shape === 'list') {
    if (known.relation === 'atomic') return memberOnly;
    return setOfChildren(
      indexElements(known, value).map(({ path, value: element }) => [
        path,
        asMember(fieldSetOf(element, known.element)),
      ]),
    );
  }
  if (known.atomic) return memberOnly;
  if (!isRecord(value)) return emptySet;
  const children: [PathElement, FieldSet][] = [];
  for (const [name, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    const declared = known.field(name);
    const child = fieldSetOf(inner, declared ?? known.others ?? { shape: 'untyped' });
    const isLeaf = inner === null || (isRecord(inner) && Object.keys(inner).length === 0);
    children.push([fieldElement(name), isLeaf || declared === undefined ? asMember(child) : child]);
  }
  return setOfChildren(children);
};

/** The set with every declared field on the way to a member made a member too. */
export const withNamedFields = (set: FieldSet, type: MergeType): FieldSet => {
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const { inner, isDeclared } = step(type, element);
    const below = withNamedFields(child, inner);
    children.set(element, isDeclared ? asMember(below) : below);
  }
  return fieldSet(set.member, children);
};

const step = (type: MergeType, element: PathElement): { inner: MergeType; isDeclared: boolean } => {
  const untyped: MergeType = { shape: 'untyped' };
  if (type.shape === 'map' && element.startsWith('f:')) {
    const declared = type.field(element.slice(2));
    return { inner: declared ?? type.others ?? untyped, isDeclared: declared !== undefined };
  }
  if (type.shape === 'list' && element.startsWith('k:')) return { inner: type.element, isDeclared: false };
  return { inner: untyped, isDeclared: false };
};
