import assert from 'node:assert/strict';
import { compileCustomResource } from '../../../src/cluster/admission/custom-resources/compile.js';
import { structuralErrors } from '../../../src/cluster/admission/custom-resources/structural-schema.js';
import { validateCreate } from '../../../src/cluster/admission/validation/validate.js';
import type { FieldError } from '../../../src/cluster/admission/field-errors.js';
import type { KubeObject } from '../../../src/objects/object.js';

const specSchema = (
  properties: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, ...more } },
});
const widget = (spec: unknown): KubeObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name: 'w', namespace: 'default' },
  spec,
});
const lines = (errors: readonly FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);
const validate = (properties: Record<string, unknown>, spec: unknown, more: Record<string, unknown> = {}): string[] =>
  lines(compileCustomResource(specSchema(properties, more), { namespaced: true }).validate(widget(spec)));

describe('compileCustomResource', () => {
  it('prunes what the schema does not name', () => {
    const custom = compileCustomResource(
      specSchema({
        a: { type: 'string' },
        open: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { inner: { type: 'object', properties: {} } },
        },
        list: { type: 'array', items: { type: 'object', properties: { b: { type: 'string' } } } },
        template: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: {} },
        map: { type: 'object', additionalProperties: { type: 'string' } },
      }),
      { namespaced: true },
    );
    const { object, unknownFields } = custom.prune<KubeObject>({
      ...widget({
        a: 'x',
        gone: 1,
        open: { kept: 1, inner: { gone: 1 } },
        list: [{ b: 'x', gone: 1 }],
        template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', gone: 1 }, gone: 1 },
        map: { any: 'x' },
      }),
      other: 1,
    });
    assert.deepEqual(object['spec'], {
      a: 'x',
      open: { kept: 1, inner: {} },
      list: [{ b: 'x' }],
      template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } },
      map: { any: 'x' },
    });
    assert.deepEqual(unknownFields, [
      'other',
      'spec.gone',
      'spec.list[0].gone',
      'spec.open.inner.gone',
      'spec.template.gone',
      'spec.template.metadata.gone',
    ]);
  });

  it('fills in defaults, also in defaults and in place of nulls', () => {
    const custom = compileCustomResource(
      specSchema({
        replicas: { type: 'integer', default: 1 },
        nullable: { type: 'string', nullable: true, default: 'x' },
        nested: { type: 'object', default: {}, properties: { deep: { type: 'string', default: 'y' } } },
      }),
      { namespaced: true },
    );
    assert.deepEqual(custom.applyDefaults(widget({ replicas: null, nullable: null }))['spec'], {
      replicas: 1,
      nullable: null,
      nested: { deep: 'y' },
    });
  });

  const cases: [name: string, schema: Record<string, unknown>, value: unknown, expected: string][] = [
    [
      'types',
      { type: 'integer' },
      'x',
      'spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"',
    ],
    [
      'minima',
      { type: 'integer', minimum: 1 },
      0,
      'spec.x: Invalid value: 0: spec.x in body should be greater than or equal to 1',
    ],
    [
      'exclusive maxima',
      { type: 'integer', maximum: 5, exclusiveMaximum: true },
      5,
      'spec.x: Invalid value: 5: spec.x in body should be less than 5',
    ],
    [
      'patterns',
      { type: 'string', pattern: '^a+$' },
      'b',
      'spec.x: Invalid value: "b": spec.x in body should match \'^a+$\'',
    ],
    ['enums', { type: 'string', enum: ['b', 'a'] }, 'c', 'spec.x: Unsupported value: "c": supported values: "b", "a"'],
    ['lengths', { type: 'string', maxLength: 1 }, 'ab', 'spec.x: Too long: may not be more than 1 bytes'],
    [
      'numbers of items',
      { type: 'array', maxItems: 1, items: { type: 'string' } },
      ['a', 'b'],
      'spec.x: Too many: 2: must have at most 1 item',
    ],
    [
      'required fields',
      { type: 'object', required: ['y'], properties: { y: { type: 'string' } } },
      {},
      'spec.x.y: Required value',
    ],
    [
      'formats',
      { type: 'string', format: 'date-time' },
      'now',
      'spec.x: Invalid value: "now": spec.x in body must be of type date-time: "now"',
    ],
    [
      'sets',
      { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      ['a', 'a'],
      'spec.x[1]: Duplicate value: "a"',
    ],
    [
      'keyed lists',
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: { type: 'string' } } },
      },
      [{ k: 'a' }, { k: 'a' }],
      'spec.x[1]: Duplicate value: {"k":"a"}',
    ],
    [
      'int-or-string',
      { 'x-kubernetes-int-or-string': true },
      true,
      'spec.x: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"',
    ],
    ['nulls', { type: 'string' }, null, 'spec.x: Invalid value: "null": spec.x in body must be of type string: "null"'],
  ];
  for (const [name, schema, value, expected] of cases) {
    it(`words ${name} as Kubernetes does`, () => assert.deepEqual(validate({ x: schema }, { x: value }), [expected]));
  }

  it('accepts what fits', () => {
    const ok = {
      n: { type: 'string', nullable: true },
      i: { 'x-kubernetes-int-or-string': true },
      d: { type: 'string', format: 'unheard-of' },
    };
    assert.deepEqual(validate(ok, { n: null, i: '50%', d: 'x' }), []);
  });

  it('runs patterns in linear time', () => {
    assert.equal(validate({ x: { type: 'string', pattern: '^(a+)+$' } }, { x: `${'a'.repeat(50_000)}!` }).length, 1);
  });

  const rule = (declared: Record<string, unknown>): Record<string, unknown> => ({
    'x-kubernetes-validations': [declared],
  });
  const numbers = { min: { type: 'integer' }, max: { type: 'integer' } };

  it('runs rules, with messages, reasons and paths', () => {
    const less = { rule: 'self.min <= self.max', message: 'min must not be above max' };
    assert.deepEqual(validate(numbers, { min: 1, max: 2 }, rule(less)), []);
    assert.deepEqual(validate(numbers, { min: 3, max: 2 }, rule(less)), [
      'spec: Invalid value: min must not be above max',
    ]);
    assert.deepEqual(validate(numbers, { min: 3, max: 2 }, rule({ rule: 'self.min <= self.max' })), [
      'spec: Invalid value: failed rule: self.min <= self.max',
    ]);
    const detailed = {
      rule: 'self.min <= self.max',
      messageExpression: '"min " + string(self.min) + " is too much"',
      reason: 'FieldValueForbidden',
      fieldPath: '.min',
    };
    assert.deepEqual(validate(numbers, { min: 3, max: 2 }, rule(detailed)), ['spec.min: Forbidden: min 3 is too much']);
  });

  it('knows the functions of Kubernetes', () => {
    const holds = (expression: string, x: unknown, schema: Record<string, unknown>): boolean =>
      validate({ x: { ...schema, ...rule({ rule: expression }) } }, { x }).length === 0;
    const text = { type: 'string' };
    const list = { type: 'array', items: { type: 'integer' } };
    assert.ok(holds('quantity(self).isGreaterThan(quantity("1Gi"))', '2Gi', text));
    assert.ok(!holds('quantity(self).isGreaterThan(quantity("1Gi"))', '2Mi', text));
    assert.ok(holds('self.isSorted() && self.sum() == 6 && self.max() == 3', [1, 2, 3], list));
    assert.ok(holds('isURL(self) && url(self).getHostname() == "a.b"', 'https://a.b/c', text));
    assert.ok(holds('self.matches("^a.c$") && self.find("b") == "b"', 'abc', text));
    assert.ok(
      holds('self > timestamp("2020-01-01T00:00:00Z")', '2024-01-01T00:00:00Z', { ...text, format: 'date-time' }),
    );
    assert.ok(holds('self.all(k, self[k] != "")', { a: 'x' }, { type: 'object', additionalProperties: text }));
    assert.ok(
      holds(
        'self.__dash__x == 1 && has(self.__namespace__)',
        { '-x': 1, namespace: 'y' },
        { type: 'object', properties: { '-x': { type: 'integer' }, namespace: text } },
      ),
    );
  });

  it('runs transition rules on updates alone', () => {
    const custom = compileCustomResource(
      specSchema({ size: { type: 'integer', ...rule({ rule: 'self >= oldSelf', message: 'cannot shrink' }) } }),
      { namespaced: true },
    );
    assert.deepEqual(custom.validate(widget({ size: 1 })), []);
    assert.deepEqual(lines(custom.validate(widget({ size: 1 }), widget({ size: 2 }))), [
      'spec.size: Invalid value: 1: cannot shrink',
    ]);
    assert.deepEqual(custom.validate(widget({ size: 3 }), widget({ size: 2 })), []);
  });

  it('forgives what an update did not touch', () => {
    const custom = compileCustomResource(specSchema({ a: { type: 'string', maxLength: 1 }, b: { type: 'string' } }), {
      namespaced: true,
    });
    assert.deepEqual(custom.validate(widget({ a: 'long', b: 'y' }), widget({ a: 'long', b: 'x' })), []);
    assert.equal(custom.validate(widget({ a: 'longer', b: 'y' }), widget({ a: 'long', b: 'x' })).length, 1);
  });

  it('tells elements of keyed lists by their keys when it forgives', () => {
    const items = { type: 'object', properties: { name: { type: 'string' }, value: { type: 'string', maxLength: 1 } } };
    const keyed = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };
    const before = { l: [{ name: 'a', value: 'long' }] };
    const after = {
      l: [
        { name: 'b', value: 'x' },
        { name: 'a', value: 'long' },
      ],
    };
    const remaining = (list: object): number =>
      compileCustomResource(specSchema({ l: { type: 'array', items, ...list } }), { namespaced: true }).validate(
        widget(after),
        widget(before),
      ).length;
    assert.equal(remaining(keyed), 0);
    assert.equal(remaining({}), 1);
  });
});

describe('structuralErrors', () => {
  it('says why a schema is not structural', () => {
    const errors = lines(
      structuralErrors(
        specSchema({ a: {}, b: { type: 'array' }, c: { type: 'string', not: { type: 'x' } } }),
        'schema',
      ),
    );
    assert.deepEqual(errors, [
      'schema.properties[spec].properties[a].type: Required value: must not be empty for specified object fields',
      'schema.properties[spec].properties[b].items: Required value: must be specified',
      'schema.properties[spec].properties[c].not.type: Forbidden: must be empty to be structural',
    ]);
  });
});

describe('validateCreate of a definition', () => {
  it('refuses rules that cannot be compiled', () => {
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        conversion: { strategy: 'None' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: specSchema({}, { 'x-kubernetes-validations': [{ rule: 'self.' }] }) },
          },
        ],
      },
      status: { storedVersions: ['v1'] },
    };
    const errors = lines(validateCreate(definition));
    assert.equal(errors.length, 1);
    assert.ok(
      errors[0]?.endsWith(
        "compilation failed: ERROR: <input>:1:6: Syntax error: no viable alternative at input '.'\n | self.\n | .....^",
      ),
      errors[0],
    );
  });
});
