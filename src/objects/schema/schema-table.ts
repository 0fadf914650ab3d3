import { groupOf, versionOf, type KindRef } from '../kind.js';
import { schemaFile, type SchemaField, type TypeRef } from './schema-file.js';

/** The values that JSON writes without fields of their own, and how Go reads them. */
export type ScalarName =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'bytes'
  | 'Quantity'
  | 'IntOrString'
  | 'Duration'
  | 'Time'
  | 'MicroTime';

/** A resolved type. Structs refer to each other, so their fields are resolved when they are first asked for. */
export type SchemaType =
  | { readonly shape: 'scalar'; readonly scalar: ScalarName; readonly enumOf?: string }
  | StructType
  /** `alias` is the name of a list or map type that has one: `core/v1.ResourceList`. */
  | { readonly shape: 'list'; readonly element: SchemaType; readonly alias?: string }
  | { readonly shape: 'map'; readonly value: SchemaType; readonly alias?: string }
  /** A value that is one of several types in JSON, told apart by its form: the `OrBool` types of CRD schemas. */
  | { readonly shape: 'union'; readonly name: string; readonly choices: readonly SchemaField[] }
  /** Any JSON value: `RawExtension`, `JSON`, `FieldsV1`. */
  | { readonly shape: 'any'; readonly name: string };

export interface StructType {
  readonly shape: 'struct';
  /** `core/v1.Pod` */
  readonly name: string;
  readonly atomic: boolean;
  /** Fields in JSON, those of embedded structs among them, in the order of the declaration. */
  readonly fields: ReadonlyMap<string, StructField>;
  /** Fields as protobuf numbers them: an embedded struct is a message of its own. */
  readonly messageFields: readonly SchemaField[];
}

export interface StructField extends SchemaField {
  readonly name: string;
  readonly resolved: SchemaType;
  /** True when Go writes the field although nothing set it. */
  readonly written: boolean;
  /** True when that is a null, which clients of Kubernetes then see. */
  readonly nulled: boolean;
  /** The embedded struct that the field is from, as Go names it in errors: `RuleWithOperations.Rule`. */
  readonly via?: string;
}

const SCALARS: ReadonlyMap<string, ScalarName> = new Map<string, ScalarName>([
  ['string', 'string'],
  ['bool', 'bool'],
  ['int32', 'int32'],
  ['int64', 'int64'],
  ['float64', 'float64'],
  ['bytes', 'bytes'],
  ['Quantity', 'Quantity'],
  ['IntOrString', 'IntOrString'],
  ['Duration', 'Duration'],
  ['Time', 'Time'],
  ['meta/v1.Duration', 'Duration'],
  ['meta/v1.Time', 'Time'],
  ['meta/v1.MicroTime', 'MicroTime'],
]);

const OPAQUE: ReadonlySet<string> = new Set([
  'runtime.RawExtension',
  'runtime.Unknown',
  'meta/v1.FieldsV1',
  'apiextensions.k8s.io/v1.JSON',
]);

const resolvedTypes = new Map<string, SchemaType>();

/** Splits `core/v1.Pod` at its last dot. */
const splitTypeName = (name: string): { groupVersion: string; type: string } => {
  const dot = name.lastIndexOf('.');
  return { groupVersion: name.slice(0, dot), type: name.slice(dot + 1) };
};

/** Fields that need not be given but are always written, and the reverse. */
const WRITTEN: Readonly<Record<string, boolean>> = {
  'apps/v1.StatefulSetOrdinals.start': true,
  'apps/v1.StatefulSetSpec.serviceName': true,
  'apps/v1.StatefulSetStatus.availableReplicas': true,
  'core/v1.ContainerRestartRule.action': false,
  'core/v1.ContainerRestartRuleOnExitCodes.operator': false,
  'core/v1.Event.reportingComponent': true,
  'core/v1.Event.reportingInstance': true,
  'core/v1.NodeRuntimeHandler.name': true,
  'core/v1.PodCertificateProjection.keyType': false,
  'core/v1.PodCertificateProjection.signerName': false,
  'flowcontrol.apiserver.k8s.io/v1.FlowSchemaSpec.matchingPrecedence': true,
  'networking.k8s.io/v1.ParentReference.name': false,
  'networking.k8s.io/v1.ParentReference.resource': false,
};

/** Lists, times and references that are null when nothing set them. */
const NULLED: ReadonlySet<string> = new Set([
  'apiextensions.k8s.io/v1.CustomResourceDefinitionStatus.conditions',
  'autoscaling/v2.HorizontalPodAutoscalerStatus.currentMetrics',
  'batch/v1.PodFailurePolicy.rules',
  'core/v1.AzureFilePersistentVolumeSource.secretNamespace',
  'core/v1.ContainerImage.names',
  'core/v1.Event.eventTime',
  'core/v1.Event.firstTimestamp',
  'core/v1.Event.lastTimestamp',
  'core/v1.EventSeries.lastObservedTime',
  'core/v1.LimitRangeSpec.limits',
  'core/v1.ProjectedVolumeSource.sources',
  'core/v1.ScaleIOPersistentVolumeSource.secretRef',
  'core/v1.ScaleIOVolumeSource.secretRef',
  'core/v1.TypedLocalObjectReference.apiGroup',
  'discovery.k8s.io/v1.EndpointSlice.endpoints',
  'discovery.k8s.io/v1.EndpointSlice.ports',
  'events.k8s.io/v1.Event.deprecatedFirstTimestamp',
  'events.k8s.io/v1.Event.deprecatedLastTimestamp',
  'events.k8s.io/v1.Event.eventTime',
  'rbac.authorization.k8s.io/v1.ClusterRole.rules',
  'rbac.authorization.k8s.io/v1.Role.rules',
  'storage.k8s.io/v1.CSINodeDriver.topologyKeys',
  'storage.k8s.io/v1.CSINodeSpec.drivers',
]);

const structType = (name: string, fields: readonly SchemaField[], atomic: boolean): StructType => {
  let byName: Map<string, StructField> | undefined;
  return {
    shape: 'struct',
    name,
    atomic,
    messageFields: fields,
    get fields() {
      byName ??= inlineFields(name, fields);
      return byName;
    },
  };
};

const inlineFields = (owner: string, fields: readonly SchemaField[]): Map<string, StructField> => {
  const byName = new Map<string, StructField>();
  for (const field of fields) {
    const resolved = resolveType(field.type);
    if (field.name !== undefined) {
      const written = WRITTEN[`${owner}.${field.name}`] ?? field.required === true;
      const nulled = NULLED.has(`${owner}.${field.name}`);
      byName.set(field.name, { ...field, name: field.name, resolved, written, nulled });
    } else if (resolved.shape === 'struct') {
      const embedded = splitTypeName(resolved.name).type;
      for (const [name, inner] of resolved.fields) {
        const via = inner.via === undefined ? embedded : `${embedded}.${inner.via}`;
        if (!byName.has(name)) byName.set(name, { ...inner, via });
      }
    }
  }
  return byName;
};

const resolveNamed = (name: string): SchemaType => {
  const scalar = SCALARS.get(name);
  if (scalar !== undefined) return { shape: 'scalar', scalar };
  if (OPAQUE.has(name)) return { shape: 'any', name };
  const { groupVersion, type } = splitTypeName(name);
  const table = schemaFile().groupVersions[groupVersion];
  const alias = table?.aliases[type];
  if (alias !== undefined) {
    const target = resolveType(alias);
    if (target.shape === 'scalar') return { ...target, enumOf: name };
    return target.shape === 'list' || target.shape === 'map' ? { ...target, alias: name } : target;
  }
  const entry = table?.types[type];
  if (entry === undefined) return { shape: 'any', name };
  const isUnion = entry.fields.length > 1 && entry.fields.every((field) => field.name === undefined);
  return isUnion
    ? { shape: 'union', name, choices: entry.fields }
    : structType(name, entry.fields, entry.atomic === true);
};

/** The type that a reference of the field tables means; aliases are followed. */
export const resolveType = (ref: TypeRef): SchemaType => {
  if (typeof ref === 'object') {
    return 'array' in ref
      ? { shape: 'list', element: resolveType(ref.array) }
      : { shape: 'map', value: resolveType(ref.map) };
  }
  let resolved = resolvedTypes.get(ref);
  if (resolved === undefined) {
    resolved = resolveNamed(ref);
    resolvedTypes.set(ref, resolved);
  }
  return resolved;
};

/** `core/v1` for `v1`, `apps/v1` for itself: the key of the field tables. */
export const schemaGroupVersion = (apiVersion: string): string => {
  const group = groupOf(apiVersion);
  return `${group === '' ? 'core' : group}/${versionOf(apiVersion)}`;
};

/** Kinds of `meta/v1` that are read under the apiVersion of any group. */
const META_KINDS: ReadonlySet<string> = new Set([
  'Status',
  'DeleteOptions',
  'ListOptions',
  'GetOptions',
  'CreateOptions',
  'PatchOptions',
  'UpdateOptions',
  'APIVersions',
  'APIGroupList',
  'APIGroup',
  'APIResourceList',
  'List',
]);

/** The type of a built-in kind, lists and the options kinds among them; undefined for any other kind. */
export const typeOfKind = ({ apiVersion, kind }: KindRef): StructType | undefined => {
  const groupVersion = schemaGroupVersion(apiVersion);
  const tables = schemaFile().groupVersions;
  const owner =
    Object.hasOwn(tables, groupVersion) && Object.hasOwn(tables[groupVersion]?.types ?? {}, kind)
      ? groupVersion
      : META_KINDS.has(kind) || groupVersion === 'meta.k8s.io/v1'
        ? 'meta/v1'
        : undefined;
  if (owner === undefined || !Object.hasOwn(tables[owner]?.types ?? {}, kind)) return undefined;
  const type = resolveType(`${owner}.${kind}`);
  return type.shape === 'struct' ? type : undefined;
};

/** The constants declared for a named string type such as `core/v1.PullPolicy`; empty when there are none. */
export const enumValues = (name: string): readonly string[] => {
  const { groupVersion, type } = splitTypeName(name);
  return schemaFile().groupVersions[groupVersion]?.enums[type] ?? [];
};

/** The field at a path of names through structs, lists and maps (`*` steps into an element): for tests and explain. */
export const fieldAt = (type: SchemaType, path: readonly string[]): StructField | undefined => {
  let current: SchemaType = type;
  let field: StructField | undefined;
  for (const name of path) {
    while (current.shape === 'list') current = current.element;
    if (current.shape === 'map') {
      current = current.value;
      continue;
    }
    if (current.shape !== 'struct') return undefined;
    field = current.fields.get(name);
    if (field === undefined) return undefined;
    current = field.resolved;
  }
  return field;
};

/** The value that an absent merge key stands for, where the API declares one: `TCP` for a port's protocol. */
export const defaultOf = (field: SchemaField): unknown =>
  field.default === undefined || field.default.startsWith('ref(') ? undefined : (JSON.parse(field.default) as unknown);

/** Version of Kubernetes that the tables describe, such as `1.35.2`. */
export const kubernetesVersion = (): string => schemaFile().kubernetes;
