import { setOwn } from '../json.js';
import { fieldSet, memberOnly, sortedElements, type FieldSet } from './field-set.js';
import type { PathElement } from './path-element.js';

/**
 * Objects of a kind have nearly the same sets of fields, and each object has several: equal parts of sets, and of their
 * `fieldsV1` forms, are kept once. Nothing of either is ever changed.
 */
const shared = new Map<string, FieldSet>();
/** All are forgotten when there are more, which costs memory only. */
const MAX_SHARED = 20_000;
const idsOfShared = new WeakMap<FieldSet, number>();
let lastId = 0;

/** Elements that name one object among all, so that no other set has them: owners by uid, addresses. */
const isUnique = (element: PathElement): boolean => element.startsWith('k:{"uid"') || element.startsWith('k:{"ip"');

/** The same set, with the parts that are equal to those of earlier sets replaced by these. */
export const sharedSet = (set: FieldSet): FieldSet => {
  if (set.children.size === 0) return set.member ? memberOnly : set;
  if (idsOfShared.has(set)) return set;
  const children = new Map<PathElement, FieldSet>();
  let key: string | undefined = set.member ? '.' : '';
  for (const [element, child] of set.children) {
    const part = sharedSet(child);
    children.set(element, part);
    const id = part === memberOnly ? 0 : idsOfShared.get(part);
    key = key === undefined || id === undefined || isUnique(element) ? undefined : `${key}\n${element}\n${id}`;
  }
  if (key === undefined) return fieldSet(set.member, children);
  return shared.get(key) ?? remember(key, fieldSet(set.member, children));
};

const remember = (key: string, set: FieldSet): FieldSet => {
  if (shared.size >= MAX_SHARED) shared.clear();
  lastId += 1;
  shared.set(key, set);
  idsOfShared.set(set, lastId);
  return set;
};

type FieldsV1 = Readonly<Record<string, unknown>>;

const NOTHING: FieldsV1 = Object.freeze({});
const knownForms = new WeakMap<FieldSet, FieldsV1>();

/** The set as `fieldsV1`, in the order in which Kubernetes writes it. Equal parts are the same objects. */
export const formatFieldsV1 = (set: FieldSet): FieldsV1 => {
  const result: Record<string, unknown> = {};
  for (const element of sortedElements(set)) {
    const child = set.children.get(element);
    if (child !== undefined) setOwn(result, element, formOfChild(child));
  }
  return result;
};

const formOfChild = (child: FieldSet): FieldsV1 => {
  if (child.children.size === 0) return NOTHING;
  let form = knownForms.get(child);
  if (form === undefined) {
    const inner = formatFieldsV1(child);
    form = child.member ? { '.': NOTHING, ...inner } : inner;
    knownForms.set(child, form);
  }
  return form;
};
