import { KustomizeError } from '../errors.js';
import { addNameHashes } from '../generate/name-hash.js';
import type { Shape } from '../kustomization/decode.js';
import { decode } from '../kustomization/decode.js';
import type { PatchArgs } from '../kustomization/kustomization.js';
import {
  fieldSpecShape,
  imageShape,
  replacementFieldShape,
  replicaShape,
  selectorShape,
} from '../kustomization/shapes.js';
import type { Resource } from '../resources/resource.js';
import type { FieldSpec } from '../transform/field-spec.js';
import type { ImageChange } from '../transform/images.js';
import { transformImages } from '../transform/images.js';
import type { ReplicaChange } from '../transform/names-and-labels.js';
import { transformNames, transformReplicas, transformStrings } from '../transform/names-and-labels.js';
import type { SubjectMode } from '../transform/namespace.js';
import { transformNamespace } from '../transform/namespace.js';
import type { Replacement } from '../transform/replacements.js';
import { transformReplacements } from '../transform/replacements.js';
import { toConfigValue } from './config-value.js';
import { requireBuiltin } from './generators.js';
import type { Layer } from './layer.js';
import { json6902Step, mergePatchesStep, patchStep } from './patches.js';
import type { TransformerStep } from './steps.js';
import { loadReplacements } from './load-replacements.js';
import { valueAddStep, valueTargetShape, type ValueTarget } from './value-add.js';

const strings: Shape = { map: 'string' };

/** Every field that any built-in transformer's configuration has; each reads its own. */
const shape: Shape = {
  fields: {
    metadata: { fields: { name: 'string', namespace: 'string' } },
    fieldSpecs: { list: fieldSpecShape },
    annotations: strings,
    labels: strings,
    prefix: 'string',
    suffix: 'string',
    unsetOnly: 'bool',
    setRoleBindingSubjects: 'string',
    path: 'string',
    patch: 'string',
    target: selectorShape,
    options: { map: 'bool' },
    paths: { list: 'string' },
    patches: 'string',
    jsonOp: 'string',
    replica: replicaShape,
    imageTag: imageShape,
    replacements: { list: replacementFieldShape },
    value: 'string',
    targets: { list: valueTargetShape },
    targetFilePath: 'string',
  },
};

interface Config extends PatchArgs {
  readonly metadata?: { readonly namespace?: string };
  readonly fieldSpecs?: readonly FieldSpec[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly unsetOnly?: boolean;
  readonly setRoleBindingSubjects?: string;
  readonly paths?: readonly string[];
  readonly patches?: string;
  readonly jsonOp?: string;
  readonly replica?: ReplicaChange;
  readonly imageTag?: ImageChange;
  readonly replacements?: readonly Replacement[];
  readonly value?: string;
  readonly targets?: readonly ValueTarget[];
  readonly targetFilePath?: string;
}

const SUBJECT_MODES = ['defaultOnly', 'none', 'allServiceAccounts'];

type Make = (config: Config, layer: Layer) => TransformerStep | Promise<TransformerStep>;

const TRANSFORMERS: Readonly<Record<string, Make>> = {
  AnnotationsTransformer: ({ annotations = {}, fieldSpecs = [] }) => ({
    transform: (map) => transformStrings(map, annotations, fieldSpecs),
  }),
  LabelTransformer: ({ labels = {}, fieldSpecs = [] }) => ({
    transform: (map) => transformStrings(map, labels, fieldSpecs),
  }),
  NamespaceTransformer: (config) => namespaceStep(config),
  PrefixTransformer: (config) => affixStep(config, 'prefix'),
  SuffixTransformer: (config) => affixStep(config, 'suffix'),
  PrefixSuffixTransformer: (config) => {
    const steps = [affixStep(config, 'prefix'), affixStep(config, 'suffix')];
    return { transform: (map) => steps.forEach((step) => step.transform(map)) };
  },
  PatchTransformer: async (config, { loader, context }) => await patchStep(config, loader, context),
  PatchStrategicMergeTransformer: async ({ paths = [], patches = '' }, { loader, context }) => {
    if (paths.length === 0 && !patches) throw new KustomizeError('empty file path and empty patch content');
    return await mergePatchesStep(paths, loader, context, patches);
  },
  PatchJson6902Transformer: async (config, { loader }) => {
    const { target, path, jsonOp } = config;
    const args = { ...(target && { target }), ...(path && { path }), ...(jsonOp && { patch: jsonOp }) };
    return await json6902Step(args, loader);
  },
  ReplicaCountTransformer: ({ replica = { count: 0 }, fieldSpecs = [] }) => ({
    transform: (map) => transformReplicas(map, { ...replica, count: replica.count ?? 0 }, fieldSpecs),
  }),
  ImageTagTransformer: ({ imageTag = {}, fieldSpecs = [] }) => ({
    transform: (map) => transformImages(map, imageTag, fieldSpecs),
  }),
  ReplacementTransformer: async ({ replacements = [] }, { loader }) => {
    const loaded = await loadReplacements(replacements, loader);
    return { transform: (map) => transformReplacements(map, loaded) };
  },
  ValueAddTransformer: async (config, { loader }) => await valueAddStep(config, loader),
  HashTransformer: () => ({ transform: addNameHashes }),
};

const namespaceStep = (config: Config): TransformerStep => {
  const { fieldSpecs: specs = [], unsetOnly = false, setRoleBindingSubjects: mode = '' } = config;
  if (mode !== '' && !SUBJECT_MODES.includes(mode)) {
    throw new KustomizeError(
      `invalid value "${mode}" for setRoleBindingSubjects: must be one of "defaultOnly", "none" or "allServiceAccounts"`,
    );
  }
  const subjects = (mode === '' ? 'defaultOnly' : mode) as SubjectMode;
  const namespace = config.metadata?.namespace ?? '';
  return { transform: (map) => transformNamespace(map, { namespace, specs, unsetOnly, subjects }) };
};

const affixStep = ({ prefix = '', suffix = '', fieldSpecs }: Config, where: 'prefix' | 'suffix'): TransformerStep => {
  if (fieldSpecs === undefined) throw new KustomizeError('fieldSpecs is not expected to be nil');
  return { transform: (map) => transformNames(map, where, where === 'prefix' ? prefix : suffix, fieldSpecs) };
};

/** The transformer that a configuration (`apiVersion: builtin`) asks for. */
export const configuredTransformer = async (layer: Layer, resource: Resource): Promise<TransformerStep> => {
  requireBuiltin(resource);
  const make = Object.hasOwn(TRANSFORMERS, resource.kind) ? TRANSFORMERS[resource.kind] : undefined;
  if (make === undefined) throw new KustomizeError(`unable to load builtin ${resource.kind}: it is not a transformer`);
  const config = (decode(toConfigValue(resource.node), shape, { strict: false, coerce: true }) ?? {}) as Config;
  return await make(config, layer);
};
