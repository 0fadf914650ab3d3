import { isRecord } from '../json.js';
import { writeJson } from '../lossless-json.js';
import { elementPath } from './list-elements.js';
import { deduce, type ListMerge, type MapMerge, type MergeType, type ScalarMerge } from './merge-schema.js';
import { fieldElement, showPathElement } from './path-element.js';

const EXPECTED: Readonly<Record<ScalarMerge['accepts'], string>> = {
  string: 'string',
  number: 'numeric (int or float)',
  boolean: 'boolean',
  any: 'scalar',
  anything: 'anything',
};

const show = (value: unknown): string => {
  if (isRecord(value)) return 'map';
  return Array.isArray(value) ? 'list' : writeJson(value);
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
    return Array.isArray(value) ? validateList(value, known, path) : [`${path}: expected list, got ${show(value)}`];
  }
  return isRecord(value) ? validateMap(value, known, path) : [`${path}: expected map, got ${show(value)}`];
};

const validateScalar = (value: unknown, { accepts }: ScalarMerge, path: string): string[] => {
  if (accepts === 'anything') return [];
  const form = typeof value === 'bigint' ? 'number' : typeof value;
  const fits = accepts === 'any' ? form !== 'object' : form === accepts;
  return fits ? [] : [`${path}: expected ${EXPECTED[accepts]}, got ${show(value)}`];
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
  return list.flatMap((element, index) => {
    if (type.relation === 'atomic') return validateForMerge(element, type.element, `${path}[${index}]`);
    const result = elementPath(type, element);
    if ('error' in result) return [`${path}: element ${index}: ${result.error}`];
    const below = `${path}${showPathElement(result.path)}`;
    if (seen.has(result.path)) return [`${path}: duplicate entries for key ${showPathElement(result.path)}`];
    seen.add(result.path);
    return validateForMerge(element, type.element, below);
  });
};
