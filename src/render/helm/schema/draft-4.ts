import type { Json, JsonObject } from './json.js';

const SELF: Json = { $ref: '#' };
const text: Json = { type: 'string' };
const texts: Json = { $ref: '#/definitions/stringArray' };
const schemas: Json = { $ref: '#/definitions/schemaArray' };
const count: Json = { $ref: '#/definitions/positiveInteger' };
const countFromZero: Json = { $ref: '#/definitions/positiveIntegerDefault0' };
const flag: Json = { type: 'boolean', default: false };
const byName: Json = { type: 'object', additionalProperties: SELF, default: {} };
const flagOrSchema: Json = { anyOf: [{ type: 'boolean' }, SELF], default: {} };
const simpleType: Json = { $ref: '#/definitions/simpleTypes' };

const several = (items: Json): JsonObject => ({ type: 'array', items, minItems: 1, uniqueItems: true });

/** What draft 4 of JSON Schema says of its own schemas: ajv no longer brings it. */
export const DRAFT_4: Json = {
  $schema: 'http://json-schema.org/draft-04/schema#',
  definitions: {
    schemaArray: { type: 'array', minItems: 1, items: SELF },
    positiveInteger: { type: 'integer', minimum: 0 },
    positiveIntegerDefault0: { allOf: [count, { default: 0 }] },
    simpleTypes: { enum: ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'] },
    stringArray: several(text),
  },
  type: 'object',
  properties: {
    id: { type: 'string', format: 'uriref' },
    $schema: { type: 'string', format: 'uri' },
    title: text,
    description: text,
    default: {},
    multipleOf: { type: 'number', minimum: 0, exclusiveMinimum: true },
    maximum: { type: 'number' },
    exclusiveMaximum: flag,
    minimum: { type: 'number' },
    exclusiveMinimum: flag,
    maxLength: count,
    minLength: countFromZero,
    pattern: { type: 'string', format: 'regex' },
    additionalItems: flagOrSchema,
    items: { anyOf: [SELF, schemas], default: {} },
    maxItems: count,
    minItems: countFromZero,
    uniqueItems: flag,
    maxProperties: count,
    minProperties: countFromZero,
    required: texts,
    additionalProperties: flagOrSchema,
    definitions: byName,
    properties: byName,
    patternProperties: byName,
    dependencies: { type: 'object', additionalProperties: { anyOf: [SELF, texts] } },
    enum: { type: 'array', minItems: 1, uniqueItems: true },
    type: { anyOf: [simpleType, several(simpleType)] },
    allOf: schemas,
    anyOf: schemas,
    oneOf: schemas,
    not: SELF,
    format: text,
    $ref: text,
  },
  dependencies: { exclusiveMaximum: ['maximum'], exclusiveMinimum: ['minimum'] },
  default: {},
};
