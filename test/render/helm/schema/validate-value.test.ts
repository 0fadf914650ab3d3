import assert from 'node:assert/strict';
import { MissingDocument, SchemaCompiler } from '../../../../src/render/helm/schema/compile-schema.js';
import type { Json, JsonObject } from '../../../../src/render/helm/schema/json.js';
import { problemLines } from '../../../../src/render/helm/schema/problem.js';
import type { SchemaNode } from '../../../../src/render/helm/schema/schema-node.js';
import { validate } from '../../../../src/render/helm/schema/validate-value.js';

const ADDRESS = 'file:///values.schema.json';

const compile = (schema: Json): SchemaNode => new SchemaCompiler(new Map([[ADDRESS, schema]])).compile(ADDRESS);

const DEFINITIONS: JsonObject = {
  name: { $anchor: 'named', type: 'string' },
  tree: { type: 'object', properties: { next: { $ref: '#/$defs/tree' } } },
};

/** What is wrong with a value that stands at `/v`. */
const problems = (schema: Json, value: Json, draft = 'https://json-schema.org/draft/2020-12/schema'): string[] =>
  problemLines(validate(compile({ $schema: draft, $defs: DEFINITIONS, properties: { v: schema } }), { v: value }));

const wrong = (schema: Json, value: Json, ...expected: readonly string[]): void =>
  assert.deepEqual(problems(schema, value), expected);

const right = (schema: Json, value: Json): void => assert.deepEqual(problems(schema, value), []);

const DRAFT_7 = 'http://json-schema.org/draft-07/schema#';

// The texts are those of Helm 4.1.
describe('validate', () => {
  it('knows types and given values', () => {
    wrong({ type: ['string', 'integer'] }, 1.5, "- at '/v': got number, want integer or string");
    wrong({ enum: ['a', 1, null] }, 'b', "- at '/v': value must be one of 'a', 1, <nil>");
    wrong({ const: { a: 1 } }, { a: 2 }, "- at '/v': 'const' failed");
    right({ type: 'integer', enum: [2], const: 2 }, 2);
    right({ type: 'null' }, null);
  });

  it('knows bounds', () => {
    wrong(
      { minimum: 10, maximum: 5, multipleOf: 0.01 },
      7.005,
      "- at '/v': minimum: got 7.005, want 10",
      "- at '/v': maximum: got 7.005, want 5",
      "- at '/v': multipleOf: got 7.005, want 0.01",
    );
    wrong(
      { exclusiveMinimum: 3, exclusiveMaximum: 3 },
      3,
      "- at '/v': exclusiveMinimum: got 3, want 3",
      "- at '/v': exclusiveMaximum: got 3, want 3",
    );
    wrong(
      { minLength: 3, maxLength: 1 },
      'äö',
      "- at '/v': minLength: got 2, want 3",
      "- at '/v': maxLength: got 2, want 1",
    );
    right({ minimum: 7, maximum: 7, multipleOf: 0.1, exclusiveMaximum: 7.1 }, 7);
  });

  it('knows the members of lists and objects', () => {
    wrong(
      { minItems: 3, maxItems: 1, uniqueItems: true },
      [{ a: 1 }, { a: 1 }],
      "- at '/v': minItems: got 2, want 3",
      "- at '/v': maxItems: got 2, want 1",
      "- at '/v': items at 0 and 1 are equal",
    );
    wrong(
      { contains: { type: 'string' }, minContains: 2 },
      [1, 'x'],
      "- at '/v': min 2 items required to match contains schema, but matched 1 items at 1",
      "  - at '/v/0': got number, want string",
    );
    wrong(
      { required: ['a', 'b'], additionalProperties: false, properties: { c: { type: 'string' } } },
      { c: 1, d: 2 },
      "- at '/v': missing properties 'a', 'b'",
      "- at '/v/c': got number, want string",
      "- at '/v': additional properties 'd' not allowed",
    );
    wrong(
      { patternProperties: { '^x-': { type: 'string' } }, propertyNames: { maxLength: 4 } },
      { 'x-a': 1, toolong: 2 },
      "- at '/v/x-a': got number, want string",
      "- at '': invalid propertyName 'toolong'",
      "  - at '': maxLength: got 7, want 4",
    );
    wrong(
      { dependentRequired: { a: ['b'] }, dependentSchemas: { a: { required: ['c'] } } },
      { a: 1 },
      "- at '/v': missing property 'c'",
      "- at '/v': properties 'b' required, if 'a' exists",
    );
    right({ properties: { a: { type: 'integer' } }, minProperties: 1, maxProperties: 1 }, { a: 1 });
  });

  it('reads patterns as RE2 does', () => {
    wrong({ pattern: '^[a-z]+$' }, 'A', "- at '/v': 'A' does not match pattern '^[a-z]+$'");
    right({ pattern: '^(?i)abc\\z' }, 'ABC');
    assert.throws(() => problems({ pattern: '(?=x)' }, 'x'), /'\(\?=x\)' is not valid regex: error parsing regexp/);
  });

  it('follows references', () => {
    wrong({ $ref: '#/$defs/name' }, 1, "- at '/v': got number, want string");
    wrong({ $ref: '#named' }, 1, "- at '/v': got number, want string");
    wrong(
      { $ref: '#/$defs/tree' },
      { next: { next: { next: 5 } } },
      "- at '/v/next/next/next': got number, want object",
    );
    assert.throws(() => problems({ $ref: '#/$defs/none' }, 1), {
      message: `json-pointer in "${ADDRESS}#/$defs/none" not found`,
    });
    assert.throws(() => problems({ $ref: 'https://example.com/x.json' }, 1), MissingDocument);
  });

  it('combines schemas', () => {
    const [text, five] = ["  - at '/v': got number, want string", "  - at '/v': minimum: got 1, want 5"];
    wrong({ allOf: [{ type: 'string' }, { minimum: 5 }] }, 1, "- at '/v': 'allOf' failed", text, five);
    wrong({ anyOf: [{ type: 'string' }, { minimum: 5 }] }, 1, "- at '/v': 'anyOf' failed", text, five);
    wrong({ oneOf: [{ type: 'string' }, { minimum: 5 }] }, 1, "- at '/v': 'oneOf' failed, none matched", text, five);
    wrong({ oneOf: [{ type: 'integer' }, { minimum: 0 }] }, 1, "- at '/v': 'oneOf' failed, subschemas 0, 1 matched");
    wrong({ not: { type: 'integer' } }, 1, "- at '/v': 'not' failed");
    // oxlint-disable-next-line unicorn/no-thenable
    const branches: Json = { if: { minimum: 5 }, then: { multipleOf: 2 }, else: { const: 1 } };
    wrong(branches, 7, "- at '/v': multipleOf: got 7, want 2");
    wrong(branches, 3, "- at '/v': value must be 1");
    right(branches, 8);
    right(branches, 1);
  });

  it('finds what no other schema has looked at', () => {
    const seen: Json = { allOf: [{ properties: { a: true } }], unevaluatedProperties: false };
    wrong(seen, { a: 1, b: 2 }, "- at '/v/b': false schema");
    right(seen, { a: 1 });
    const places: Json = { prefixItems: [true], unevaluatedItems: { type: 'string' } };
    wrong(places, [1, 2], "- at '/v/1': got number, want string");
    right(places, [1, 'x']);
  });

  it('checks formats in the drafts that demand it', () => {
    assert.deepEqual(problems({ format: 'ipv4' }, '1.2.3.256', DRAFT_7), [
      "- at '/v': '1.2.3.256' is not valid ipv4: decimal must be between 0 and 255",
    ]);
    assert.deepEqual(problems({ format: 'date' }, '2024-02-29', DRAFT_7), []);
    right({ format: 'ipv4' }, '1.2.3.256');
  });

  it('ends after so many checks', () => {
    const DEPTH = 12;
    // Every schema asks the next one twice.
    const levels = Array.from({ length: DEPTH }, (_, i): [string, Json] => [
      `s${i}`,
      { allOf: [{ $ref: `#/$defs/s${i + 1}` }, { $ref: `#/$defs/s${i + 1}` }] },
    ]);
    const $defs = Object.fromEntries([...levels, [`s${DEPTH}`, { type: 'object' }]]);
    const schema = compile({ $defs, $ref: '#/$defs/s0' });
    assert.deepEqual(validate(schema, {}), []);
    assert.throws(() => validate(schema, {}, { steps: 2 ** DEPTH }), {
      message: 'the schema takes more than 5000000 checks',
    });
  });
});
