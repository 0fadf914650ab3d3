import type { Kustomization } from '../kustomization/kustomization.js';
import type { Origin } from '../resources/origin.js';
import type { Resource } from '../resources/resource.js';
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
  const add = (kind: string, ...added: TransformerStep[]): void => {
    for (const step of added) steps.push({ ...step, ...builtinOrigin(origin, layer.fileName, kind) });
  };
  if ((k.patchesStrategicMerge ?? []).length > 0) {
    add('PatchStrategicMergeTransformer', await mergePatchesStep(k.patchesStrategicMerge ?? [], loader, context));
  }
  for (const patch of k.patches ?? []) add('PatchTransformer', await patchStep(patch, loader, context));
  const { namespace = '', namePrefix = '', nameSuffix = '', commonAnnotations = {} } = k;
  if (namespace !== '') {
    add('NamespaceTransformer', {
      transform: (map) => transformNamespace(map, { namespace, specs: config.namespace }),
    });
  }
  if (namePrefix !== '') {
    add('PrefixTransformer', { transform: (map) => transformNames(map, 'prefix', namePrefix, config.namePrefix) });
  }
  if (nameSuffix !== '') {
    add('SuffixTransformer', { transform: (map) => transformNames(map, 'suffix', nameSuffix, config.nameSuffix) });
  }
  add('LabelTransformer', ...labelSteps(k, config));
  if (Object.keys(commonAnnotations).length > 0) {
    add('AnnotationsTransformer', {
      transform: (map) => transformStrings(map, commonAnnotations, config.commonAnnotations),
    });
  }
  for (const patch of k.patchesJson6902 ?? []) add('PatchJson6902Transformer', await json6902Step(patch, loader));
  for (const replica of k.replicas ?? []) {
    add('ReplicaCountTransformer', { transform: (map) => transformReplicas(map, replica, config.replicas) });
  }
  for (const image of k.images ?? []) {
    add('ImageTagTransformer', { transform: (map) => transformImages(map, image, config.images) });
  }
  if ((k.replacements ?? []).length > 0) {
    const replacements = await loadReplacements(k.replacements ?? [], loader);
    add('ReplacementTransformer', { transform: (map) => transformReplacements(map, replacements) });
  }
  return steps;
};

const labelSteps = (k: Kustomization, config: TransformerConfig): TransformerStep[] => {
  const { labels = [], commonLabels = {} } = k;
  if (labels.length === 0 && Object.keys(commonLabels).length === 0) return [];
  const steps = labels.map(({ pairs = {}, fields = [], includeSelectors, includeTemplates }): TransformerStep => {
    let specs = mergeFieldSpecs(fields, config.labels);
    if (includeSelectors === true) specs = mergeFieldSpecs(specs, config.commonLabels);
    else {
      if (includeTemplates === true) specs = mergeFieldSpecs(specs, config.templateLabels);
      specs = mergeFieldSpecs(specs, [{ path: 'metadata/labels', create: true }]);
    }
    return { transform: (map) => transformStrings(map, pairs, specs) };
  });
  return [...steps, { transform: (map) => transformStrings(map, commonLabels, config.commonLabels) }];
};

/** Transformers with configurations of their own. */
export const configuredTransformers = async (
  layer: Layer,
  configs: readonly Resource[],
): Promise<TransformerStep[]> => {
  const steps: TransformerStep[] = [];
  for (const config of configs)
    steps.push({ ...(await configuredTransformer(layer, config)), ...configuredOrigin(config) });
  return steps;
};
