import { wrapped } from '../errors.js';
import type { Kustomization } from '../kustomization/kustomization.js';
import type { Origin } from '../resources/origin.js';
import type { Resource } from '../resources/resource.js';
import type { ResourceMap } from '../resources/resource-map.js';
import { mergeFieldSpecs } from '../transform/field-spec.js';
import { transformImages } from '../transform/images.js';
import { transformNames, transformReplicas, transformStrings } from '../transform/names-and-labels.js';
import { transformNamespace } from '../transform/namespace.js';
import { transformReplacements } from '../transform/replacements.js';
import type { TransformerConfig } from '../transform/transformer-config.js';
import { configuredTransformer } from './configured-transformer.js';
import type { Layer } from './layer.js';
import { loadReplacements } from './load-replacements.js';
import { json6902Step, mergePatchesStep, patchStep } from './patches.js';
import { builtinOrigin, configuredOrigin, type TransformerStep } from './steps.js';

/** The transformers that the fields of a kustomization ask for, in the order in which Kustomize runs them. */
export const builtinTransformers = async (
  layer: Layer,
  config: TransformerConfig,
  origin: Origin | undefined,
): Promise<TransformerStep[]> => {
  const { kustomization: k, loader, context } = layer;
  const steps: TransformerStep[] = [];
  const add = async (
    kind: string,
    field: string,
    make: () => TransformerStep['transform'] | Promise<TransformerStep>,
  ): Promise<void> => {
    try {
      const made = await make();
      const step = typeof made === 'function' ? { transform: made } : made;
      steps.push({ ...step, ...(field === '' ? {} : { field }), ...builtinOrigin(origin, layer.fileName, kind) });
    } catch (error) {
      throw wrapped(error, field);
    }
  };
  const addAll = async <T>(
    kind: string,
    field: string,
    list: readonly T[] | undefined,
    make: (entry: T) => TransformerStep['transform'] | Promise<TransformerStep>,
  ): Promise<void> => {
    for (const [at, entry] of (list ?? []).entries()) await add(kind, `${field}[${at}]`, () => make(entry));
  };
  const merges = k.patchesStrategicMerge ?? [];
  if (merges.length > 0) {
    await add(
      'PatchStrategicMergeTransformer',
      'patchesStrategicMerge',
      async () => await mergePatchesStep(merges, loader, context),
    );
  }
  await addAll('PatchTransformer', 'patches', k.patches, async (patch) => await patchStep(patch, loader, context));
  const { namespace = '', namePrefix = '', nameSuffix = '', commonAnnotations = {} } = k;
  if (namespace !== '') {
    await add('NamespaceTransformer', 'namespace', () => (map) => {
      transformNamespace(map, { namespace, specs: config.namespace });
    });
  }
  if (namePrefix !== '') {
    await add('PrefixTransformer', 'namePrefix', () => (map) => {
      transformNames(map, 'prefix', namePrefix, config.namePrefix);
    });
  }
  if (nameSuffix !== '') {
    await add('SuffixTransformer', 'nameSuffix', () => (map) => {
      transformNames(map, 'suffix', nameSuffix, config.nameSuffix);
    });
  }
  for (const { field, transform } of labelSteps(k, config)) await add('LabelTransformer', field, () => transform);
  if (Object.keys(commonAnnotations).length > 0) {
    await add('AnnotationsTransformer', 'commonAnnotations', () => (map) => {
      transformStrings(map, commonAnnotations, config.commonAnnotations);
    });
  }
  await addAll(
    'PatchJson6902Transformer',
    'patchesJson6902',
    k.patchesJson6902,
    async (patch) => await json6902Step(patch, loader),
  );
  await addAll('ReplicaCountTransformer', 'replicas', k.replicas, (replica) => (map) => {
    transformReplicas(map, replica, config.replicas);
  });
  await addAll('ImageTagTransformer', 'images', k.images, (image) => (map) => {
    transformImages(map, image, config.images);
  });
  if ((k.replacements ?? []).length > 0) {
    const replacements = await loadReplacements(k.replacements ?? [], loader);
    await add('ReplacementTransformer', '', () => (map) => transformReplacements(map, replacements));
  }
  return steps;
};

interface LabelStep {
  readonly field: string;
  readonly transform: TransformerStep['transform'];
}

const labelSteps = (k: Kustomization, config: TransformerConfig): LabelStep[] => {
  const { labels = [], commonLabels = {} } = k;
  if (labels.length === 0 && Object.keys(commonLabels).length === 0) return [];
  const steps = labels.map(({ pairs = {}, fields = [], includeSelectors, includeTemplates }, at): LabelStep => {
    let specs = mergeFieldSpecs(fields, config.labels);
    if (includeSelectors === true) specs = mergeFieldSpecs(specs, config.commonLabels);
    else {
      if (includeTemplates === true) specs = mergeFieldSpecs(specs, config.templateLabels);
      specs = mergeFieldSpecs(specs, [{ path: 'metadata/labels', create: true }]);
    }
    return { field: `labels[${at}]`, transform: (map) => transformStrings(map, pairs, specs) };
  });
  const transform = (map: ResourceMap): void => transformStrings(map, commonLabels, config.commonLabels);
  return [...steps, { field: 'commonLabels', transform }];
};

/** Transformers with configurations of their own. */
export const configuredTransformers = async (
  layer: Layer,
  configs: readonly Resource[],
): Promise<TransformerStep[]> => {
  const steps: TransformerStep[] = [];
  for (const config of configs) {
    const field = `${config.kind} '${config.name}'`;
    try {
      steps.push({ ...(await configuredTransformer(layer, config)), field, ...configuredOrigin(config) });
    } catch (error) {
      throw wrapped(error, field);
    }
  }
  return steps;
};
