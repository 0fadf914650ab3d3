import { isRecord, type AnyRecord } from '../../../objects/json.js';
import { jsonValue } from '../cel/json-values.js';
import { readDuration, readTimestamp } from '../cel/time.js';
import { CelError, MapValue, UnorderedList, type CelValue } from '../cel/values.js';
import { itemsOf, propertyOf, valuesOf } from './prune.js';
import { celName, withObjectFields } from './rule-types.js';
import type { StructuralSchema } from './structural-schema.js';

/** An object with named fields. A field that is null is not there. */
class ObjectMap extends MapValue {
  private readonly converted = new Map<string, CelValue>();
  private readonly names: ReadonlyMap<string, string>;

  constructor(
    private readonly source: AnyRecord,
    private readonly schema: StructuralSchema,
  ) {
    super();
    const present = Object.keys(source).filter((name) => source[name] !== null);
    this.names = new Map(present.map((name) => [celName(name) ?? name, name]));
  }

  get size(): number {
    return this.names.size;
  }

  find(key: CelValue): CelValue {
    const name = typeof key === 'string' ? (this.names.get(key) ?? this.names.get(`__${key}__`)) : undefined;
    if (name === undefined) return undefined;
    const known = this.converted.get(name);
    if (known !== undefined) return known;
    const property = propertyOf(this.schema, name);
    const made = property === undefined ? jsonValue(this.source[name]) : ruleValue(this.source[name], property);
    this.converted.set(name, made);
    return made;
  }

  keys(): Iterable<CelValue> {
    return this.names.keys();
  }
}

/** A map of values that all have one schema. Its keys are what they are. */
class ValuesMap extends MapValue {
  private readonly converted = new Map<string, CelValue>();

  constructor(
    private readonly source: AnyRecord,
    private readonly values: StructuralSchema,
  ) {
    super();
  }

  get size(): number {
    return Object.keys(this.source).length;
  }

  find(key: CelValue): CelValue {
    if (typeof key !== 'string' || !Object.hasOwn(this.source, key)) return undefined;
    const known = this.converted.get(key);
    if (known !== undefined) return known;
    const made = ruleValue(this.source[key], this.values);
    this.converted.set(key, made);
    return made;
  }

  keys(): Iterable<CelValue> {
    return Object.keys(this.source);
  }
}

const textValue = (text: string, format: unknown): CelValue => {
  try {
    switch (format) {
      case 'byte':
        return new Uint8Array(Buffer.from(text, 'base64'));
      case 'duration':
        return readDuration(text);
      case 'date':
        return readTimestamp(`${text}T00:00:00Z`);
      case 'date-time':
        return readTimestamp(text);
      default:
        return text;
    }
  } catch (error) {
    if (error instanceof CelError) throw new CelError(`Invalid ${String(format)} format ${JSON.stringify(text)}`);
    throw error;
  }
};

const listValue = (list: readonly unknown[], schema: StructuralSchema): CelValue[] => {
  const items = itemsOf(schema);
  const values = list.map((each) => (items === undefined ? jsonValue(each) : ruleValue(each, items)));
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return values;
  const unordered = UnorderedList.holding(values);
  const keys: unknown = schema['x-kubernetes-list-map-keys'];
  if (type === 'map' && Array.isArray(keys)) {
    const names = keys.map((key: string) => celName(key) ?? key);
    unordered.keyOf = (element) =>
      names.map((name) => (element instanceof MapValue ? (element.find(name) ?? null) : null));
  }
  return unordered;
};

/** A JSON value as the rules of its schema see it. */
export const ruleValue = (value: unknown, schema: StructuralSchema): CelValue => {
  if (value === null || value === undefined) return null;
  if (schema['x-kubernetes-int-or-string'] === true) return jsonValue(value);
  if (Array.isArray(value)) return listValue(value, schema);
  if (isRecord(value)) {
    const values = valuesOf(schema);
    if (values !== undefined) return new ValuesMap(value, values);
    return new ObjectMap(value, schema['x-kubernetes-embedded-resource'] === true ? withObjectFields(schema) : schema);
  }
  if (typeof value === 'string') return textValue(value, schema['format']);
  if (typeof value === 'number' && schema['type'] === 'number') return value;
  if (typeof value === 'bigint' && schema['type'] === 'number') return Number(value);
  return jsonValue(value);
};
