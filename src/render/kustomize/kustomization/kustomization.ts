import type { Selector } from '../resources/selector.js';
import type { FieldSpec } from '../transform/field-spec.js';
import type { ImageChange } from '../transform/images.js';
import type { ReplicaChange } from '../transform/names-and-labels.js';
import type { Replacement } from '../transform/replacements.js';
import type { SortOptions } from '../transform/sort-order.js';
import type { Variable } from '../transform/variables.js';
import { KustomizeError, wrapped } from '../errors.js';
import { decode, readConfig } from './decode.js';
import { kustomizationShape } from './shapes.js';

type Strings = Readonly<Record<string, string>>;

export interface GeneratorOptions {
  readonly labels?: Strings;
  readonly annotations?: Strings;
  readonly disableNameSuffixHash?: boolean;
  readonly immutable?: boolean;
}

export interface GeneratorArgs {
  readonly name?: string;
  readonly namespace?: string;
  readonly behavior?: string;
  readonly literals?: readonly string[];
  readonly files?: readonly string[];
  readonly envs?: readonly string[];
  readonly env?: string;
  readonly options?: GeneratorOptions;
  /** Of a Secret. */
  readonly type?: string;
}

export interface PatchArgs {
  readonly path?: string;
  readonly patch?: string;
  readonly target?: Selector;
  readonly options?: Readonly<Record<string, boolean>>;
}

export interface HelmChartArgs {
  readonly name?: string;
  readonly version?: string;
  readonly repo?: string;
  readonly devel?: boolean;
  readonly releaseName?: string;
  readonly namespace?: string;
  readonly additionalValuesFiles?: readonly string[];
  readonly valuesFile?: string;
  readonly valuesInline?: Readonly<Record<string, unknown>>;
  readonly valuesMerge?: string;
  readonly includeCRDs?: boolean;
  readonly skipHooks?: boolean;
  readonly apiVersions?: readonly string[];
  readonly kubeVersion?: string;
  readonly nameTemplate?: string;
  readonly skipTests?: boolean;
}

/** A kustomization file, older field names already replaced. */
export interface Kustomization {
  readonly kind: string;
  readonly apiVersion: string;
  readonly openapi?: Strings;
  readonly namePrefix?: string;
  readonly nameSuffix?: string;
  readonly namespace?: string;
  readonly commonLabels?: Strings;
  readonly labels?: readonly {
    readonly pairs?: Strings;
    readonly includeSelectors?: boolean;
    readonly includeTemplates?: boolean;
    readonly fields?: readonly FieldSpec[];
  }[];
  readonly commonAnnotations?: Strings;
  readonly patchesStrategicMerge?: readonly string[];
  readonly patchesJson6902?: readonly PatchArgs[];
  readonly patches?: readonly PatchArgs[];
  readonly images?: readonly ImageChange[];
  readonly replacements?: readonly (Replacement & { readonly path?: string })[];
  readonly replicas?: readonly ReplicaChange[];
  readonly vars?: readonly Variable[];
  readonly sortOptions?: SortOptions;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly crds?: readonly string[];
  readonly configMapGenerator?: readonly GeneratorArgs[];
  readonly secretGenerator?: readonly GeneratorArgs[];
  readonly helmGlobals?: { readonly chartHome?: string; readonly configHome?: string };
  readonly helmCharts?: readonly HelmChartArgs[];
  readonly generatorOptions?: GeneratorOptions;
  readonly configurations?: readonly string[];
  readonly generators?: readonly string[];
  readonly transformers?: readonly string[];
  readonly validators?: readonly string[];
  readonly buildMetadata?: readonly string[];
}

interface OldFields {
  readonly bases?: readonly string[];
  readonly imageTags?: readonly ImageChange[];
  readonly helmChartInflationGenerator?: readonly Record<string, unknown>[];
}

const KIND = 'Kustomization';
const COMPONENT = 'Component';
const API_VERSIONS: Readonly<Record<string, string>> = {
  [KIND]: 'kustomize.config.k8s.io/v1beta1',
  [COMPONENT]: 'kustomize.config.k8s.io/v1alpha1',
};

export interface ReadKustomization {
  readonly kustomization: Kustomization;
  readonly warnings: readonly string[];
}

/** Reads and checks a kustomization file. Throws KustomizeError. */
export const readKustomization = (text: string, folder: string): ReadKustomization => {
  let raw: Partial<Kustomization> & OldFields;
  try {
    const value = readConfig(text);
    raw = (decode(value, kustomizationShape, { strict: true, coerce: false }) ?? {}) as Partial<Kustomization> &
      OldFields;
  } catch (error) {
    throw wrapped(error, 'invalid Kustomization');
  }
  const warnings = deprecations(raw as Readonly<Record<string, unknown>>);
  if (Object.entries(raw).every(([field, value]) => isNothing(field, value))) {
    throw new KustomizeError('kustomization.yaml is empty');
  }
  const kind = raw.kind || KIND;
  const problems: string[] = [];
  if (kind !== KIND && kind !== COMPONENT) problems.push(`kind should be ${KIND} or ${COMPONENT}`);
  const apiVersion = raw.apiVersion || (API_VERSIONS[kind] ?? API_VERSIONS[KIND] ?? '');
  const required = kind === COMPONENT ? API_VERSIONS[COMPONENT] : API_VERSIONS[KIND];
  if (apiVersion !== required) problems.push(`apiVersion for ${kind} should be ${required}`);
  if (problems.length > 0) {
    throw new KustomizeError(`Failed to read kustomization file under ${folder}:\n${problems.join('\n')}`);
  }
  return { kustomization: { ...fixed(raw), kind, apiVersion }, warnings };
};

/** Whether a field leaves a kustomization as empty as it is without: older fields go into others before that is asked. */
const isNothing = (field: string, value: unknown): boolean =>
  field === 'kind' ||
  field === 'apiVersion' ||
  value === '' ||
  (OLD_LISTS.includes(field) && Array.isArray(value) && value.length === 0);

const OLD_LISTS: readonly string[] = ['bases', 'imageTags', 'helmChartInflationGenerator'];

/** Older fields under their present names. */
const fixed = (raw: Partial<Kustomization> & OldFields): Omit<Kustomization, 'kind' | 'apiVersion'> => {
  const { bases = [], imageTags = [], helmChartInflationGenerator = [], ...rest } = raw;
  const withEnv = (args: readonly GeneratorArgs[] | undefined): readonly GeneratorArgs[] =>
    (args ?? []).map(({ env, ...generator }) =>
      env ? { ...generator, envs: [...(generator.envs ?? []), env] } : generator,
    );
  const charts = helmChartInflationGenerator as readonly Readonly<Record<string, never>>[];
  const chartHome = charts.findLast((chart) => chart['chartHome'])?.['chartHome'];
  const configHome = charts.findLast((chart) => chart['helmHome'])?.['helmHome'];
  const globals = {
    ...(chartHome === undefined ? {} : { chartHome }),
    ...(configHome === undefined ? {} : { configHome }),
  };
  return {
    ...rest,
    ...(rest.helmGlobals === undefined && Object.keys(globals).length > 0 ? { helmGlobals: globals } : {}),
    resources: [...(rest.resources ?? []), ...bases],
    images: [...(rest.images ?? []), ...imageTags],
    configMapGenerator: withEnv(rest.configMapGenerator),
    secretGenerator: withEnv(rest.secretGenerator),
    helmCharts: [...(rest.helmCharts ?? []), ...charts.map(chartOf)],
  };
};

const chartOf = (old: Readonly<Record<string, never>>): HelmChartArgs => {
  const pairs = [
    ['name', old['chartName']],
    ['version', old['chartVersion']],
    ['repo', old['chartRepoUrl']],
    ['valuesFile', old['values']],
    ['valuesInline', old['valuesLocal']],
    ['valuesMerge', old['valuesMerge']],
    ['releaseName', old['releaseName']],
  ] as const;
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
};

const FIX = "Run 'kustomize edit fix' to update your Kustomization automatically.";
const DEPRECATED: readonly (readonly [field: string, use: string])[] = [
  ['bases', 'resources'],
  ['commonLabels', 'labels'],
  ['imageTags', 'images'],
  ['patchesJson6902', 'patches'],
  ['patchesStrategicMerge', 'patches'],
  ['vars', 'replacements'],
];

const deprecations = (raw: Readonly<Record<string, unknown>>): string[] =>
  DEPRECATED.filter(([field]) => raw[field] !== undefined).map(
    ([field, use]) =>
      `# Warning: '${field}' is deprecated. Please use '${use}' instead. ${field === 'vars' ? '[EXPERIMENTAL] ' : ''}${FIX}`,
  );
