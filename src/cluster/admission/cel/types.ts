/** The kinds of CEL's types. `param` is a type that is still to be found, `error` that of an expression in error. */
export type TypeKind =
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'list'
  | 'map'
  | 'type'
  | 'object'
  | 'opaque'
  | 'dyn'
  | 'param'
  | 'error';

export interface CelType {
  readonly kind: TypeKind;
  /** As expressions and messages write it. */
  readonly name: string;
  readonly params: readonly CelType[];
  /** What an object can be asked for. */
  readonly fields?: ReadonlyMap<string, CelType>;
}

const simple = (kind: TypeKind, name: string = kind): CelType => ({ kind, name, params: [] });

export const NULL = simple('null', 'null_type');
export const BOOL = simple('bool');
export const INT = simple('int');
export const UINT = simple('uint');
export const DOUBLE = simple('double');
export const STRING = simple('string');
export const BYTES = simple('bytes');
export const TIMESTAMP = simple('timestamp', 'google.protobuf.Timestamp');
export const DURATION = simple('duration', 'google.protobuf.Duration');
export const DYN = simple('dyn');
export const ERROR = simple('error', '!error!');

export const listOf = (element: CelType): CelType => ({ kind: 'list', name: 'list', params: [element] });
export const mapOf = (key: CelType, value: CelType): CelType => ({ kind: 'map', name: 'map', params: [key, value] });
export const typeOfType = (of?: CelType): CelType => ({
  kind: 'type',
  name: 'type',
  params: of === undefined ? [] : [of],
});
export const typeParam = (name: string): CelType => simple('param', name);
export const opaque = (name: string, ...params: CelType[]): CelType => ({ kind: 'opaque', name, params });
export const optionalOf = (type: CelType): CelType => opaque('optional_type', type);
export const objectType = (name: string, fields: ReadonlyMap<string, CelType> = new Map()): CelType => ({
  kind: 'object',
  name,
  params: [],
  fields,
});

export const isDynamic = ({ kind }: CelType): boolean => kind === 'dyn' || kind === 'error';

export const isOptional = ({ kind, name }: CelType): boolean => kind === 'opaque' && name === 'optional_type';

/** What an optional type holds; any other type as it is. */
export const withoutOptional = (type: CelType): CelType => (isOptional(type) ? (type.params[0] ?? DYN) : type);

const SHOWN: Readonly<Partial<Record<TypeKind, string>>> = {
  null: 'null',
  timestamp: 'timestamp',
  duration: 'duration',
};

/** A type as messages show it: `map(string, list(int))`. */
export const showType = (type: CelType): string => {
  const name = SHOWN[type.kind] ?? type.name;
  return type.params.length === 0 ? name : `${name}(${type.params.map(showType).join(', ')})`;
};

export const sameType = (a: CelType, b: CelType): boolean =>
  a.kind === b.kind &&
  a.name === b.name &&
  a.params.length === b.params.length &&
  a.params.every((each, index) => sameType(each, b.params[index] as CelType));

const BY_NAME: Readonly<Record<string, CelType>> = {
  null_type: NULL,
  bool: BOOL,
  int: INT,
  uint: UINT,
  double: DOUBLE,
  string: STRING,
  bytes: BYTES,
  timestamp: TIMESTAMP,
  duration: DURATION,
  dyn: DYN,
  type: typeOfType(),
};

/**
 * Reads a type as declarations write it: `map(K, list(V))`. Single capitals are type parameters, names with a capital
 * first word or a dot are objects; those in `opaques` are opaque.
 */
export const readType = (text: string): CelType => {
  const [, name = '', inner] = /^([\w.]+)(?:\((.*)\))?$/.exec(text.trim()) ?? [];
  const params = inner === undefined ? [] : splitTypes(inner).map(readType);
  if (name === 'list') return listOf(params[0] ?? DYN);
  if (name === 'map') return mapOf(params[0] ?? DYN, params[1] ?? DYN);
  if (name === 'type') return typeOfType(params[0]);
  if (name === 'optional_type') return optionalOf(params[0] ?? DYN);
  const known = Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
  if (known !== undefined) return known;
  if (/^[A-Z]$/.test(name)) return typeParam(name);
  return name.startsWith('net.') ? opaque(name) : objectType(name);
};

/** Splits at commas that are not within parentheses. */
export const splitTypes = (text: string): string[] => {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  const last = text.slice(start);
  return last.trim() === '' ? parts : [...parts, last];
};
