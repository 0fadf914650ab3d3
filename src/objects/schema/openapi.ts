import { groupOf, versionOf } from '../kind.js';
import { openApiName } from './openapi-names.js';
import { SchemaCollector, typeNameOf, type OpenApiNode } from './openapi-schemas.js';
import { builtinResources, metricsResources, type Resource } from './resource-table.js';
import { kubernetesVersion, typeOfKind } from './schema-table.js';

/** An OpenAPI v3 document of one group version. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, OpenApiNode>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, OpenApiNode>>;
    readonly securitySchemes: OpenApiNode;
  };
}

const JSON_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

const query = (name: string, description: string, type: 'string' | 'boolean' | 'integer' = 'string'): OpenApiNode => ({
  name,
  in: 'query',
  description,
  schema: { type, uniqueItems: true },
});

const pathParameter = (name: string, description: string): OpenApiNode => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string', uniqueItems: true },
});

const PRETTY = query('pretty', 'Print the answer for people to read.');
const DRY_RUN = query('dryRun', 'All: go through every stage, but store nothing.');
const FIELD_MANAGER = query('fieldManager', 'The name of the actor that makes the change.');
const FIELD_VALIDATION = query(
  'fieldValidation',
  'What happens to unknown and duplicate fields: Ignore, Warn (the default) or Strict.',
);
const FORCE = query('force', 'Take over fields that other managers have set; for apply patches.', 'boolean');
const LIST_PARAMETERS: readonly OpenApiNode[] = [
  query('allowWatchBookmarks', 'Send bookmark events in a watch.', 'boolean'),
  query('continue', 'The token that the page before gave.'),
  query('fieldSelector', 'Narrows the list of returned objects by their fields.'),
  query('labelSelector', 'Narrows the list of returned objects by their labels.'),
  query('limit', 'The largest number of objects in an answer.', 'integer'),
  query('resourceVersion', 'The version that the answer is to reflect.'),
  query('resourceVersionMatch', 'How resourceVersion is meant.'),
  query('sendInitialEvents', 'Begin a watch with the objects that there are.', 'boolean'),
  query('timeoutSeconds', 'When a list or a watch ends.', 'integer'),
  query('watch', 'Watch for changes to the described resources, sent as a stream of notifications.', 'boolean'),
];
const DELETE_PARAMETERS: readonly OpenApiNode[] = [
  DRY_RUN,
  query('gracePeriodSeconds', 'Seconds until the object is deleted.', 'integer'),
  query('propagationPolicy', 'What happens to dependents: Orphan, Background or Foreground.'),
];

const contentOf = (types: readonly string[], schema: OpenApiNode): OpenApiNode =>
  Object.fromEntries(types.map((type) => [type, { schema }]));

interface OperationKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const kindNode = (apiVersion: string, kind: string): OperationKind => ({
  group: groupOf(apiVersion),
  version: versionOf(apiVersion),
  kind,
});

interface Operation {
  readonly action: string;
  readonly verb: string;
  readonly parameters: readonly OpenApiNode[];
  readonly body?: { readonly types: readonly string[]; readonly schema: OpenApiNode };
  readonly answer: OpenApiNode;
}

/** Makes the paths of one resource. */
class ResourcePaths {
  readonly paths: Record<string, OpenApiNode> = {};

  constructor(
    private readonly resource: Resource,
    private readonly collector: SchemaCollector,
  ) {
    const { apiVersion, plural, namespaced } = resource;
    const root = groupOf(apiVersion) === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`;
    const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
    this.addCollection(collection, namespaced);
    if (namespaced && resource.verbs.includes('list')) {
      this.add(`${root}/${plural}`, { get: this.listOperation() }, false, false);
    }
    const named = resource.verbs.some((verb) => ['get', 'update', 'patch', 'delete'].includes(verb));
    if (named) this.add(`${collection}/{name}`, this.objectOperations(), namespaced, true);
    for (const sub of resource.subresources) {
      this.add(`${collection}/{name}/${sub.name}`, this.subresourceOperations(sub), namespaced, true);
    }
  }

  private schemaOf(apiVersion: string, kind: string): OpenApiNode {
    const type = typeOfKind({ apiVersion, kind });
    return type === undefined ? { type: 'string' } : this.collector.reference(type.name);
  }

  private add(path: string, operations: OpenApiNode, namespaced: boolean, named: boolean): void {
    if (Object.keys(operations).length === 0) return;
    const parameters = [
      ...(named ? [pathParameter('name', `name of the ${this.resource.kind}`)] : []),
      ...(namespaced ? [pathParameter('namespace', 'object name and auth scope, such as for teams and projects')] : []),
      PRETTY,
    ];
    this.paths[path] = { ...operations, parameters };
  }

  private operation({ action, verb, parameters, body, answer }: Operation, kind: OperationKind): OpenApiNode {
    const { group, version } = this.resource;
    return {
      tags: [`${group === '' ? 'core' : group.split('.', 1)[0]}_${version}`],
      description: `${verb} ${kind.kind}`,
      operationId: `${verb}${kind.kind}${this.resource.plural}${Object.keys(this.paths).length}`,
      parameters,
      ...(body === undefined ? {} : { requestBody: { content: contentOf(body.types, body.schema), required: true } }),
      responses: {
        200: { description: 'OK', content: contentOf(JSON_TYPES, answer) },
        401: { description: 'Unauthorized' },
      },
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': kind,
    };
  }

  private get ownKind(): OperationKind {
    return kindNode(this.resource.apiVersion, this.resource.kind);
  }

  private listOperation(): OpenApiNode {
    const answer = this.schemaOf(this.resource.apiVersion, `${this.resource.kind}List`);
    return this.operation({ action: 'list', verb: 'list', parameters: LIST_PARAMETERS, answer }, this.ownKind);
  }

  private addCollection(path: string, namespaced: boolean): void {
    const { verbs, apiVersion, kind } = this.resource;
    const schema = this.schemaOf(apiVersion, kind);
    const write = [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION];
    const body = { types: ['*/*'], schema };
    const operations: Record<string, OpenApiNode> = {};
    if (verbs.includes('list')) operations['get'] = this.listOperation();
    if (verbs.includes('create')) {
      operations['post'] = this.operation(
        { action: 'post', verb: 'create', parameters: write, body, answer: schema },
        this.ownKind,
      );
    }
    if (verbs.includes('deletecollection')) {
      const parameters = [...LIST_PARAMETERS, ...DELETE_PARAMETERS];
      const answer = this.schemaOf('v1', 'Status');
      operations['delete'] = this.operation(
        { action: 'deletecollection', verb: 'deletecollection', parameters, answer },
        this.ownKind,
      );
    }
    this.add(path, operations, namespaced, false);
  }

  private objectOperations(): OpenApiNode {
    const { apiVersion, kind, verbs } = this.resource;
    return this.itemOperations(verbs, kindNode(apiVersion, kind), this.schemaOf(apiVersion, kind));
  }

  private subresourceOperations({ kind, verbs }: Resource['subresources'][number]): OpenApiNode {
    return this.itemOperations(verbs, kindNode(kind.apiVersion, kind.kind), this.schemaOf(kind.apiVersion, kind.kind));
  }

  private itemOperations(verbs: readonly string[], kind: OperationKind, schema: OpenApiNode): OpenApiNode {
    const write = [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION];
    const operations: Record<string, OpenApiNode> = {};
    const define = (method: string, operation: Operation): void => {
      operations[method] = this.operation(operation, kind);
    };
    const body = { types: ['*/*'], schema };
    if (verbs.includes('get')) define('get', { action: 'get', verb: 'read', parameters: [], answer: schema });
    if (verbs.includes('create')) {
      define('post', { action: 'post', verb: 'create', parameters: write, body, answer: schema });
    }
    if (verbs.includes('update')) {
      define('put', { action: 'put', verb: 'replace', parameters: write, body, answer: schema });
    }
    if (verbs.includes('patch')) {
      const patch = { types: PATCH_TYPES, schema: this.collector.reference('meta/v1.Patch') };
      define('patch', { action: 'patch', verb: 'patch', parameters: [...write, FORCE], body: patch, answer: schema });
    }
    if (verbs.includes('delete')) {
      const options = { types: ['*/*'], schema: this.schemaOf('v1', 'DeleteOptions') };
      define('delete', {
        action: 'delete',
        verb: 'delete',
        parameters: DELETE_PARAMETERS,
        body: options,
        answer: this.schemaOf('v1', 'Status'),
      });
    }
    return operations;
  }
}

const resourcesOf = (groupVersion: string): readonly Resource[] =>
  [...builtinResources, ...metricsResources].filter(({ apiVersion }) => apiVersion === groupVersion);

/** The kinds that a type is published as: those of its own resource, and the options kinds under every group. */
const kindsOf =
  (groupVersion: string) =>
  (type: string): readonly OpenApiNode[] => {
    const name = type.slice(type.lastIndexOf('.') + 1);
    if (type === 'meta/v1.DeleteOptions') return [{ ...kindNode(groupVersion, name) }];
    if (type === 'meta/v1.Status') return [{ ...kindNode('v1', name) }];
    const resource = builtinResources.find(
      ({ apiVersion, kind }) => typeNameOf(apiVersion, kind) === type || typeNameOf(apiVersion, `${kind}List`) === type,
    );
    const subresource = builtinResources
      .flatMap((each) => each.subresources)
      .find(({ kind }) => typeNameOf(kind.apiVersion, kind.kind) === type);
    const apiVersion = resource?.apiVersion ?? subresource?.kind.apiVersion;
    return apiVersion === undefined ? [] : [{ ...kindNode(apiVersion, name) }];
  };

const documents = new Map<string, OpenApiDocument>();

const makeDocument = (groupVersion: string, resources: readonly Resource[]): OpenApiDocument => {
  const collector = new SchemaCollector();
  const paths = Object.assign(
    {},
    ...resources.map((resource) => new ResourcePaths(resource, collector).paths),
  ) as Record<string, OpenApiNode>;
  const schemas = collector.schemas(kindsOf(groupVersion));
  schemas[openApiName('meta/v1.Patch')] = {
    description: 'A change to an object, in one of the patch formats.',
    type: 'object',
  };
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: `v${kubernetesVersion()}` },
    paths,
    components: {
      schemas,
      securitySchemes: {
        BearerToken: {
          type: 'apiKey',
          name: 'authorization',
          in: 'header',
          description: 'Bearer Token authentication',
        },
      },
    },
  };
};

/** The group versions that have a document: `v1`, `apps/v1`. */
export const openApiGroupVersions = (): string[] => [
  ...new Set([...builtinResources, ...metricsResources].map(({ apiVersion }) => apiVersion)),
];

/** The OpenAPI v3 document of a built-in group version, made once; undefined for any other. */
export const openApiV3 = (groupVersion: string): OpenApiDocument | undefined => {
  const resources = resourcesOf(groupVersion);
  if (resources.length === 0) return undefined;
  let document = documents.get(groupVersion);
  if (document === undefined) {
    document = makeDocument(groupVersion, resources);
    documents.set(groupVersion, document);
  }
  return document;
};
