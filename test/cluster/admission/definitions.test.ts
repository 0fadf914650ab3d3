import assert from 'node:assert/strict';
import { validateDefinition, validateDefinitionUpdate } from '../../../src/cluster/admission/validation/definitions.js';
import type { CustomResourceDefinition } from '../../../src/objects/kinds/apiextensions-k8s-io-v1.js';

type Spec = CustomResourceDefinition['spec'];
type Version = Spec['versions'][number];

const version = (fields: Partial<Version> = {}): Version => ({
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: 'object' } },
  ...fields,
});

const definition = (fields: Partial<Spec> = {}, annotations: Record<string, string> = {}): CustomResourceDefinition => {
  const spec: Spec = {
    group: 'test.com',
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [version()],
    conversion: { strategy: 'None' },
    ...fields,
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${spec.names.plural}.${spec.group}`, annotations },
    spec,
    status: { storedVersions: spec.versions.flatMap(({ name, storage }) => (storage ? [name] : [])) },
  };
};

const said = (fields: Partial<Spec>): string[] =>
  validateDefinition(definition(fields)).map(({ field, message }) => `${field}: ${message}`);

const versioned = (fields: Partial<Version>): Partial<Spec> => ({ versions: [version(fields)] });

const EMPTY = { type: 'object', properties: { a: {} } };
const SPEC = {
  type: 'object',
  properties: { spec: { type: 'object', properties: { list: { type: 'array', items: { type: 'string' } } } } },
};

describe('validateDefinition', () => {
  it('accepts what is right', () => {
    assert.deepEqual(said({}), []);
    const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
    const additionalPrinterColumns = [{ name: 'Size', type: 'integer', format: 'int32', jsonPath: '.spec.size' }];
    assert.deepEqual(said(versioned({ subresources: { status: {}, scale }, additionalPrinterColumns })), []);
  });

  const wrong: readonly (readonly [string, Partial<Spec>, readonly string[]])[] = [
    [
      'a group without a dot',
      { group: 'test' },
      ['spec.group: Invalid value: "test": should be a domain with at least one dot'],
    ],
    [
      'a schema that all versions have, once',
      {
        versions: [
          version({ schema: { openAPIV3Schema: EMPTY } }),
          version({ name: 'v2', storage: false, schema: { openAPIV3Schema: EMPTY } }),
        ],
      },
      [
        'spec.validation.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields',
      ],
    ],
    [
      'a schema of one version, there',
      { versions: [version(), version({ name: 'v2', storage: false, schema: { openAPIV3Schema: EMPTY } })] },
      [
        'spec.versions[1].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields',
      ],
    ],
    [
      'a served version without a schema',
      {
        versions: [
          version(),
          { name: 'v2', served: true, storage: false },
          { name: 'v3', served: false, storage: false },
        ],
      },
      [
        'spec.versions[1].schema.openAPIV3Schema: Required value',
        'spec.versions[2].schema.openAPIV3Schema: Required value',
      ],
    ],
    [
      'paths of replicas',
      versioned({
        subresources: { scale: { specReplicasPath: 'a', statusReplicasPath: '.spec.x', labelSelectorPath: '.x.y' } },
      }),
      [
        'spec.subresources.scale.specReplicasPath: Invalid value: "a": must be a simple json path starting with .',
        'spec.subresources.scale.statusReplicasPath: Invalid value: ".spec.x": should be a json path under .status',
        'spec.subresources.scale.labelSelectorPath: Invalid value: ".x.y": should be a json path under either .spec or .status',
      ],
    ],
    [
      'columns',
      versioned({ additionalPrinterColumns: [{ name: 'a', type: 'b', format: 'c', jsonPath: 'd' }] }),
      [
        'spec.additionalPrinterColumns[0].type: Invalid value: "b": must be one of boolean,date,integer,number,string',
        'spec.additionalPrinterColumns[0].format: Invalid value: "c": must be one of byte,date,date-time,double,float,int32,int64,password',
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "d": must be a simple json path starting with .',
      ],
    ],
    [
      'fields to select by',
      versioned({
        schema: { openAPIV3Schema: SPEC },
        selectableFields: [{ jsonPath: '.spec.list' }, { jsonPath: '.metadata.name' }],
      }),
      [
        'spec.selectableFields[0].jsonPath: Invalid value: ".spec.list": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        'spec.selectableFields[1].jsonPath: Invalid value: ".metadata.name": is an invalid path: does not refer to a valid field',
      ],
    ],
    [
      'a conversion without a webhook',
      { conversion: { strategy: 'Webhook' } },
      [
        'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
        'spec.conversion.conversionReviewVersions: Required value',
      ],
    ],
    [
      'reviews of versions that nobody speaks',
      {
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url: 'https://x' }, conversionReviewVersions: ['v9', 'v9'] },
        },
      },
      [
        'spec.conversion.conversionReviewVersions[1]: Invalid value: "v9": duplicate version',
        'spec.conversion.conversionReviewVersions: Invalid value: ["v9","v9"]: must include at least one of v1, v1beta1',
      ],
    ],
  ];
  for (const [title, fields, errors] of wrong) it(`refuses ${title}`, () => assert.deepEqual(said(fields), errors));

  it('asks for approval in groups of the Kubernetes project', () => {
    const group = 'gateway.networking.k8s.io';
    assert.match(
      said({ group })[0] ?? '',
      /^metadata\.annotations\[api-approved\.kubernetes\.io\]: Required value: protected/,
    );
    for (const approval of ['https://github.com/x/pull/1', 'unapproved, experimental-only']) {
      assert.deepEqual(validateDefinition(definition({ group }, { 'api-approved.kubernetes.io': approval })), []);
    }
    const why = validateDefinition(definition({ group }, { 'api-approved.kubernetes.io': 'yes' }));
    assert.equal(why.length, 1);
  });
});

describe('validateDefinitionUpdate', () => {
  const established = {
    ...definition(),
    status: { conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v1'] },
  };
  const changed = (fields: Partial<Spec>): string[] =>
    validateDefinitionUpdate(definition(fields), established).map(({ field, message }) => `${field}: ${message}`);

  it('keeps scope, kind, plural and versions that objects are stored in', () => {
    assert.deepEqual(changed({}), []);
    assert.deepEqual(changed({ scope: 'Cluster' }), ['spec.scope: Invalid value: "Cluster": field is immutable']);
    const kind = { plural: 'things', singular: 'thing', kind: 'Other', listKind: 'ThingList' };
    assert.deepEqual(changed({ names: kind }), ['spec.names.kind: Invalid value: "Other": field is immutable']);
    const [gone = ''] = changed({ versions: [version({ name: 'v2' })] });
    assert.match(
      gone,
      /^status\.storedVersions\[0\]: Invalid value: "v1": missing from spec\.versions; v1 was previously/,
    );
  });
});
