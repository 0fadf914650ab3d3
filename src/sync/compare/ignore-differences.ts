import type { KubeObject, ManagedFieldsEntry } from '../../objects/object.js';
import type { IgnoreDifference } from '../applications/application.js';
import type { FieldPath } from './field-paths.js';
import { parsePointer, valueAt, withField, withoutField } from './field-paths.js';
import { jqPaths } from './jq-paths.js';
import { resourceIdOf } from './resource-id.js';

/** `*` stands for any text. */
export const matchesGlob = (pattern: string, text: string): boolean => {
  const parts = pattern.split('*');
  const [first = ''] = parts;
  if (parts.length === 1) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = parts.at(-1) ?? '';
  return text.length - at >= last.length && text.endsWith(last);
};

/** The rules of an application that are about an object. */
export const rulesFor = (rules: readonly IgnoreDifference[], object: KubeObject): readonly IgnoreDifference[] => {
  if (rules.length === 0) return rules;
  const { group, kind, namespace, name } = resourceIdOf(object);
  return rules.filter(
    (rule) =>
      matchesGlob(rule.group ?? '', group) &&
      matchesGlob(rule.kind, kind) &&
      (rule.name === undefined || rule.name === '' || rule.name === name) &&
      (rule.namespace === undefined || rule.namespace === '' || rule.namespace === namespace),
  );
};

/** The fields of one object that rules take out of the comparison. Longest and last first, so that removal is safe. */
const ignoredPaths = (rules: readonly IgnoreDifference[], object: KubeObject): readonly FieldPath[] => {
  const paths: FieldPath[] = [];
  for (const { jsonPointers = [], jqPathExpressions = [] } of rules) {
    for (const pointer of jsonPointers) {
      const path = parsePointer(pointer);
      if (path !== undefined) paths.push(path);
    }
    for (const expression of jqPathExpressions) paths.push(...jqPaths(expression, object));
  }
  return paths.sort((left, right) => compareSteps(right, left));
};

const compareSteps = (left: FieldPath, right: FieldPath): number => {
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const a = left[at] ?? '';
    const b = right[at] ?? '';
    if (a === b) continue;
    const numeric = Number(a) - Number(b);
    return Number.isNaN(numeric) ? (String(a) < String(b) ? -1 : 1) : numeric;
  }
  return left.length - right.length;
};

/** Both sides of a comparison without what the rules say to ignore. */
export const withoutIgnored = (
  rules: readonly IgnoreDifference[],
  predicted: KubeObject,
  live: KubeObject,
): { readonly predicted: KubeObject; readonly live: KubeObject } => {
  if (rules.length === 0) return { predicted, live };
  const owned = rules.flatMap(({ managedFieldsManagers = [] }) => ownedPaths(managedFieldsManagers, live));
  const remove = (object: KubeObject): KubeObject =>
    [...ignoredPaths(rules, object), ...owned].reduce((rest, path) => withoutField(rest, path), object);
  return { predicted: remove(predicted), live: remove(live) };
};

/** The desired object with the live values of ignored fields, so that applying it leaves them alone. */
export const keepIgnored = (rules: readonly IgnoreDifference[], desired: KubeObject, live: KubeObject): KubeObject => {
  const owned = rules.flatMap(({ managedFieldsManagers = [] }) => ownedPaths(managedFieldsManagers, live));
  let kept = desired;
  for (const path of [...ignoredPaths(rules, desired), ...ignoredPaths(rules, live), ...owned]) {
    const value = valueAt(live, path);
    kept = value === undefined ? withoutField(kept, path) : withField(kept, path, value);
  }
  return kept;
};

/** The fields that managers own, as far as they can be named by field: entries of keyed lists by their position. */
const ownedPaths = (managers: readonly string[], live: KubeObject): readonly FieldPath[] => {
  if (managers.length === 0) return [];
  const entries = (live.metadata.managedFields ?? []).filter(({ manager }) => managers.includes(manager ?? ''));
  return entries.flatMap((entry) => fieldSetPaths(entry, live));
};

const fieldSetPaths = ({ fieldsV1 = {} }: ManagedFieldsEntry, live: KubeObject): readonly FieldPath[] => {
  const paths: FieldPath[] = [];
  const walk = (set: Readonly<Record<string, unknown>>, value: unknown, path: FieldPath): void => {
    const names = Object.keys(set).filter((name) => name !== '.');
    if (names.length === 0 && path.length > 0) paths.push(path);
    for (const name of names) {
      const step = stepOf(name, value);
      if (step === undefined) continue;
      walk(set[name] as Readonly<Record<string, unknown>>, valueAt(value, [step]), [...path, step]);
    }
  };
  walk(fieldsV1, live, []);
  return paths;
};

/** `f:name` is a field, `k:{...}` the list entry with these keys, `v:...` the list entry with this value. */
const stepOf = (name: string, value: unknown): string | number | undefined => {
  if (name.startsWith('f:')) return name.slice(2);
  if (!Array.isArray(value)) return undefined;
  const wanted: unknown = JSON.parse(name.slice(2));
  const index = value.findIndex((item: unknown) =>
    name.startsWith('v:')
      ? item === wanted
      : Object.entries(wanted as Record<string, unknown>).every(([key, part]) => valueAt(item, [key]) === part),
  );
  return index < 0 ? undefined : index;
};
