import type { ManagedFieldsEntry } from '../object.js';
import { isEmptySet, parseFieldsV1, union, type FieldSet } from './field-set.js';
import { formatFieldsV1, sharedSet } from './shared-sets.js';

/** One manager's fields, decoded. */
export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time?: string;
  readonly fields: FieldSet;
}

/** Managers by identity: name, operation, subresource, and for updates the apiVersion. Immutable. */
export type Managers = ReadonlyMap<string, Manager>;

type Identity = Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'>;

/** An applier stays the same manager when it moves to another version of the API; an updater does not. */
export const managerId = ({ manager, operation, apiVersion, subresource }: Identity): string =>
  JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource]);

/** Objects are never changed, so neither form of a set is made twice: most writes leave most managers as they are. */
const parsed = new WeakMap<object, FieldSet>();
const formatted = new WeakMap<FieldSet, Readonly<Record<string, unknown>>>();

const parsedFields = (fields: Readonly<Record<string, unknown>>): FieldSet => {
  let set = parsed.get(fields);
  if (set === undefined) {
    set = sharedSet(parseFieldsV1(fields));
    parsed.set(fields, set);
  }
  return set;
};

const formattedFields = (set: FieldSet): Readonly<Record<string, unknown>> => {
  let fields = formatted.get(set);
  if (fields === undefined) {
    const same = sharedSet(set);
    fields = formatted.get(same) ?? formatFieldsV1(same);
    formatted.set(same, fields);
    parsed.set(fields, same);
  }
  return fields;
};

const decodeEntry = (entry: ManagedFieldsEntry, index: number): Manager => {
  if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
    throw new Error('operation must be `Apply` or `Update`');
  }
  if (entry.apiVersion === undefined || entry.apiVersion === '') throw new Error('apiVersion must not be empty');
  if (entry.fieldsType === undefined) throw new Error(`missing fieldsType in managed fields entry ${index}`);
  if (entry.fieldsType !== 'FieldsV1') {
    throw new Error(`invalid fieldsType ${JSON.stringify(entry.fieldsType)} in managed fields entry ${index}`);
  }
  return {
    manager: entry.manager ?? '',
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    subresource: entry.subresource ?? '',
    ...(entry.time === undefined ? {} : { time: entry.time }),
    fields: parsedFields(entry.fieldsV1 ?? {}),
  };
};

/** Reads `metadata.managedFields`. Throws an Error that says what is wrong with it. */
export const decodeManagers = (entries: readonly ManagedFieldsEntry[] | undefined): Managers =>
  new Map((entries ?? []).map(decodeEntry).map((manager) => [managerId(manager), manager]));

const seconds = (time: string | undefined): number => (time === undefined ? 0 : Math.floor(Date.parse(time) / 1000));
const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const inOrder = (a: Manager, b: Manager): number =>
  compareText(a.operation, b.operation) ||
  seconds(a.time) - seconds(b.time) ||
  compareText(a.manager, b.manager) ||
  compareText(a.apiVersion, b.apiVersion) ||
  compareText(a.subresource, b.subresource);

const encodeEntry = (manager: Manager): ManagedFieldsEntry => ({
  manager: manager.manager,
  operation: manager.operation,
  apiVersion: manager.apiVersion,
  ...(manager.time === undefined ? {} : { time: manager.time }),
  fieldsType: 'FieldsV1',
  fieldsV1: formattedFields(manager.fields),
  ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
});

/** Writes `metadata.managedFields`, in the order of Kubernetes. */
export const encodeManagers = (managers: Managers): ManagedFieldsEntry[] =>
  [...managers.values()]
    .filter(({ fields }) => !isEmptySet(fields))
    .sort(inOrder)
    .map(encodeEntry);

export const MAX_UPDATE_MANAGERS = 10;
const OLDEST_BUCKET = 'ancient-changes';

/** Folds the oldest updaters into one entry a version, so that the list of managers has a bound. */
export const capUpdateManagers = (managers: Managers): Managers => {
  const updaters = [...managers.values()]
    .filter(({ operation }) => operation === 'Update')
    .sort((a, b) => seconds(a.time) - seconds(b.time) || compareText(a.manager, b.manager));
  let excess = updaters.length - MAX_UPDATE_MANAGERS;
  const result = new Map(managers);
  const firstOfVersion = new Map<string, Manager>();
  for (const updater of updaters) {
    if (excess <= 0) break;
    const first = firstOfVersion.get(updater.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(updater.apiVersion, updater);
      continue;
    }
    const identity: Manager = { ...updater, manager: OLDEST_BUCKET, subresource: '' };
    const bucket = result.get(managerId(identity)) ?? first;
    result.delete(managerId(first));
    result.delete(managerId(updater));
    result.set(managerId(identity), { ...identity, fields: union(bucket.fields, updater.fields) });
    excess -= 1;
  }
  return result;
};
