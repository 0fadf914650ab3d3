import assert from 'node:assert/strict';
import { openApiV3, type OpenApiDocument } from '../../../src/objects/schema/openapi.js';
import { openApiV2 } from '../../../src/cluster/api/http/openapi-v2.js';

type Schema = Readonly<Record<string, unknown>> & { readonly properties?: Readonly<Record<string, Schema>> };

describe('openApiV2', () => {
  const documents = ['v1', 'apps/v1', 'apiextensions.k8s.io/v1'].map((version) => openApiV3(version));
  const { definitions } = openApiV2(documents as OpenApiDocument[]) as { definitions: Record<string, Schema> };

  it('tells no defaults, and leads from reference to definition', () => {
    const spec = definitions['io.k8s.api.apps.v1.DeploymentSpec']?.properties;
    const { description: _text, ...template } = spec?.['template'] ?? {};
    assert.deepEqual(template, { $ref: '#/definitions/io.k8s.api.core.v1.PodTemplateSpec' });
    const { description: _long, ...containers } =
      definitions['io.k8s.api.core.v1.PodSpec']?.properties?.['containers'] ?? {};
    assert.deepEqual(containers['items'], { $ref: '#/definitions/io.k8s.api.core.v1.Container' });
  });

  it('writes as text what may be text or a number', () => {
    assert.equal(definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString']?.['type'], 'string');
    assert.equal(definitions['io.k8s.apimachinery.pkg.api.resource.Quantity']?.['type'], 'string');
  });

  it('keeps properties that have the names of parts of schemas', () => {
    const props = definitions['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps']?.properties;
    for (const name of ['allOf', 'anyOf', 'default', 'not', 'nullable', 'oneOf']) assert.ok(props?.[name], name);
    assert.ok(definitions['io.k8s.api.core.v1.LimitRangeItem']?.properties?.['default']);
  });
});
