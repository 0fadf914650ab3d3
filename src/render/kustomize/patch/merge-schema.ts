import { readFileSync } from 'node:fs';
import { dataFile } from '../../../objects/schema/schema-file.js';
import { schemaInComment } from '../nodes/comment-schemas.js';

/** What a strategic merge needs to know of a value: which lists merge by which keys, and what is inside. */
export interface MergeSchema {
  /** Name of an object type, whose fields are in the table. */
  readonly type?: string;
  /** A list: `merge` has its keys when it merges; none for a list of plain values. */
  readonly merge?: readonly string[];
  readonly items?: string;
  /** The type of a map's values. */
  readonly map?: string;
}

type FieldSchema = string | MergeSchema;

export interface MergeSchemaFile {
  /** `apps/v1/Deployment` to the name of its type. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, Readonly<Record<string, FieldSchema>>>>;
}

let builtin: MergeSchemaFile | undefined;

/** The merge keys of the Kubernetes version that Kustomize carries (1.21): newer kinds have no merging lists. */
const builtinFile = (): MergeSchemaFile => {
  builtin ??= JSON.parse(readFileSync(dataFile('kustomize-merge-keys.json'), 'utf8')) as MergeSchemaFile;
  return builtin;
};

/** Looks merge schemas up, in the built-in table or in the document that `openapi.path` names. */
export class MergeSchemas {
  /** Whether anything was looked up. */
  wasUsed = false;

  readonly #ofComments = new Map<string, MergeSchema>();
  readonly #typesOfComments: Record<string, MergeSchemaFile['types'][string]> = {};

  constructor(private readonly custom?: MergeSchemaFile) {}

  /** What a comment with a schema says of a value. */
  ofComment(comment: string): MergeSchema {
    const known = this.#ofComments.get(comment);
    if (known !== undefined) return known;
    const reader = new SchemaReader(`comment ${this.#ofComments.size}`);
    const field = reader.fieldOf((schemaInComment(comment) ?? {}) as OpenApiSchema) ?? {};
    Object.assign(this.#typesOfComments, reader.types);
    const found = typeof field === 'string' ? { type: field } : field;
    this.#ofComments.set(comment, found);
    return found;
  }

  ofKind(apiVersion: string, kind: string): MergeSchema | undefined {
    this.wasUsed = true;
    const file = this.#file();
    const key = `${apiVersion}/${kind}`;
    return Object.hasOwn(file.kinds, key) ? { type: file.kinds[key] ?? '' } : undefined;
  }

  field(schema: MergeSchema | undefined, name: string): MergeSchema | undefined {
    if (schema === undefined) return undefined;
    if (schema.map !== undefined) return { type: schema.map };
    if (schema.type === undefined) return undefined;
    const types = Object.hasOwn(this.#typesOfComments, schema.type) ? this.#typesOfComments : this.#file().types;
    const fields = Object.hasOwn(types, schema.type) ? types[schema.type] : undefined;
    const found = fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
    return typeof found === 'string' ? { type: found } : found;
  }

  items(schema: MergeSchema | undefined): MergeSchema | undefined {
    return schema?.items === undefined ? undefined : { type: schema.items };
  }

  /** This document together with the built-in table; one of them wins where both know a type. */
  withBuiltin(winner: 'builtin' | 'document'): MergeSchemas {
    const own = this.#file();
    const [first, second] = winner === 'builtin' ? [own, builtinFile()] : [builtinFile(), own];
    return new MergeSchemas({
      kinds: { ...first.kinds, ...second.kinds },
      types: { ...first.types, ...second.types },
    });
  }

  #file(): MergeSchemaFile {
    return this.custom ?? builtinFile();
  }
}

/** Whether the built-in table has a kind (`apps/v1/Deployment`). */
export const isBuiltinKind = (kind: string): boolean => Object.hasOwn(builtinFile().kinds, kind);

/** Kubernetes' own types have short names in the table. */
const typeName = (name: string): string =>
  name.replace(/^io\.k8s\.(?:[a-z-]+\.pkg\.apis|apimachinery\.pkg(?:\.apis)?|api)\./, '');

interface OpenApiSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly additionalProperties?: OpenApiSchema | boolean;
  readonly items?: OpenApiSchema;
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-group-version-kind'?: readonly { group?: string; version: string; kind: string }[];
}

/** Reads the merge keys of OpenAPI schemas into tables of types. */
class SchemaReader {
  readonly types: Record<string, Record<string, FieldSchema>> = {};
  #inlineTypes = 0;

  constructor(private readonly inlineName: string) {}

  typeOf(schema: OpenApiSchema | undefined): string | undefined {
    if (schema === undefined) return undefined;
    if (schema.$ref !== undefined) return typeName(schema.$ref.replace('#/definitions/', ''));
    if (schema.properties === undefined && typeof schema.additionalProperties !== 'object') return undefined;
    this.#inlineTypes += 1;
    const name = `${this.inlineName} ${this.#inlineTypes}`;
    this.types[name] = this.fieldsOf(schema);
    return name;
  }

  fieldOf(schema: OpenApiSchema): FieldSchema | undefined {
    if (schema.$ref !== undefined) return this.typeOf(schema);
    const type = Array.isArray(schema.type) ? (schema.type as readonly string[])[0] : schema.type;
    const merges = schema['x-kubernetes-patch-strategy']?.split(',').includes('merge') === true;
    if (type === 'array' || merges) {
      const items = type === 'array' ? this.typeOf(schema.items) : undefined;
      const inner = items === undefined ? {} : { items };
      const key = schema['x-kubernetes-patch-merge-key'];
      const keys = schema['x-kubernetes-list-map-keys'] ?? (key === undefined ? [] : [key]);
      return merges ? { ...inner, merge: keys } : inner;
    }
    if (schema.properties === undefined && typeof schema.additionalProperties === 'object') {
      const values = this.typeOf(schema.additionalProperties);
      return values === undefined ? undefined : { map: values };
    }
    return this.typeOf(schema);
  }

  fieldsOf(schema: OpenApiSchema): Record<string, FieldSchema> {
    const fields: Record<string, FieldSchema> = {};
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const field = this.fieldOf(property);
      if (field !== undefined) fields[name] = field;
    }
    return fields;
  }
}

/** Reads the merge keys out of an OpenAPI v2 document. */
export const mergeSchemasOf = (document: unknown): MergeSchemas => {
  const definitions = (document as { definitions?: Record<string, OpenApiSchema> } | null)?.definitions ?? {};
  const kinds: Record<string, string> = {};
  const reader = new SchemaReader('inline');
  for (const [name, definition] of Object.entries(definitions)) {
    reader.types[typeName(name)] = reader.fieldsOf(definition);
    for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
      kinds[`${group ? `${group}/` : ''}${version}/${kind}`] = typeName(name);
    }
  }
  return new MergeSchemas({ kinds, types: reader.types });
};

interface OpenApiPaths {
  readonly paths?: Readonly<
    Record<
      string,
      {
        readonly get?: {
          readonly 'x-kubernetes-group-version-kind'?: { group?: string; version: string; kind: string };
        };
      }
    >
  >;
}

/** Which kinds (`apps/v1/Deployment`) the paths of an OpenAPI document put into namespaces, and which not. */
export const namespacedKindsOf = (document: unknown): Map<string, boolean> => {
  const kinds = new Map<string, boolean>();
  for (const [path, item] of Object.entries((document as OpenApiPaths | null)?.paths ?? {})) {
    const gvk = item?.get?.['x-kubernetes-group-version-kind'];
    if (typeof gvk !== 'object' || gvk === null) continue;
    const kind = `${gvk.group ? `${gvk.group}/` : ''}${gvk.version}/${gvk.kind}`;
    if (path.includes('namespaces/{namespace}')) kinds.set(kind, true);
    else if (!kinds.has(kind)) kinds.set(kind, false);
  }
  return kinds;
};
