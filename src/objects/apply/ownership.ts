import { compareValues, type Comparison } from './compare-values.js';
import { conflictsOf, type Conflict } from './conflicts.js';
import { difference, emptySet, intersection, isEmptySet, union, withoutBelow, type FieldSet } from './field-set.js';
import { fieldSetOf, withNamedFields } from './field-set-of.js';
import type { Manager, Managers } from './managed-fields.js';
import type { MergeType } from './merge-schema.js';
import { mergeValues, removePaths } from './merge-values.js';

/** What every write changes and nobody owns. */
const UNOWNED: FieldSet = {
  member: false,
  children: new Map([
    ['f:apiVersion', { member: true, children: new Map() }],
    ['f:kind', { member: true, children: new Map() }],
    [
      'f:metadata',
      {
        member: true,
        children: new Map(
          [
            'name',
            'namespace',
            'creationTimestamp',
            'selfLink',
            'uid',
            'clusterName',
            'generation',
            'managedFields',
            'resourceVersion',
          ].map((name) => [`f:${name}`, { member: true, children: new Map() }]),
        ),
      },
    ],
  ]),
};

export const withoutUnowned = (fields: FieldSet): FieldSet => difference(fields, UNOWNED);

const withFields = (manager: Manager, fields: FieldSet): Manager => ({ ...manager, fields });

const withoutEmpty = (managers: ReadonlyMap<string, Manager>): Managers =>
  new Map([...managers].filter(([, { fields }]) => !isEmptySet(fields)));

interface Takeover {
  readonly managers: Managers;
  readonly conflicts: readonly Conflict[];
  readonly comparison: Comparison;
}

/** Takes from all other managers what the step from `before` to `after` changed. */
const takeFromOthers = (
  before: unknown,
  after: unknown,
  type: MergeType,
  managers: Managers,
  self: string,
  ignored: FieldSet,
): Takeover => {
  const whole = compareValues(before, after, type);
  const comparison: Comparison = {
    added: withoutBelow(whole.added, ignored),
    modified: withoutBelow(whole.modified, ignored),
    removed: withoutBelow(whole.removed, ignored),
  };
  const changed = union(comparison.modified, comparison.added);
  const result = new Map<string, Manager>();
  const conflicts: Conflict[] = [];
  for (const [id, manager] of managers) {
    if (id === self) {
      result.set(id, manager);
      continue;
    }
    const lost = intersection(manager.fields, changed);
    conflicts.push(...conflictsOf(manager, lost));
    result.set(id, withFields(manager, difference(difference(manager.fields, lost), comparison.removed)));
  }
  return { managers: withoutEmpty(result), conflicts, comparison };
};

export interface UpdateStep {
  readonly before: unknown;
  readonly after: unknown;
  readonly type: MergeType;
  readonly managers: Managers;
  /** The writer, with the time of the write; its `fields` are not read. */
  readonly writer: Manager;
  readonly id: string;
  readonly ignored: FieldSet;
}

/** The managers after a write that is not an apply: the writer owns what it changed. */
export const managersAfterUpdate = ({ before, after, type, managers, writer, id, ignored }: UpdateStep): Managers => {
  const { managers: others, comparison } = takeFromOthers(before, after, type, managers, '', ignored);
  const taken = withoutUnowned(union(comparison.modified, comparison.added));
  if (isEmptySet(taken)) return others;
  const previous = others.get(id);
  return new Map(others).set(id, withFields(writer, union(previous?.fields ?? emptySet, taken)));
};

export interface ApplyStep {
  readonly live: unknown;
  readonly applied: unknown;
  readonly type: MergeType;
  readonly managers: Managers;
  readonly writer: Manager;
  readonly id: string;
  readonly ignored: FieldSet;
}

export interface ApplyOutcome {
  readonly value: unknown;
  readonly managers: Managers;
  readonly conflicts: readonly Conflict[];
}

/**
 * Lays the applied value over the live one, removes what the same applier set before and now leaves out unless others
 * own it, and hands over the ownership of what changed. Conflicts are returned, not thrown: the caller knows of force.
 */
export const applyStep = ({ live, applied, type, managers, writer, id, ignored }: ApplyStep): ApplyOutcome => {
  const merged = mergeValues(live, applied, type);
  const set = withoutBelow(fieldSetOf(applied, type), ignored);
  const last = managers.get(id);
  // The name that is applied holds the metadata, of whatever else it loses everything.
  const withWriter = new Map(managers).set(id, withFields(writer, set));
  const value = last === undefined ? merged : prune(merged, last.fields, withWriter, type);
  withWriter.set(id, withFields(writer, withoutUnowned(set)));
  const { managers: next, conflicts } = takeFromOthers(live, value, type, withWriter, id, ignored);
  return { value, managers: next, conflicts };
};

const prune = (merged: unknown, last: FieldSet, managers: Managers, type: MergeType): unknown => {
  if (isEmptySet(last)) return merged;
  const named = (set: FieldSet): FieldSet => withNamedFields(set, type);
  const lastNamed = named(last);
  const mergedSet = named(fieldSetOf(merged, type));
  const removed = removePaths(merged, lastNamed, type);
  const owned = [...managers.values()].reduce((all, { fields }) => union(all, fields), emptySet);
  const kept = union(named(fieldSetOf(removed, type)), named(owned));
  // What others own, or the applier itself in its new configuration, comes back.
  const restored = removePaths(merged, difference(mergedSet, kept), type);
  // So does what the applier never owned.
  const gone = difference(mergedSet, named(fieldSetOf(restored, type)));
  return removePaths(merged, intersection(gone, lastNamed), type);
};
