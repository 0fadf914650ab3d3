import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';
import { isRecord, setOwn, type AnyRecord } from '../../../objects/json.js';
import { withNearestNumbers } from '../../../objects/lossless-json.js';
import type { StructuralSchema } from './structural-schema.js';

/** Patterns run in linear time: they come from users. */
const regExp = Object.assign(
  (pattern: string): { test: (text: string) => boolean } => {
    const compiled = RE2JS.compile(pattern);
    return { test: (text) => compiled.matcher(text).find() };
  },
  { code: '(pattern) => new RegExp(pattern)' },
);

const KEPT = [
  'type',
  'enum',
  'maximum',
  'minimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'multipleOf',
  'maxProperties',
  'minProperties',
  'required',
  'format',
  'nullable',
] as const;
const NESTED_LISTS = ['allOf', 'anyOf', 'oneOf'] as const;

/** Formats that Kubernetes checks; any other name is only a remark. */
const FORMATS = new Set([
  'byte',
  'cidr',
  'date',
  'date-time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'mac',
  'uri',
  'uuid',
]);

const record = (value: unknown): AnyRecord => (isRecord(value) ? value : {});

/** A structural schema as ajv reads it: draft 4 booleans become numbers, extensions go. */
const toJsonSchema = (schema: StructuralSchema): Record<string, unknown> => {
  const result: Record<string, unknown> = {};
  for (const name of KEPT) if (schema[name] !== undefined) result[name] = schema[name];
  if (typeof result['format'] === 'string' && !FORMATS.has(result['format'])) delete result['format'];
  if (schema['x-kubernetes-int-or-string'] === true) result['type'] = ['integer', 'string'];
  if (result['nullable'] === true) {
    if (result['type'] === undefined) delete result['nullable'];
    if (Array.isArray(result['enum']) && !result['enum'].includes(null))
      result['enum'] = [...(result['enum'] as unknown[]), null];
  }
  for (const [limit, exclusive] of [
    ['maximum', 'exclusiveMaximum'],
    ['minimum', 'exclusiveMinimum'],
  ] as const) {
    if (schema[exclusive] !== true || schema[limit] === undefined) continue;
    result[exclusive] = schema[limit];
    delete result[limit];
  }
  for (const name of NESTED_LISTS) {
    const list: unknown = schema[name];
    if (Array.isArray(list)) result[name] = list.map((each) => toJsonSchema(record(each)));
  }
  if (isRecord(schema['not'])) result['not'] = toJsonSchema(schema['not']);
  if (isRecord(schema['items'])) result['items'] = toJsonSchema(schema['items']);
  if (isRecord(schema['additionalProperties']))
    result['additionalProperties'] = toJsonSchema(schema['additionalProperties']);
  if (isRecord(schema['properties'])) {
    const properties: Record<string, unknown> = {};
    for (const [name, inner] of Object.entries(schema['properties']))
      setOwn(properties, name, toJsonSchema(record(inner)));
    result['properties'] = properties;
  }
  return result;
};

export type SchemaFault = ErrorObject;

/** Compiles a schema once; the function gives all faults of a value. Throws for patterns that cannot be compiled. */
export const compileSchema = (schema: StructuralSchema): ((value: unknown) => readonly SchemaFault[]) => {
  const ajv = new Ajv({
    allErrors: true,
    strict: false,
    verbose: true,
    ownProperties: true,
    validateSchema: false,
    code: { regExp },
  });
  addFormats.default(ajv);
  ajv.addFormat('byte', /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
  ajv.addFormat('cidr', /^[0-9a-fA-F.:]+\/\d{1,3}$/);
  ajv.addFormat('mac', /^(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$/);
  ajv.addFormat('duration', /^[+-]?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$|^0$/);
  const validate: ValidateFunction = ajv.compile(toJsonSchema(schema));
  return (value) => {
    if (validate(value)) return [];
    const faults = validate.errors ?? [];
    // Integers beyond 2^53 are no numbers to ajv.
    const again = faults.some(({ data }) => typeof data === 'bigint');
    return !again || validate(withNearestNumbers(value)) ? (again ? [] : faults) : (validate.errors ?? []);
  };
};
