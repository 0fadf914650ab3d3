import { writeJson } from '../../../objects/lossless-json.js';
import {
  goQuote,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  type FieldError,
} from '../field-errors.js';
import type { SchemaFault } from './json-schema.js';

/** `/spec/list/0/name` as `spec.list[0].name`. */
const pathOf = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`), '');

const jsonType = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

const shown = (value: unknown): string => (typeof value === 'string' ? goQuote(value) : writeJson(value));

const bound = (fault: SchemaFault, field: string, words: string): FieldError =>
  invalid(
    field,
    fault.data,
    `${field} in body should be ${words} ${String((fault.params as { limit: number }).limit)}`,
  );

const limitOf = (fault: SchemaFault): number => (fault.params as { limit: number }).limit;

const sizeOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? Object.keys(value).length : 0;

type Wording = (fault: SchemaFault, field: string) => FieldError;

const parameter = (fault: SchemaFault, name: string): unknown => (fault.params as Record<string, unknown>)[name];

const wrongType: Wording = (fault, field) => {
  const type = parameter(fault, 'type');
  const actual = jsonType(fault.data);
  const expected = Array.isArray(type) ? type.join(',') : String(type);
  return typeInvalid(field, actual, `${field} in body must be of type ${expected}: ${goQuote(actual)}`);
};

const wrongEnum: Wording = (fault, field) => {
  const values = (parameter(fault, 'allowedValues') as unknown[]).filter((each) => each !== null);
  return notSupported(
    field,
    fault.data,
    values.map((each) => (typeof each === 'string' ? each : writeJson(each))),
  );
};

const wrongOneOf: Wording = (fault, field) => {
  const passing = parameter(fault, 'passingSchemas') as unknown[] | null;
  const found = passing === null ? 'Found none valid' : `Found ${passing.length} valid alternatives`;
  return invalid(field, '', `${goQuote(field)} must validate one and only one schema (oneOf). ${found}`);
};

const tooManyOf: Wording = (fault, field) => tooMany(field, sizeOf(fault.data), limitOf(fault));

const tooFew =
  (what: string): Wording =>
  (fault, field) =>
    invalid(field, sizeOf(fault.data), `${field} in body should have at least ${limitOf(fault)} ${what}`);

const WORDINGS: Readonly<Record<string, Wording>> = {
  required: (fault, field) => {
    const name = String(parameter(fault, 'missingProperty'));
    return required(field === '' ? name : `${field}.${name}`);
  },
  type: wrongType,
  enum: wrongEnum,
  minimum: (fault, field) => bound(fault, field, 'greater than or equal to'),
  maximum: (fault, field) => bound(fault, field, 'less than or equal to'),
  exclusiveMinimum: (fault, field) => bound(fault, field, 'greater than'),
  exclusiveMaximum: (fault, field) => bound(fault, field, 'less than'),
  multipleOf: (fault, field) =>
    invalid(field, fault.data, `${field} in body should be a multiple of ${String(parameter(fault, 'multipleOf'))}`),
  maxLength: (fault, field) => tooLong(field, limitOf(fault)),
  minLength: (fault, field) =>
    invalid(field, fault.data, `${field} in body should be at least ${limitOf(fault)} chars long`),
  pattern: (fault, field) =>
    invalid(field, fault.data, `${field} in body should match '${String(parameter(fault, 'pattern'))}'`),
  format: (fault, field) =>
    invalid(
      field,
      fault.data,
      `${field} in body must be of type ${String(parameter(fault, 'format'))}: ${shown(fault.data)}`,
    ),
  maxItems: tooManyOf,
  maxProperties: tooManyOf,
  minItems: tooFew('items'),
  minProperties: tooFew('properties'),
  anyOf: (_fault, field) => invalid(field, '', `${goQuote(field)} must validate at least one schema (anyOf)`),
  oneOf: wrongOneOf,
  not: (_fault, field) => invalid(field, '', `${goQuote(field)} must not validate the schema (not)`),
};

/** One fault of ajv in the words of Kubernetes; undefined for those that only sum up others. */
export const fieldErrorOf = (fault: SchemaFault): FieldError | undefined =>
  Object.hasOwn(WORDINGS, fault.keyword) ? WORDINGS[fault.keyword]?.(fault, pathOf(fault.instancePath)) : undefined;
