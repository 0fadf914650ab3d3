import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A type as the field tables write it: a scalar, `core/v1.Pod`, a list or a map from strings. */
export type TypeRef = string | { readonly array: TypeRef } | { readonly map: TypeRef };

/** One field of a type. `number` and `wire` are those of the protobuf encoding. */
export interface SchemaField {
  /** Absent where the fields of `type` stand in its place in JSON (an embedded struct). */
  readonly name?: string;
  readonly type: TypeRef;
  readonly number?: number;
  readonly wire?: 'bytes' | 'varint' | 'fixed64' | 'fixed32';
  readonly required?: boolean;
  /** True where absence and the zero value differ. */
  readonly pointer?: boolean;
  readonly inline?: boolean;
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  readonly mapType?: 'atomic' | 'granular';
  readonly structType?: 'atomic' | 'granular';
  /** JSON text, or `ref(NameOfConstant)`. */
  readonly default?: string;
}

export interface SchemaTypeEntry {
  readonly fields: readonly SchemaField[];
  readonly genclient?: readonly string[];
  /** The whole value has one owner in server-side apply. */
  readonly atomic?: boolean;
  readonly union?: boolean;
}

export interface GroupVersionEntry {
  readonly group: string;
  readonly version: string;
  readonly types: Readonly<Record<string, SchemaTypeEntry>>;
  readonly aliases: Readonly<Record<string, TypeRef>>;
  readonly enums: Readonly<Record<string, readonly string[]>>;
}

export interface SchemaFile {
  readonly kubernetes: string;
  readonly groupVersions: Readonly<Record<string, GroupVersionEntry>>;
}

/**
 * The path of a file in the package's `data` folder, found by walking up from this module: the same from `src`, from
 * `dist` and from any other build folder below the package root.
 */
export const dataFile = (name: string): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(folder, 'data', name);
    if (existsSync(candidate)) return candidate;
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`data/${name} is missing from the package`);
    folder = parent;
  }
};

let loaded: SchemaFile | undefined;

/** The field tables of the stable Kubernetes API, read once, with the groups that the file lacks added. */
export const schemaFile = (): SchemaFile => {
  if (loaded === undefined) {
    const file = JSON.parse(readFileSync(dataFile('kubernetes-schema.json'), 'utf8')) as SchemaFile;
    loaded = { ...file, groupVersions: { ...file.groupVersions, ...ADDED_GROUP_VERSIONS } };
  }
  return loaded;
};

const typeMeta: SchemaField = { type: 'meta/v1.TypeMeta', inline: true };
const bytesField = (name: string, number: number, type: TypeRef, more: Partial<SchemaField> = {}): SchemaField => ({
  name,
  type,
  number,
  wire: 'bytes',
  ...more,
});
const varintField = (name: string, number: number, type: TypeRef, more: Partial<SchemaField> = {}): SchemaField => ({
  name,
  type,
  number,
  wire: 'varint',
  ...more,
});
const listOf = (item: string): SchemaTypeEntry => ({
  fields: [
    typeMeta,
    bytesField('metadata', 1, 'meta/v1.ListMeta'),
    bytesField('items', 2, { array: item }, { required: true }),
  ],
});

const APIREGISTRATION = 'apiregistration.k8s.io/v1';
const METRICS = 'metrics.k8s.io/v1beta1';

/** The groups that aggregated servers bring: their types live outside of the tables' source. */
const ADDED_GROUP_VERSIONS: Readonly<Record<string, GroupVersionEntry>> = {
  [APIREGISTRATION]: {
    group: 'apiregistration.k8s.io',
    version: 'v1',
    aliases: { ConditionStatus: 'string', APIServiceConditionType: 'string' },
    enums: { ConditionStatus: ['True', 'False', 'Unknown'], APIServiceConditionType: ['Available'] },
    types: {
      APIService: {
        genclient: ['genclient', 'genclient:nonNamespaced'],
        fields: [
          typeMeta,
          bytesField('metadata', 1, 'meta/v1.ObjectMeta'),
          bytesField('spec', 2, `${APIREGISTRATION}.APIServiceSpec`),
          bytesField('status', 3, `${APIREGISTRATION}.APIServiceStatus`),
        ],
      },
      APIServiceList: listOf(`${APIREGISTRATION}.APIService`),
      APIServiceSpec: {
        fields: [
          bytesField('service', 1, `${APIREGISTRATION}.ServiceReference`, { pointer: true }),
          bytesField('group', 2, 'string'),
          bytesField('version', 3, 'string'),
          varintField('insecureSkipTLSVerify', 4, 'bool'),
          bytesField('caBundle', 5, 'bytes', { listType: 'atomic' }),
          varintField('groupPriorityMinimum', 7, 'int32', { required: true }),
          varintField('versionPriority', 8, 'int32', { required: true }),
        ],
      },
      APIServiceStatus: {
        fields: [
          bytesField(
            'conditions',
            1,
            { array: `${APIREGISTRATION}.APIServiceCondition` },
            { patchStrategy: 'merge', patchMergeKey: 'type', listType: 'map', listMapKeys: ['type'] },
          ),
        ],
      },
      APIServiceCondition: {
        fields: [
          bytesField('type', 1, `${APIREGISTRATION}.APIServiceConditionType`, { required: true }),
          bytesField('status', 2, `${APIREGISTRATION}.ConditionStatus`, { required: true }),
          bytesField('lastTransitionTime', 3, 'meta/v1.Time'),
          bytesField('reason', 4, 'string'),
          bytesField('message', 5, 'string'),
        ],
      },
      ServiceReference: {
        fields: [
          bytesField('namespace', 1, 'string'),
          bytesField('name', 2, 'string'),
          varintField('port', 3, 'int32', { pointer: true }),
        ],
      },
    },
  },
  [METRICS]: {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    aliases: {},
    enums: {},
    types: {
      NodeMetrics: {
        fields: [
          typeMeta,
          bytesField('metadata', 1, 'meta/v1.ObjectMeta'),
          bytesField('timestamp', 2, 'meta/v1.Time', { required: true }),
          bytesField('window', 3, 'meta/v1.Duration', { required: true }),
          bytesField('usage', 4, 'core/v1.ResourceList', { required: true }),
        ],
      },
      NodeMetricsList: listOf(`${METRICS}.NodeMetrics`),
      PodMetrics: {
        fields: [
          typeMeta,
          bytesField('metadata', 1, 'meta/v1.ObjectMeta'),
          bytesField('timestamp', 2, 'meta/v1.Time', { required: true }),
          bytesField('window', 3, 'meta/v1.Duration', { required: true }),
          bytesField(
            'containers',
            4,
            { array: `${METRICS}.ContainerMetrics` },
            { required: true, patchStrategy: 'merge', patchMergeKey: 'name' },
          ),
        ],
      },
      PodMetricsList: listOf(`${METRICS}.PodMetrics`),
      ContainerMetrics: {
        fields: [
          bytesField('name', 1, 'string', { required: true }),
          bytesField('usage', 2, 'core/v1.ResourceList', { required: true }),
        ],
      },
    },
  },
};
