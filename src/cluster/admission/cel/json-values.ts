import { isRecord, type AnyRecord } from '../../../objects/json.js';
import { EntriesMap, MapValue, type CelValue } from './values.js';

/** A JSON object as an expression sees it; what it holds is converted when it is asked for. */
class JsonMap extends MapValue {
  private readonly converted = new Map<string, CelValue>();

  constructor(private readonly source: AnyRecord) {
    super();
  }

  get size(): number {
    return Object.keys(this.source).length;
  }

  find(key: CelValue): CelValue {
    if (typeof key !== 'string' || !Object.hasOwn(this.source, key)) return undefined;
    const known = this.converted.get(key);
    if (known !== undefined) return known;
    const made = jsonValue(this.source[key]);
    this.converted.set(key, made);
    return made;
  }

  keys(): Iterable<CelValue> {
    return Object.keys(this.source);
  }
}

/** JSON of unknown form as an expression sees it: whole numbers are int. */
export const jsonValue = (value: unknown): CelValue => {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(jsonValue);
  if (isRecord(value)) return new JsonMap(value);
  return value ?? null;
};

/** A map of values that are ready. */
export const mapValue = (entries: Readonly<Record<string, CelValue>>): MapValue =>
  new EntriesMap(Object.entries(entries));
