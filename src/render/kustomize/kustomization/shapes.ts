import type { Shape } from './decode.js';

const strings: Shape = { list: 'string' };
const stringMap: Shape = { map: 'string' };
const gvk = { group: 'string', version: 'string', kind: 'string' } as const;
const id = { ...gvk, name: 'string', namespace: 'string' } as const;

export const fieldSpecShape: Shape = { fields: { ...gvk, path: 'text', create: 'bool' } };

export const selectorShape: Shape = { fields: { ...id, labelSelector: 'string', annotationSelector: 'string' } };

const optionsShape: Shape = {
  fields: { labels: stringMap, annotations: stringMap, disableNameSuffixHash: 'bool', immutable: 'bool' },
};

const metadataShape: Shape = {
  fields: { name: 'string', namespace: 'string', labels: stringMap, annotations: stringMap },
};

const generatorFields = {
  name: 'string',
  namespace: 'string',
  behavior: 'string',
  literals: strings,
  files: strings,
  envs: strings,
  env: 'string',
  options: optionsShape,
} as const;

export const configMapShape = { fields: generatorFields } as const;
export const secretShape = { fields: { ...generatorFields, type: 'string' } } as const;

export const patchShape: Shape = {
  fields: { path: 'string', patch: 'string', target: selectorShape, options: { map: 'bool' } },
};

export const imageShape: Shape = {
  fields: { name: 'string', newName: 'string', tagSuffix: 'string', newTag: 'string', digest: 'string' },
};

export const replicaShape: Shape = { fields: { name: 'string', count: 'int' } };

const fieldOptions: Shape = {
  fields: { delimiter: 'string', index: 'int', encoding: 'string', create: 'bool' },
};

const replacementFields = {
  source: { fields: { ...id, fieldPath: 'string', options: fieldOptions } },
  sourceValue: 'string',
  targets: {
    list: {
      fields: { select: selectorShape, reject: { list: selectorShape }, fieldPaths: strings, options: fieldOptions },
    },
  },
} as const;

export const replacementShape: Shape = { fields: replacementFields };
export const replacementFieldShape: Shape = { fields: { ...replacementFields, path: 'string' } };

const labelShape: Shape = {
  fields: { pairs: stringMap, includeSelectors: 'bool', includeTemplates: 'bool', fields: { list: fieldSpecShape } },
};

const variableShape: Shape = {
  fields: {
    name: 'string',
    objref: { fields: { ...id, apiVersion: 'string' } },
    fieldref: { fields: { fieldPath: 'string' } },
  },
};

export const sortOptionsShape: Shape = {
  fields: { order: 'string', legacySortOptions: { fields: { orderFirst: strings, orderLast: strings } } },
};

export const helmGlobalsFields = { chartHome: 'string', configHome: 'string' } as const;

export const helmChartFields = {
  name: 'string',
  version: 'string',
  repo: 'string',
  releaseName: 'string',
  namespace: 'string',
  additionalValuesFiles: strings,
  valuesFile: 'string',
  valuesInline: 'any',
  valuesMerge: 'string',
  includeCRDs: 'bool',
  skipHooks: 'bool',
  apiVersions: strings,
  kubeVersion: 'string',
  nameTemplate: 'string',
  skipTests: 'bool',
  debug: 'bool',
  devel: 'bool',
} as const;

const oldHelmChartShape: Shape = {
  fields: {
    chartName: 'string',
    chartVersion: 'string',
    chartRepoUrl: 'string',
    chartHome: 'string',
    chartRepoName: 'string',
    helmBin: 'string',
    helmHome: 'string',
    values: 'string',
    valuesLocal: 'any',
    valuesMerge: 'string',
    releaseName: 'string',
    releaseNamespace: 'string',
    extraArgs: strings,
  },
};

export const kustomizationShape: Shape = {
  fields: {
    kind: 'string',
    apiVersion: 'string',
    metadata: metadataShape,
    openapi: stringMap,
    namePrefix: 'string',
    nameSuffix: 'string',
    namespace: 'string',
    commonLabels: stringMap,
    labels: { list: labelShape },
    commonAnnotations: stringMap,
    patchesStrategicMerge: strings,
    patchesJson6902: { list: patchShape },
    patches: { list: patchShape },
    images: { list: imageShape },
    imageTags: { list: imageShape },
    replacements: { list: replacementFieldShape },
    replicas: { list: replicaShape },
    vars: { list: variableShape },
    sortOptions: sortOptionsShape,
    resources: strings,
    components: strings,
    crds: strings,
    bases: strings,
    configMapGenerator: { list: configMapShape },
    secretGenerator: { list: secretShape },
    helmGlobals: { fields: helmGlobalsFields },
    helmCharts: { list: { fields: helmChartFields } },
    helmChartInflationGenerator: { list: oldHelmChartShape },
    generatorOptions: optionsShape,
    configurations: strings,
    generators: strings,
    transformers: strings,
    validators: strings,
    buildMetadata: strings,
  },
};

const specs: Shape = { list: fieldSpecShape };

export const transformerConfigShape: Shape = {
  fields: {
    namePrefix: specs,
    nameSuffix: specs,
    namespace: specs,
    commonLabels: specs,
    labels: specs,
    templateLabels: specs,
    commonAnnotations: specs,
    nameReference: { list: { fields: { ...gvk, fieldSpecs: specs } } },
    varReference: specs,
    images: specs,
    replicas: specs,
  },
};
