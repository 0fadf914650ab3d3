import { Integer, type Value } from '../template/values.js';
import { scalarText } from '../yaml/yaml-reader.js';

/** encoding/json's refusal to put a value into a field. */
export class WrongKind extends Error {
  override readonly name = 'WrongKind';
}

/** How Go writes the types of nested structs in its errors. */
const STRUCT_TYPES: Readonly<Record<string, string>> = {
  metadata: 'struct { Name string "json:\\"name\\""; Annotations map[string]string "json:\\"annotations\\"" }',
};

const kindOf = (value: Value): string => {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || value instanceof Integer) return 'number';
  return Array.isArray(value) ? 'array' : 'object';
};

/**
 * Reads the fields of a Go struct from YAML, as sigs.k8s.io/yaml does: names without regard to case, numbers and
 * booleans as texts where texts are wanted, null as the zero value.
 */
export class StructReader {
  private readonly fields = new Map<string, Value>();

  constructor(
    private readonly type: string,
    value: Value,
    private readonly path = '',
  ) {
    if (value === null || value === undefined) return;
    if (!(value instanceof Map)) {
      throw new WrongKind(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${type}`);
    }
    for (const [key, field] of value) this.fields.set(key.toLowerCase(), field);
    for (const [key, field] of value) if (key === key.toLowerCase()) this.fields.set(key, field);
  }

  private get(name: string): Value {
    return this.fields.get(name.toLowerCase());
  }

  private fail(value: Value, name: string, wanted: string): never {
    const short = this.type.slice(this.type.lastIndexOf('.') + 1);
    throw new WrongKind(
      `json: cannot unmarshal ${kindOf(value)} into Go struct field ${short}.${this.path}${name} of type ${wanted}`,
    );
  }

  private asText(value: Value, name: string): string {
    if (value === null || value === undefined) return '';
    if (typeof value === 'string') return value;
    if (value instanceof Map || Array.isArray(value)) return this.fail(value, name, 'string');
    return scalarText(value);
  }

  text(name: string): string {
    return this.asText(this.get(name), name);
  }

  texts(name: string): string[] {
    return this.list(name, '[]string').map((item) => this.asText(item, name));
  }

  list(name: string, wanted: string): Value[] {
    const value = this.get(name);
    if (value === null || value === undefined) return [];
    return Array.isArray(value) ? value : this.fail(value, name, wanted);
  }

  has(name: string): boolean {
    const value = this.get(name);
    return value !== null && value !== undefined;
  }

  flag(name: string): boolean {
    const value = this.get(name);
    if (value === null || value === undefined) return false;
    return typeof value === 'boolean' ? value : this.fail(value, name, 'bool');
  }

  textMap(name: string): ReadonlyMap<string, string> {
    const value = this.get(name);
    if (value === null || value === undefined) return new Map();
    if (!(value instanceof Map)) return this.fail(value, name, 'map[string]string');
    return new Map([...value].map(([key, item]) => [key, this.asText(item, name)]));
  }

  object(name: string): Value {
    const value = this.get(name);
    if (value === null || value === undefined || value instanceof Map) return value;
    return this.fail(value, name, STRUCT_TYPES[name] ?? 'struct');
  }
}
