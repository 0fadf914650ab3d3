import { KustomizeError, wrapped } from '../errors.js';
import { generateData, mergeGeneratorOptions } from '../generate/generate-data.js';
import { decode } from '../kustomization/decode.js';
import type { GeneratorArgs, HelmChartArgs } from '../kustomization/kustomization.js';
import { configMapShape, helmChartFields, helmGlobalsFields, secretShape } from '../kustomization/shapes.js';
import type { Origin } from '../resources/origin.js';
import { readResources } from '../resources/read-resources.js';
import type { Resource } from '../resources/resource.js';
import { toConfigValue } from './config-value.js';
import type { Layer } from './layer.js';
import { builtinOrigin, configuredOrigin, type GeneratorStep } from './steps.js';

/** The generators that the fields of a kustomization ask for, in the order in which Kustomize runs them. */
export const builtinGenerators = async (layer: Layer, origin: Origin | undefined): Promise<GeneratorStep[]> => {
  const { kustomization, fileName } = layer;
  const data = (kind: 'ConfigMap' | 'Secret', field: string, list: readonly GeneratorArgs[] = []): GeneratorStep[] =>
    list.map((args) => ({
      generate: async () => {
        const options = mergeGeneratorOptions(args.options, kustomization.generatorOptions);
        try {
          return [await generateData(kind, { ...args, options }, layer.loader)];
        } catch (error) {
          throw wrapped(error, `${field} '${args.name ?? ''}'`);
        }
      },
      field: `${field} '${args.name ?? ''}'`,
      ...builtinOrigin(origin, fileName, `${kind}Generator`),
    }));
  const charts = (kustomization.helmCharts ?? []).map((chart) => {
    requireHelm(layer, chart);
    return {
      generate: async () => await inflate(layer, chart, kustomization.helmGlobals ?? {}),
      ...builtinOrigin(origin, fileName, 'HelmChartInflationGenerator'),
    };
  });
  return await Promise.resolve([
    ...data('ConfigMap', 'configMapGenerator', kustomization.configMapGenerator),
    ...data('Secret', 'secretGenerator', kustomization.secretGenerator),
    ...charts,
  ]);
};

const requireHelm = (layer: Layer, chart: HelmChartArgs): void => {
  if (layer.context.inflateChart === undefined) throw new KustomizeError('must specify --enable-helm');
  if (!chart.name) throw new KustomizeError('chart name cannot be empty');
  if (chart.valuesMerge && !['merge', 'override', 'replace'].includes(chart.valuesMerge)) {
    throw new KustomizeError('valuesMerge must be one of [merge override replace]');
  }
};

const inflate = async (layer: Layer, chart: HelmChartArgs, globals: { chartHome?: string }): Promise<Resource[]> => {
  const { inflateChart, signal } = layer.context;
  if (inflateChart === undefined) throw new KustomizeError('must specify --enable-helm');
  try {
    return readResources(await inflateChart(layer.loader, chart, globals, signal));
  } catch (error) {
    throw wrapped(error, `helmCharts '${chart.name ?? ''}'`);
  }
};

/** Generators with configurations of their own. */
export const configuredGenerators = async (layer: Layer, configs: readonly Resource[]): Promise<GeneratorStep[]> =>
  await Promise.resolve(
    configs.map((config) => ({ generate: configuredGenerator(layer, config), ...configuredOrigin(config) })),
  );

const configuredGenerator = (layer: Layer, config: Resource): (() => Promise<Resource[]>) => {
  requireBuiltin(config);
  const value = toConfigValue(config.node);
  const options = { strict: false, coerce: true };
  switch (config.kind) {
    case 'ConfigMapGenerator':
    case 'SecretGenerator': {
      const isSecret = config.kind === 'SecretGenerator';
      const args = (decode(value, isSecret ? secretShape : configMapShape, options) ?? {}) as GeneratorArgs;
      const named = { ...args, name: args.name || config.name, namespace: args.namespace || config.namespace };
      return async () => [await generateData(isSecret ? 'Secret' : 'ConfigMap', named, layer.loader)];
    }
    case 'HelmChartInflationGenerator': {
      const shape = { fields: { ...helmChartFields, ...helmGlobalsFields } };
      const args = (decode(value, shape, options) ?? {}) as HelmChartArgs & { chartHome?: string };
      requireHelm(layer, args);
      return async () => await inflate(layer, args, args);
    }
    case 'IAMPolicyGenerator':
      return async () => await Promise.resolve([iamServiceAccount(value)]);
    default:
      throw new KustomizeError(`unable to load builtin ${config.kind}: it is not a generator`);
  }
};

/** Nothing from a repository is executed: only what Kustomize itself carries can be configured. */
export const requireBuiltin = (config: Resource): void => {
  if (config.apiVersion !== 'builtin') {
    throw new KustomizeError(
      `external plugins disabled; unable to load external plugin '${config.kind}': functions, executables and Starlark are never run`,
      config.file === '' ? undefined : config.file,
    );
  }
};

const iamShape = {
  fields: {
    cloud: 'string',
    kubernetesService: { fields: { name: 'string', namespace: 'string' } },
    serviceAccount: { fields: { name: 'string', projectId: 'string' } },
  },
} as const;

const iamServiceAccount = (value: ReturnType<typeof toConfigValue>): Resource => {
  const args = (decode(value, iamShape, { strict: false, coerce: true }) ?? {}) as {
    cloud?: string;
    kubernetesService?: { name?: string; namespace?: string };
    serviceAccount?: { name?: string; projectId?: string };
  };
  if (args.cloud !== 'gke') throw new KustomizeError(`cloud provider ${args.cloud ?? ''} not supported yet`);
  const { kubernetesService = {}, serviceAccount = {} } = args;
  const account = `${serviceAccount.name ?? ''}@${serviceAccount.projectId ?? ''}.iam.gserviceaccount.com`;
  const namespace = kubernetesService.namespace ? `\n  namespace: ${kubernetesService.namespace}` : '';
  const [resource] = readResources(
    `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  annotations:\n    iam.gke.io/gcp-service-account: ${account}\n  name: ${kubernetesService.name ?? ''}${namespace}\n`,
  );
  if (resource === undefined) throw new KustomizeError('the IAM policy generator made nothing');
  return resource;
};
