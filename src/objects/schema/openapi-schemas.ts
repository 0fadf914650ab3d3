import { fieldDescription, typeDescription } from './descriptions.js';
import { closedValues } from './closed-types.js';
import { openApiName, openApiRef } from './openapi-names.js';
import type { SchemaField, TypeRef } from './schema-file.js';
import { defaultOf, resolveType, schemaGroupVersion, type StructType } from './schema-table.js';

/** A part of an OpenAPI document. */
export type OpenApiNode = Readonly<Record<string, unknown>>;

const SCALARS: Readonly<Record<string, OpenApiNode>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

const SCALAR_DEFAULTS: Readonly<Record<string, unknown>> = { string: '', bool: false, int32: 0, int64: 0, float64: 0 };

/** Types that documents refer to by name although JSON writes them as one value. */
const NAMED_SCALARS: Readonly<Record<string, { readonly type: string; readonly schema: OpenApiNode }>> = {
  Quantity: {
    type: 'Quantity',
    schema: {
      description: 'A fixed-point number with an optional suffix, such as 500m, 1.5Gi or 12e6.',
      oneOf: [{ type: 'string' }, { type: 'number' }],
    },
  },
  IntOrString: {
    type: 'IntOrString',
    schema: {
      description: 'A number, or a string such as a percentage or the name of a port.',
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
    },
  },
  Time: {
    type: 'meta/v1.Time',
    schema: { description: 'A time in the form of RFC 3339, in whole seconds.', type: 'string', format: 'date-time' },
  },
  MicroTime: {
    type: 'meta/v1.MicroTime',
    schema: { description: 'A time in the form of RFC 3339, in microseconds.', type: 'string', format: 'date-time' },
  },
  Duration: {
    type: 'meta/v1.Duration',
    schema: { description: 'A duration such as 1h30m or 10s.', type: 'string' },
  },
};

const ANY_SCHEMAS: Readonly<Record<string, OpenApiNode>> = {
  'runtime.RawExtension': { description: 'Any object.', type: 'object' },
  'meta/v1.FieldsV1': { description: 'A set of fields, as a tree of their names.', type: 'object' },
  'apiextensions.k8s.io/v1.JSON': { description: 'Any JSON value.' },
};

/** Collects the schemas that a document needs while they are referred to. */
export class SchemaCollector {
  private readonly found = new Map<string, OpenApiNode>();
  private readonly waiting: StructType[] = [];

  /** The schemas by their names, those that they refer to among them. */
  schemas(kindsOf: (type: string) => readonly OpenApiNode[]): Record<string, OpenApiNode> {
    for (let type = this.waiting.shift(); type !== undefined; type = this.waiting.shift()) {
      this.found.set(type.name, this.structSchema(type, kindsOf(type.name)));
    }
    const entries = Array.from(this.found, ([name, schema]) => [openApiName(name), schema] as const);
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A reference to a type, which the document then contains. */
  reference(type: string): OpenApiNode {
    const resolved = resolveType(type);
    if (!this.found.has(type)) {
      if (resolved.shape === 'struct') {
        this.found.set(type, {});
        this.waiting.push(resolved);
      } else {
        this.found.set(type, ANY_SCHEMAS[type] ?? {});
      }
    }
    return { $ref: openApiRef(type) };
  }

  private node(ref: TypeRef): OpenApiNode {
    if (typeof ref === 'object') {
      return 'array' in ref
        ? { type: 'array', items: this.elementNode(ref.array) }
        : { type: 'object', additionalProperties: this.elementNode(ref.map) };
    }
    const resolved = resolveType(ref);
    switch (resolved.shape) {
      case 'scalar': {
        const named = NAMED_SCALARS[resolved.scalar];
        if (named === undefined) return SCALARS[resolved.scalar] ?? {};
        this.found.set(named.type, named.schema);
        return { $ref: openApiRef(named.type) };
      }
      case 'list':
        return { type: 'array', items: this.shapeNode(resolved.element) };
      case 'map':
        return { type: 'object', additionalProperties: this.shapeNode(resolved.value) };
      default:
        return this.reference(ref);
    }
  }

  private shapeNode(type: ReturnType<typeof resolveType>): OpenApiNode {
    if (type.shape === 'struct' || type.shape === 'any' || type.shape === 'union') {
      return this.withDefault(this.reference(type.name), {});
    }
    return type.shape === 'scalar' ? this.elementNode(type.scalar) : {};
  }

  /** Elements of lists and values of maps are never absent: they have the zero value of Go as default. */
  private elementNode(ref: TypeRef): OpenApiNode {
    const node = this.node(ref);
    if (typeof ref === 'object') return node;
    const resolved = resolveType(ref);
    if (resolved.shape === 'struct') return this.withDefault(node, {});
    const zero = resolved.shape === 'scalar' ? SCALAR_DEFAULTS[resolved.scalar] : undefined;
    const choices = choicesOf({ type: ref });
    return {
      ...node,
      ...(zero === undefined ? {} : { default: zero }),
      ...(choices.length === 0 ? {} : { enum: choices }),
    };
  }

  private withDefault(node: OpenApiNode, value: unknown): OpenApiNode {
    return { allOf: [node], default: value };
  }

  private property(owner: string, field: SchemaField & { name: string }): OpenApiNode {
    const node = this.node(field.type);
    const isReference = Object.hasOwn(node, '$ref');
    const resolved = resolveType(field.type);
    const target = resolved.shape === 'struct' ? typeDescription(resolved.name) : '';
    const choices = choicesOf(field);
    const description = (fieldDescription(owner, field.name) || target) + listed(choices);
    const value = defaultOf(field) ?? this.zeroDefault(field);
    return {
      ...(description === '' ? {} : { description }),
      ...(isReference && (description !== '' || value !== undefined) ? { allOf: [node] } : node),
      ...(value === undefined ? {} : { default: value }),
      ...(choices.length === 0 ? {} : { enum: choices }),
      ...extensionsOf(field),
    };
  }

  private zeroDefault(field: SchemaField): unknown {
    if (field.pointer === true) return undefined;
    const resolved = resolveType(field.type);
    if (resolved.shape === 'struct') return {};
    return field.required === true && resolved.shape === 'scalar' ? SCALAR_DEFAULTS[resolved.scalar] : undefined;
  }

  private structSchema(type: StructType, kinds: readonly OpenApiNode[]): OpenApiNode {
    const properties: Record<string, OpenApiNode> = {};
    for (const [name, field] of [...type.fields].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      properties[name] = this.property(ownerOf(type, name), field);
    }
    const required = [...type.fields.values()].filter((field) => field.required === true).map((field) => field.name);
    const description = typeDescription(type.name);
    return {
      ...(description === '' ? {} : { description }),
      type: 'object',
      ...(required.length > 0 ? { required: required.sort() } : {}),
      properties,
      ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      ...(kinds.length > 0 ? { 'x-kubernetes-group-version-kind': kinds } : {}),
    };
  }
}

const choicesOf = ({ type }: Pick<SchemaField, 'type'>): readonly string[] => {
  const resolved = resolveType(type);
  const name = resolved.shape === 'scalar' ? resolved.enumOf : undefined;
  return name === undefined ? [] : closedValues(name);
};

const listed = (choices: readonly string[]): string =>
  choices.length === 0
    ? ''
    : `\n\nPossible enum values:\n${choices.map((choice) => ` - \`${JSON.stringify(choice)}\``).join('\n')}`;

/** Descriptions stand with the type that is published; embedded structs are not. */
const ownerOf = (type: StructType, field: string): string =>
  field === 'apiVersion' || field === 'kind'
    ? fieldDescription(type.name, field) === ''
      ? 'core/v1.Pod'
      : type.name
    : type.name;

const extensionsOf = (field: SchemaField): OpenApiNode => ({
  ...(field.listType === undefined ? {} : { 'x-kubernetes-list-type': field.listType }),
  ...(field.listMapKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': field.listMapKeys }),
  ...(field.mapType === undefined ? {} : { 'x-kubernetes-map-type': field.mapType }),
  ...(field.structType === undefined ? {} : { 'x-kubernetes-map-type': field.structType }),
  ...(field.patchMergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': field.patchMergeKey }),
  ...(field.patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': field.patchStrategy }),
});

/** The type of a kind in the field tables, as its document refers to it. */
export const typeNameOf = (apiVersion: string, kind: string): string => `${schemaGroupVersion(apiVersion)}.${kind}`;
