import { NIL_MAP } from '../template/arguments.js';
import { GoError } from '../template/errors.js';
import { type GoMap, strings, Struct, TypedMap, TypedSlice, typeName, type Value } from '../template/values.js';
import { toText } from './cast.js';
import { type Family, fn, variadic } from './define.js';
import { mergeMaps } from './merge.js';

const isNilMap = (map: GoMap): boolean => map === NIL_MAP;

const dict = (values: readonly Value[]): GoMap => {
  const map: GoMap = new Map();
  for (let i = 0; i < values.length; i += 2) map.set(toText(values[i]), i + 1 < values.length ? values[i + 1] : '');
  return map;
};

const set = (map: GoMap, key: string, value: Value): GoMap => {
  if (isNilMap(map)) throw new GoError('assignment to entry in nil map');
  map.set(key, value);
  return map;
};

const unset = (map: GoMap, key: string): GoMap => {
  if (!isNilMap(map)) map.delete(key);
  return map;
};

const pick = (map: GoMap, keys: readonly string[]): GoMap =>
  new Map(keys.filter((key) => map.has(key)).map((key) => [key, map.get(key)]));

const omit = (map: GoMap, keys: readonly string[]): GoMap => {
  const left = new Set(keys);
  return new Map([...map].filter(([key]) => !left.has(key)));
};

/** mitchellh/copystructure: everything is copied, structs stay themselves. */
export const deepCopy = (value: Value): Value => {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof TypedMap) {
    return new TypedMap(
      value.type,
      value.zero,
      [...value].map(([key, item]) => [key, deepCopy(item)] as const),
      value.methods,
    );
  }
  if (value instanceof Map) {
    const copy: GoMap = new Map();
    for (const [key, item] of value) copy.set(key, typeof item === 'object' && item !== null ? deepCopy(item) : item);
    return copy;
  }
  if (Array.isArray(value)) return value.map(deepCopy);
  if (value instanceof TypedSlice) return new TypedSlice(value.element, value.items.map(deepCopy));
  return value instanceof Struct || !(value instanceof Uint8Array) ? value : Uint8Array.from(value);
};

const deepCopyOf = (value: Value): Value => {
  if (value === null || value === undefined) throw new GoError('reflect: call of reflect.Value.Type on zero Value');
  return deepCopy(value);
};

const goConversion = (value: Value, type: string): GoError => {
  const interfaceIs = value === null || value === undefined ? 'nil' : typeName(value);
  return new GoError(`interface conversion: interface {} is ${interfaceIs}, not ${type}`);
};

const asMap = (value: Value): GoMap => {
  // A named map type is no map[string]interface {} to a type assertion.
  if (value instanceof Map && !(value instanceof TypedMap)) return value;
  throw goConversion(value, 'map[string]interface {}');
};

const dig = (args: readonly Value[]): Value => {
  if (args.length < 3) throw new GoError('dig needs at least three arguments');
  let map = asMap(args.at(-1));
  const fallback = args.at(-2);
  const keys = args.slice(0, -2).map((key) => {
    if (typeof key === 'string') return key;
    throw goConversion(key, 'string');
  });
  for (const [i, key] of keys.entries()) {
    if (!map.has(key)) return fallback;
    const step = map.get(key);
    if (i === keys.length - 1) return step;
    map = asMap(step);
  }
  return fallback;
};

const merge =
  (overwrite: boolean) =>
  (first: GoMap, others: readonly GoMap[]): Value => {
    const target: GoMap = isNilMap(first) ? new Map() : first;
    for (const other of others) mergeMaps(target, other, overwrite);
    return target;
  };

/** Sprig's functions on maps. `set`, `unset` and the merges change the map that they are given. */
export const dicts: Family = {
  dict: variadic([], 'any', dict),
  get: fn(['map', 'string'], (map, key) => (map.has(key) ? map.get(key) : '')),
  set: fn(['map', 'string', 'any'], set),
  unset: fn(['map', 'string'], unset),
  hasKey: fn(['map', 'string'], (map, key) => map.has(key)),
  pluck: variadic(['string'], 'map', (key, maps) => maps.filter((map) => map.has(key)).map((map) => map.get(key))),
  keys: variadic([], 'map', (maps: GoMap[]) => strings(maps.flatMap((map) => [...map.keys()]))),
  values: fn(['map'], (map) => [...map.values()]),
  pick: variadic(['map'], 'string', pick),
  omit: variadic(['map'], 'string', omit),
  merge: variadic(['map'], 'map', merge(false)),
  mustMerge: variadic(['map'], 'map', merge(false)),
  mergeOverwrite: variadic(['map'], 'map', merge(true)),
  mustMergeOverwrite: variadic(['map'], 'map', merge(true)),
  deepCopy: fn(['any'], deepCopyOf),
  mustDeepCopy: fn(['any'], deepCopyOf),
  dig: variadic([], 'any', dig),
};
