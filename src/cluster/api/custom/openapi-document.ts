import { groupOf, versionOf } from '../../../objects/kind.js';
import { openApiV3 } from '../../../objects/schema/openapi.js';
import type { ServedResource } from '../request.js';

type Node = Readonly<Record<string, unknown>>;

const SCHEMAS = '#/components/schemas/';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

/** `com.example.v1.Widget` for `Widget` in `example.com/v1`. */
const schemaName = ({ group, version, kind }: ServedResource): string =>
  `${group.split('.').reverse().join('.')}.${version}.${kind}`;

/** The OpenAPI v3 document of custom resources that share a group version. */
export const customOpenApi = (resources: readonly ServedResource[]): Node => {
  const schemas: Record<string, unknown> = { ...metaSchemas() };
  const paths: Record<string, unknown> = {};
  for (const resource of resources) {
    const name = schemaName(resource);
    schemas[name] = objectSchema(resource);
    schemas[`${name}List`] = listSchema(resource, name);
    Object.assign(paths, pathsOf(resource, name));
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' },
    paths,
    components: { schemas },
  };
};

/** The schemas of metadata and options, which every group needs, as a built-in group has them. */
const metaSchemas = (): Node =>
  Object.fromEntries(
    Object.entries(openApiV3('apps/v1')?.components.schemas ?? {}).filter(([name]) =>
      name.startsWith('io.k8s.apimachinery.'),
    ),
  );

const ownKind = ({ apiVersion }: ServedResource, kind: string): Node => ({
  group: groupOf(apiVersion),
  kind,
  version: versionOf(apiVersion),
});

const TYPE_META: Node = {
  apiVersion: { description: 'The version of the schema in which this object is written.', type: 'string' },
  kind: { description: 'The REST resource that this object represents.', type: 'string' },
};

const objectSchema = (resource: ServedResource): Node => {
  const declared = (resource.definitionVersion?.schema?.openAPIV3Schema ?? { type: 'object' }) as Node;
  const keepsUnknown =
    declared['x-kubernetes-preserve-unknown-fields'] === true && declared['properties'] === undefined;
  return {
    ...declared,
    type: 'object',
    ...(keepsUnknown
      ? {}
      : { properties: { ...(declared['properties'] as Node | undefined), ...TYPE_META, metadata: META_REF } }),
    'x-kubernetes-group-version-kind': [ownKind(resource, resource.kind)],
  };
};

const META_REF: Node = {
  description: "Standard object's metadata.",
  allOf: [{ $ref: `${SCHEMAS}${META}ObjectMeta` }],
};

const listSchema = (resource: ServedResource, name: string): Node => ({
  description: `${resource.listKind} is a list of ${resource.kind}`,
  type: 'object',
  required: ['items'],
  properties: {
    ...TYPE_META,
    items: { description: `List of ${resource.plural}.`, type: 'array', items: { allOf: [{ $ref: SCHEMAS + name }] } },
    metadata: { description: 'Standard list metadata.', allOf: [{ $ref: `${SCHEMAS}${META}ListMeta` }] },
  },
  'x-kubernetes-group-version-kind': [ownKind(resource, resource.listKind)],
});

const parameter = (name: string, type = 'string'): Node => ({ name, in: 'query', schema: { type, uniqueItems: true } });

const WRITE = [parameter('dryRun'), parameter('fieldManager'), parameter('fieldValidation')];

const content = (types: readonly string[], schema: Node): Node => ({
  content: Object.fromEntries(types.map((type) => [type, { schema }])),
});

const JSON_TYPES = ['application/json', 'application/yaml'];
const PATCH_TYPES = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];

const pathsOf = (resource: ServedResource, name: string): Node => {
  const { apiVersion, plural, namespaced, kind } = resource;
  const self = { $ref: SCHEMAS + name };
  const operation = (action: string, answer: Node, body?: Node, parameters: readonly Node[] = []): Node => ({
    operationId: `${action}${kind}${resource.version}`,
    parameters,
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { 200: { description: 'OK', ...content(JSON_TYPES, answer) }, 401: { description: 'Unauthorized' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': ownKind(resource, kind),
  });
  const list = operation('list', { $ref: `${SCHEMAS}${name}List` });
  const write = content(JSON_TYPES, self);
  const patch = content(PATCH_TYPES, { $ref: `${SCHEMAS}${META}Patch` });
  const item = {
    get: operation('get', self),
    put: operation('put', self, write, WRITE),
    patch: operation('patch', self, patch, [...WRITE, parameter('force', 'boolean')]),
    delete: operation('delete', { $ref: `${SCHEMAS}${META}Status` }),
  };
  const collection = `/apis/${apiVersion}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`;
  return {
    [collection]: { get: list, post: operation('post', self, write, WRITE) },
    ...(namespaced ? { [`/apis/${apiVersion}/${plural}`]: { get: list } } : {}),
    [`${collection}/{name}`]: item,
  };
};
