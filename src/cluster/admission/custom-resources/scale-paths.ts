import { isRecord } from '../../../objects/json.js';
import { writeJson } from '../../../objects/lossless-json.js';
import { invalid, type FieldError } from '../field-errors.js';

/** Where the `scale` subresource of a kind finds its numbers. */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

/** What a value is called in messages. */
const goType = (value: unknown): string => {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value === 'string' ? 'string' : 'bool';
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return value === null ? '<nil>' : 'map[string]interface {}';
};

const shown = (value: unknown): string => {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(shown).join(' ')}]`;
  if (!isRecord(value)) return typeof value === 'string' ? value : writeJson(value);
  const names = Object.keys(value).toSorted((left, right) => (left < right ? -1 : 1));
  return `map[${names.map((name) => `${name}:${shown(value[name])}`).join(' ')}]`;
};

type Found = { readonly value: unknown } | { readonly error: string } | undefined;

const find = (object: unknown, path: string, expected: string): Found => {
  const names = path.replace(/^\./, '').split('.');
  const wrong = (value: unknown, count: number, type: string): Found => ({
    error: `.${names.slice(0, count).join('.')} accessor error: ${shown(value)} is of the type ${goType(value)}, expected ${type}`,
  });
  let value = object;
  for (const [index, name] of names.entries()) {
    if (value === null || value === undefined) return undefined;
    if (!isRecord(value)) return wrong(value, index + 1, 'map[string]interface{}');
    if (!Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return goType(value) === expected ? { value } : wrong(value, names.length, expected);
};

const INT32_MAX = 2_147_483_647;

const replicasErrors = (object: unknown, path: string): FieldError[] => {
  const found = find(object, path, 'int64');
  if (found === undefined) return [];
  if ('error' in found) return [invalid(path, 0, found.error)];
  const count = Number(found.value);
  if (count < 0) return [invalid(path, found.value, 'should be a non-negative integer')];
  return count > INT32_MAX ? [invalid(path, found.value, `should be less than or equal to ${INT32_MAX}`)] : [];
};

/** What is wrong with the number of replicas that is asked for. */
export const scaleSpecErrors = (object: unknown, scale: ScalePaths | undefined): FieldError[] =>
  scale === undefined ? [] : replicasErrors(object, scale.specReplicasPath);

/** What is wrong with the number of replicas that there are, and how they are selected. */
export const scaleStatusErrors = (object: unknown, scale: ScalePaths | undefined): FieldError[] => {
  if (scale === undefined) return [];
  const errors = replicasErrors(object, scale.statusReplicasPath);
  const path = scale.labelSelectorPath;
  const selector = path === undefined ? undefined : find(object, path, 'string');
  return path !== undefined && selector !== undefined && 'error' in selector
    ? [...errors, invalid(path, '', selector.error)]
    : errors;
};
