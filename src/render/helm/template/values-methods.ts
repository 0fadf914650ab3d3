import { toYaml } from '../yaml/to-yaml.js';
import { GoError } from './errors.js';
import { goQuote } from './quote.js';
import { type GoMap, type Methods, TypedMap, type Value } from './values.js';

const VALUES = 'common.Values';

/** A map that Go calls `common.Values`: what `.Values`, `.Template` and the dot of a template are. */
export const namedValues = (entries: Iterable<readonly [string, Value]>): TypedMap =>
  new TypedMap(VALUES, undefined, entries);

/** A map under the name of `common.Values`: what one of the two is given, the other has. */
class SharedValues extends TypedMap {
  constructor(readonly shared: GoMap) {
    super(VALUES, undefined);
  }

  override get(key: string): Value {
    return this.shared.get(key);
  }
  override has(key: string): boolean {
    return this.shared.has(key);
  }
  override set(key: string, value: Value): this {
    this.shared.set(key, value);
    return this;
  }
  override delete(key: string): boolean {
    return this.shared.delete(key);
  }
  override clear(): void {
    this.shared.clear();
  }
  override get size(): number {
    return this.shared.size;
  }
  override keys(): MapIterator<string> {
    return this.shared.keys();
  }
  override values(): MapIterator<Value> {
    return this.shared.values();
  }
  override entries(): MapIterator<[string, Value]> {
    return this.shared.entries();
  }
  override forEach(act: (value: Value, key: string, map: Map<string, Value>) => void): void {
    for (const [key, value] of this.shared) act(value, key, this);
  }
  override [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.shared[Symbol.iterator]();
  }
}

/** The same map as `common.Values`, as a conversion in Go makes it: its content is shared. */
export const asValues = (map: GoMap): TypedMap => (map instanceof SharedValues ? map : new SharedValues(map));

/** The table at a path, `common.Values` again. */
const table = (values: GoMap, path: readonly string[]): TypedMap => {
  let at = values;
  for (const step of path) {
    const inner = at.get(step);
    if (!(inner instanceof Map) || (inner instanceof TypedMap && inner.type !== VALUES))
      throw new GoError(`${goQuote(step)} is not a table`);
    at = inner;
  }
  return asValues(at);
};

const pathValue = (values: GoMap, path: string): Value => {
  if (path === '') throw new GoError('YAML path cannot be empty');
  const steps = path.split('.');
  const key = steps.pop() ?? '';
  const missing = new GoError(`${goQuote(key)} is not a value`);
  let at: GoMap = values;
  try {
    if (steps.length > 0) at = table(values, steps);
  } catch (error) {
    if (error instanceof GoError) throw missing;
    throw error;
  }
  const found = at.get(key);
  const isPlainTable = found instanceof Map && !(found instanceof TypedMap);
  if (!at.has(key) || isPlainTable) throw missing;
  return found;
};

/** The map that a function which takes `map[string]interface {}` is given: the same one, without the name. */
export const unnamed = (value: Value): Value => (value instanceof SharedValues ? value.shared : value);

const asMap = (values: GoMap): GoMap => {
  if (values.size === 0) return new Map();
  return values instanceof SharedValues ? values.shared : new Map(values);
};

const METHODS: Methods = {
  AsMap: { params: [], call: asMap },
  YAML: { params: [], call: (values: GoMap) => toYaml(values) },
  Table: { params: ['string'], call: (values: GoMap, [path]) => table(values, (path as string).split('.')) },
  PathValue: { params: ['string'], call: (values: GoMap, [path]) => pathValue(values, path as string) },
};

/** Whether a field may be a method of `common.Values`. */
export const isValuesMethod = (name: string): boolean => Object.hasOwn(METHODS, name);

export const valuesMethod = (value: Value, name: string): Methods[string] | undefined =>
  value instanceof TypedMap && value.type === VALUES && isValuesMethod(name) ? METHODS[name] : undefined;
