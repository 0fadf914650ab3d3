import type { KindRef } from '../../../objects/kind.js';
import { typeOfKind, type ScalarName, type SchemaType, type StructType } from '../../../objects/schema/schema-table.js';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DYN,
  INT,
  listOf,
  mapOf,
  objectType,
  STRING,
  TIMESTAMP,
  type CelType,
} from '../cel/types.js';

/** Quantities have no type that checking knows of: what holds them is no field to it. */
const SCALARS: Readonly<Record<ScalarName, CelType | undefined>> = {
  string: STRING,
  bool: BOOL,
  int32: INT,
  int64: INT,
  float64: DOUBLE,
  bytes: BYTES,
  Quantity: undefined,
  IntOrString: DYN,
  Duration: STRING,
  Time: TIMESTAMP,
  MicroTime: TIMESTAMP,
};

/** The type of the objects of a built-in kind; undefined for a kind that is none. */
export const builtinType = (kind: KindRef): CelType | undefined => {
  const type = typeOfKind(kind);
  return type === undefined ? undefined : structOf(type, new Set(), kind.kind);
};

/** Names of the structs that a type is within. */
type Outer = ReadonlySet<string>;

const structOf = (type: StructType, outer: Outer, name: string): CelType => {
  // A type that holds itself is not looked into again.
  if (outer.has(type.name)) return objectType(name);
  const within = new Set([...outer, type.name]);
  const fields = [...type.fields.values()].flatMap((field) => {
    const inner = typeOf(field.resolved, within, `${name}.${field.name}`);
    return inner === undefined ? [] : [[field.name, inner] as const];
  });
  return objectType(name, new Map(fields));
};

const typeOf = (type: SchemaType, outer: Outer, name: string): CelType | undefined => {
  switch (type.shape) {
    case 'scalar':
      return SCALARS[type.scalar];
    case 'struct':
      return structOf(type, outer, name);
    case 'list': {
      const element = typeOf(type.element, outer, `${name}.@idx`);
      return element === undefined ? undefined : listOf(element);
    }
    case 'map': {
      const value = typeOf(type.value, outer, `${name}.@elem`);
      return value === undefined ? undefined : mapOf(STRING, value);
    }
    case 'any':
      return objectType(name);
    default:
      return undefined;
  }
};

/** The type of the objects of a custom kind, of which `type` is what their schema says. */
export const customType = (type: CelType, kind: string): CelType => {
  const metadata = builtinType({ apiVersion: 'v1', kind: 'ConfigMap' })?.fields?.get('metadata');
  const fields = new Map(type.fields);
  if (metadata !== undefined) fields.set('metadata', metadata);
  return named({ ...type, fields }, kind);
};

/** A type with the names that it has by where it is: `Gizmo.spec.list.@idx`. */
const named = (type: CelType, name: string): CelType => {
  const [first, second] = type.params;
  if (type.kind === 'list' && first !== undefined) return listOf(named(first, `${name}.@idx`));
  if (type.kind === 'map' && second !== undefined) return mapOf(STRING, named(second, `${name}.@elem`));
  if (type.kind !== 'object') return type;
  const fields = [...(type.fields ?? [])].map(([field, inner]) => [field, named(inner, `${name}.${field}`)] as const);
  return objectType(name, new Map(fields));
};
