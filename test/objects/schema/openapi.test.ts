import assert from 'node:assert/strict';
import { openApiGroupVersions, openApiV3 } from '../../../src/objects/schema/openapi.js';
import { builtinResources } from '../../../src/objects/schema/resource-table.js';

interface Operation {
  parameters?: { name: string; in: string }[];
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string };
}

describe('openApiV3', () => {
  it('has a document for every group version, in which every reference is resolved', () => {
    for (const groupVersion of openApiGroupVersions()) {
      const document = openApiV3(groupVersion);
      assert.ok(document);
      for (const [, name = ''] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
        assert.ok(Object.hasOwn(document.components.schemas, name), `${groupVersion}: ${name}`);
      }
    }
    assert.equal(openApiV3('example.com/v1'), undefined);
  });

  it('lets kubectl find that every kind takes fieldValidation', () => {
    for (const { apiVersion, kind, group, version } of builtinResources.filter(({ verbs }) =>
      verbs.includes('patch'),
    )) {
      const patches = Object.values(openApiV3(apiVersion)?.paths ?? {}).flatMap((path) => {
        const operation = path['patch'] as Operation | undefined;
        return operation === undefined ? [] : [operation];
      });
      const own = patches.find((patch) => {
        const gvk = patch['x-kubernetes-group-version-kind'];
        return gvk?.kind === kind && gvk.group === group && gvk.version === version;
      });
      assert.ok(
        own?.parameters?.some(({ name, in: place }) => name === 'fieldValidation' && place === 'query'),
        kind,
      );
    }
  });

  it('describes fields, says how lists merge and which fields are required', () => {
    const schemas = openApiV3('v1')?.components.schemas as Record<
      string,
      { properties: Record<string, unknown>; required: string[] }
    >;
    const container = schemas['io.k8s.api.core.v1.Container'];
    assert.ok(container);
    assert.deepEqual(container.required, ['name']);
    const { description, ...ports } = container.properties['ports'] as { description: string };
    assert.match(description, /^List of ports to expose/);
    assert.deepEqual(ports, {
      type: 'array',
      items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.ContainerPort' }], default: {} },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
      'x-kubernetes-patch-merge-key': 'containerPort',
      'x-kubernetes-patch-strategy': 'merge',
    });
  });

  it('lists the values of closed types, those of elements as well', () => {
    const propertiesOf = (group: string, name: string) => {
      const schemas = (openApiV3(group)?.components.schemas ?? {}) as Record<
        string,
        { readonly properties: Record<string, { readonly items?: unknown; readonly enum?: unknown }> }
      >;
      return schemas[name]?.properties;
    };
    assert.deepEqual(propertiesOf('v1', 'io.k8s.api.core.v1.PersistentVolumeSpec')?.['accessModes']?.items, {
      type: 'string',
      default: '',
      enum: ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'],
    });
    const path = propertiesOf('networking.k8s.io/v1', 'io.k8s.api.networking.v1.HTTPIngressPath')?.['pathType'];
    assert.deepEqual(path?.enum, ['Exact', 'ImplementationSpecific', 'Prefix']);
  });
});
