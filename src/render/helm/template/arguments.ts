import { GoError } from './errors.js';
import type { NumberNode, OperandNode } from './nodes.js';
import { nodeText } from './nodes.js';
import { unnamed } from './values-methods.js';
import type { ParamType, Value } from './values.js';
import { int, Integer, paramTypeName, Struct, TypedMap, TypedSlice, typeName } from './values.js';

/** Go's nil map: reads as empty, cannot be written. */
export const NIL_MAP: ReadonlyMap<string, Value> = new Map();

const isNilable = (type: ParamType): boolean =>
  type === 'any' || type === 'value' || type === 'map' || type === 'list' || type === 'strings' || type === 'version';

const nilOf = (type: ParamType): Value => {
  if (type === 'map') return NIL_MAP as Map<string, Value>;
  return type === 'list' ? [] : type === 'strings' ? new TypedSlice('string', []) : null;
};

/** Whether a map can stand for `map[string]interface {}`: a named type of that shape can. */
const isPlainMap = (value: Value): boolean =>
  value instanceof Map && !(value instanceof TypedMap && value.type.startsWith('map['));

const isAssignable = (value: Value, type: ParamType): boolean => {
  switch (type) {
    case 'string':
    case 'int':
    case 'int64':
    case 'bool':
    case 'float64':
      return typeName(value) === type;
    case 'map':
      return isPlainMap(value);
    case 'list':
      return Array.isArray(value);
    case 'strings':
      return value instanceof TypedSlice && value.element === 'string';
    default:
      return value instanceof Struct && value.type === paramTypeName(type);
  }
};

/** Checks that a value can be given where a Go type is expected, as text/template does before each call. */
export const checkArgument = (value: Value, type: ParamType): Value => {
  if (type === 'value') return value;
  if (type === 'any') return value ?? null;
  if (value === null) {
    if (isNilable(type)) return nilOf(type);
    throw new GoError(`invalid value; expected ${paramTypeName(type)}`);
  }
  if (isAssignable(value, type)) return type === 'map' ? unnamed(value) : value;
  const got = value === undefined ? 'interface {}' : typeName(value);
  throw new GoError(`wrong type for value; expected ${paramTypeName(type)}; got ${got}`);
};

/** The value of a number where nothing says which type is wanted. */
export const idealConstant = (node: NumberNode): Value => {
  if (node.complex !== undefined) return node.complex;
  const isHex = /^0[xX]/.test(node.text) && !/[pP]/.test(node.text);
  if (node.float !== undefined && !isHex && !node.isRune && /[.eEpP]/.test(node.text)) return node.float;
  if (node.int !== undefined) return intConstant(node.int, 'int');
  throw new GoError(`${node.text} overflows int`);
};

const intConstant = (value: bigint, type: 'int' | 'int64'): Integer =>
  type === 'int' && value >= 0n && value < 1024n ? int(Number(value)) : new Integer(value, type);

/** The value of a literal given where a Go type is expected. */
export const constantArgument = (node: OperandNode, type: ParamType): Value => {
  switch (type) {
    case 'any':
    case 'value':
      return node.type === 'number' ? idealConstant(node) : plainConstant(node);
    case 'string':
      if (node.type === 'string') return node.text;
      throw new GoError(`expected string; found ${nodeText(node)}`);
    case 'bool':
      if (node.type === 'bool') return node.value;
      throw new GoError(`expected bool; found ${nodeText(node)}`);
    case 'int':
    case 'int64':
      if (node.type === 'number' && node.int !== undefined) return intConstant(node.int, type);
      throw new GoError(`expected integer; found ${nodeText(node)}`);
    case 'float64':
      if (node.type === 'number' && node.float !== undefined) return node.float;
      throw new GoError(`expected float; found ${nodeText(node)}`);
    default:
      throw new GoError(`can't handle ${nodeText(node)} for arg of type ${paramTypeName(type)}`);
  }
};

const plainConstant = (node: OperandNode): Value => {
  if (node.type === 'string') return node.text;
  if (node.type === 'bool') return node.value;
  throw new GoError(`can't handle assignment of ${nodeText(node)} to empty interface argument`);
};

export const nilArgument = (type: ParamType): Value => {
  if (isNilable(type)) return nilOf(type);
  throw new GoError(`cannot assign nil to ${paramTypeName(type)}`);
};
