import { isRecord } from '../json.js';
import { goSyntax, goText, goType } from './go-values.js';
import { elementPath } from './list-elements.js';
import { deduce, type ListMerge, type MapMerge, type MergeType, type ScalarMerge } from './merge-schema.js';
import { fieldElement, showPathElement } from './path-element.js';

/** The library shows what it got in three ways, one a kind of value that it wanted. */
const WANTED: Readonly<Record<'string' | 'number' | 'boolean' | 'any', (value: unknown) => string>> = {
  string: (value) => `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`,
  number: (value) => `expected numeric (int or float), got ${goType(value)}`,
  boolean: (value) => `expected boolean, got &{${goText(value)}}`,
  any: (value) => `expected any scalar, got &{${goText(value)}}`,
};

/**
 * Why a value cannot be applied, one text a fault: undeclared fields, values of the wrong form, elements of keyed lists
 * without their keys or with the same ones. The words are those of structured merge.
 */
export const validateForMerge = (value: unknown, type: MergeType, path = ''): string[] => {
  if (value === null || value === undefined) return [];
  const known = deduce(type, value);
  if (known.shape === 'scalar') return validateScalar(value, known, path);
  if (known.shape === 'list') {
    return Array.isArray(value)
      ? validateList(value, known, path)
      : [`${path}: expected list, got &{${goText(value)}}`];
  }
  return isRecord(value) ? validateMap(value, known, path) : [`${path}: expected map, got &{${goText(value)}}`];
};

const validateScalar = (value: unknown, { accepts }: ScalarMerge, path: string): string[] => {
  if (accepts === 'anything') return [];
  const form = typeof value === 'bigint' ? 'number' : typeof value;
  const fits = accepts === 'any' ? form !== 'object' : form === accepts;
  return fits ? [] : [`${path}: ${WANTED[accepts](value)}`];
};

const validateMap = (value: Readonly<Record<string, unknown>>, type: MapMerge, path: string): string[] =>
  Object.entries(value).flatMap(([name, inner]) => {
    const below = `${path}${showPathElement(fieldElement(name))}`;
    const innerType = type.field(name) ?? type.others;
    return innerType === undefined
      ? [`${below}: field not declared in schema`]
      : validateForMerge(inner, innerType, below);
  });

const validateList = (list: readonly unknown[], type: ListMerge, path: string): string[] => {
  const seen = new Set<string>();
  const errors: string[] = [];
  for (const [index, element] of list.entries()) {
    if (type.relation === 'atomic') {
      errors.push(...validateForMerge(element, type.element, `${path}[${index}]`));
      continue;
    }
    const result = elementPath(type, element);
    // Nothing is said about the elements after one that cannot be told from others.
    if ('error' in result) return [...errors, `${path}: element ${index}: ${result.error}`];
    const below = `${path}${showPathElement(result.path)}`;
    if (seen.has(result.path)) errors.push(`${path}: duplicate entries for key ${showPathElement(result.path)}`);
    seen.add(result.path);
    errors.push(...validateForMerge(element, type.element, below));
  }
  return errors;
};
