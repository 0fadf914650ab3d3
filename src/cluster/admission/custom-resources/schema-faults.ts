import { goQuote, invalid, notSupported, required, tooMany, typeInvalid, type FieldError } from '../field-errors.js';
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
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

const shown = (value: unknown): string => (typeof value === 'string' ? goQuote(value) : JSON.stringify(value));

const bound = (fault: SchemaFault, field: string, words: string): FieldError =>
  invalid(
    field,
    fault.data,
    `${field} in body should be ${words} ${String((fault.params as { limit: number }).limit)}`,
  );

const limitOf = (fault: SchemaFault): number => (fault.params as { limit: number }).limit;

const sizeOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? Object.keys(value).length : 0;

/** One fault of ajv in the words of Kubernetes; undefined for those that only sum up others. */
export const fieldErrorOf = (fault: SchemaFault): FieldError | undefined => {
  const field = pathOf(fault.instancePath);
  const { data } = fault;
  switch (fault.keyword) {
    case 'required': {
      const name = (fault.params as { missingProperty: string }).missingProperty;
      return required(field === '' ? name : `${field}.${name}`);
    }
    case 'type': {
      const type: unknown = (fault.params as { type: unknown }).type;
      const expected = Array.isArray(type) ? type.join(',') : String(type);
      return typeInvalid(
        field,
        jsonType(data),
        `${field} in body must be of type ${expected}: ${goQuote(jsonType(data))}`,
      );
    }
    case 'enum': {
      const values = (fault.params as { allowedValues: unknown[] }).allowedValues.filter((each) => each !== null);
      return notSupported(
        field,
        data,
        values.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))),
      );
    }
    case 'minimum':
      return bound(fault, field, 'greater than or equal to');
    case 'maximum':
      return bound(fault, field, 'less than or equal to');
    case 'exclusiveMinimum':
      return bound(fault, field, 'greater than');
    case 'exclusiveMaximum':
      return bound(fault, field, 'less than');
    case 'multipleOf':
      return invalid(
        field,
        data,
        `${field} in body should be a multiple of ${(fault.params as { multipleOf: number }).multipleOf}`,
      );
    case 'maxLength':
      return { reason: 'FieldValueTooLong', field, message: `Too long: may not be more than ${limitOf(fault)} bytes` };
    case 'minLength':
      return invalid(field, data, `${field} in body should be at least ${limitOf(fault)} chars long`);
    case 'pattern':
      return invalid(field, data, `${field} in body should match '${(fault.params as { pattern: string }).pattern}'`);
    case 'format': {
      const format = (fault.params as { format: string }).format;
      return invalid(field, data, `${field} in body must be of type ${format}: ${shown(data)}`);
    }
    case 'maxItems':
    case 'maxProperties':
      return tooMany(field, sizeOf(data), limitOf(fault));
    case 'minItems':
      return invalid(field, sizeOf(data), `${field} in body should have at least ${limitOf(fault)} items`);
    case 'minProperties':
      return invalid(field, sizeOf(data), `${field} in body should have at least ${limitOf(fault)} properties`);
    case 'anyOf':
      return invalid(field, '', `${goQuote(field)} must validate at least one schema (anyOf)`);
    case 'oneOf': {
      const none = (fault.params as { passingSchemas: unknown }).passingSchemas === null;
      const found = none
        ? 'Found none valid'
        : `Found ${(fault.params as { passingSchemas: unknown[] }).passingSchemas.length} valid alternatives`;
      return invalid(field, '', `${goQuote(field)} must validate one and only one schema (oneOf). ${found}`);
    }
    case 'not':
      return invalid(field, '', `${goQuote(field)} must not validate the schema (not)`);
    default:
      return undefined;
  }
};
