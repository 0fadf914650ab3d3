import { isConditionTrue } from '../../../objects/conditions.js';
import { valueAt } from '../../../objects/json.js';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Subresource } from '../../../objects/schema/resource-table.js';
import type { ServedResource } from '../request.js';

const ALL_VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const READ_UPDATE = ['get', 'patch', 'update'];

/** What a definition serves: a resource for each served version, once it is established. */
export const servedVersions = (definition: CustomResourceDefinition): readonly ServedResource[] => {
  if (!isConditionTrue(definition.status?.conditions, 'Established')) return [];
  return definition.spec.versions
    .filter(({ served }) => served)
    .toSorted((left, right) => compareVersions(left.name, right.name))
    .map((version) => servedVersion(definition, version));
};

const servedVersion = (
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): ServedResource => {
  const { group, scope, versions } = definition.spec;
  const names = definition.status?.acceptedNames ?? definition.spec.names;
  const apiVersion = `${group}/${version.name}`;
  const storage = versions.find((each) => each.storage) ?? version;
  const { scale } = version.subresources ?? {};
  return {
    group,
    version: version.name,
    apiVersion,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    namespaced: scope === 'Namespaced',
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: ALL_VERBS,
    subresources: subresourcesOf(apiVersion, names.kind, version),
    storageVersion: `${group}/${storage.name}`,
    custom: true,
    definition,
    definitionVersion: version,
    selectableFields: readersOf(version),
    ...(scale === undefined
      ? {}
      : {
          scale: {
            replicas: scale.specReplicasPath,
            statusReplicas: scale.statusReplicasPath,
            ...(scale.labelSelectorPath === undefined ? {} : { selector: scale.labelSelectorPath }),
          },
        }),
  };
};

const subresourcesOf = (
  apiVersion: string,
  kind: string,
  { subresources }: CustomResourceDefinitionVersion,
): readonly Subresource[] => [
  ...(subresources?.status === undefined ? [] : [{ name: 'status', kind: { apiVersion, kind }, verbs: READ_UPDATE }]),
  ...(subresources?.scale === undefined
    ? []
    : [{ name: 'scale', kind: { apiVersion: 'autoscaling/v1', kind: 'Scale' }, verbs: READ_UPDATE }]),
];

const readersOf = ({
  selectableFields = [],
}: CustomResourceDefinitionVersion): Readonly<Record<string, (object: KubeObject) => string>> =>
  Object.fromEntries(
    selectableFields.map(({ jsonPath }) => {
      const field = jsonPath.replace(/^\./, '');
      const names = field.split('.');
      return [field, (object: KubeObject) => scalarText(valueAt(object, names))];
    }),
  );

const scalarText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

/** The order of versions in discovery: `v2`, `v1`, `v1beta2`, `v1alpha1`, then others by name. */
export const compareVersions = (left: string, right: string): number => {
  const [a, b] = [rankOf(left), rankOf(right)];
  if (a === undefined || b === undefined) {
    if (a !== undefined) return -1;
    if (b !== undefined) return 1;
    return left < right ? -1 : Number(left > right);
  }
  return b.stability - a.stability || b.major - a.major || b.minor - a.minor;
};

const STABILITY: Readonly<Record<string, number>> = { alpha: 0, beta: 1 };

const rankOf = (version: string): { stability: number; major: number; minor: number } | undefined => {
  const [match, major, stability = '', minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  if (match === undefined) return undefined;
  return { stability: STABILITY[stability] ?? 2, major: Number(major), minor: Number(minor) };
};
