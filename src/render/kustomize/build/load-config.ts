import { KustomizeError, wrapped } from '../errors.js';
import { decode, readConfig } from '../kustomization/decode.js';
import { transformerConfigShape } from '../kustomization/shapes.js';
import type { Loader } from '../load/loader.js';
import { nodeOf } from '../patch/json-patch.js';
import { toData } from '../nodes/write-nodes.js';
import type { TransformerConfig } from '../transform/transformer-config.js';
import { defaultConfig, emptyConfig, mergeConfigs, sorted } from '../transform/transformer-config.js';

/** The built-in table with what the files of `configurations` add. */
export const loadTransformerConfig = async (loader: Loader, paths: readonly string[]): Promise<TransformerConfig> => {
  let config = defaultConfig();
  for (const path of paths) {
    try {
      const value = readConfig(await loader.loadText(path));
      const decoded = decode(value, transformerConfigShape, { strict: true, coerce: true }) ?? {};
      const more = decoded as Partial<TransformerConfig>;
      const references = (more.nameReference ?? []).map((reference) => ({
        ...reference,
        fieldSpecs: reference.fieldSpecs ?? [],
      }));
      config = mergeConfigs(config, sorted({ ...emptyConfig(), ...more, nameReference: references }));
    } catch (error) {
      throw wrapped(error, `configurations: '${path}'`);
    }
  }
  return config;
};

interface CrdProperty {
  readonly $ref?: string;
  readonly [extension: `x-kubernetes-${string}`]: unknown;
}

type CrdTypes = Readonly<
  Record<string, { readonly Schema?: { readonly properties?: Readonly<Record<string, CrdProperty>> } }>
>;

/** What the OpenAPI extensions in the files of `crds` say about names, labels and annotations. */
export const loadCrdConfig = async (loader: Loader, paths: readonly string[]): Promise<TransformerConfig> => {
  let config = emptyConfig();
  for (const path of paths) {
    const text = await loader.loadText(path);
    try {
      const types = toData(nodeOf(readConfig(text)));
      if (typeof types !== 'object' || types === null || Array.isArray(types)) {
        throw new KustomizeError('the file is not a map of types');
      }
      config = mergeConfigs(config, configOfTypes(types as CrdTypes));
    } catch (error) {
      throw wrapped(error, `unable to parse open API definition from '${path}'`);
    }
  }
  return config;
};

const configOfTypes = (types: CrdTypes): TransformerConfig => {
  const config = emptyConfig() as { -readonly [field in keyof TransformerConfig]: TransformerConfig[field][number][] };
  for (const [name, type] of Object.entries(types)) {
    const properties = type?.Schema?.properties ?? {};
    if (!('kind' in properties && 'apiVersion' in properties && 'metadata' in properties)) continue;
    const kind = name.split('.').at(-1) ?? name;
    visitType(types, name, kind, [], config, new Set());
  }
  return config as TransformerConfig;
};

const visitType = (
  types: CrdTypes,
  name: string,
  kind: string,
  path: readonly string[],
  config: { -readonly [field in keyof TransformerConfig]: TransformerConfig[field][number][] },
  seen: ReadonlySet<string>,
): void => {
  if (seen.has(name) || !Object.hasOwn(types, name)) return;
  for (const [property, schema] of Object.entries(types[name]?.Schema?.properties ?? {})) {
    const at = [...path, property];
    const spec = { kind, path: at.join('/') };
    if (typeof schema['x-kubernetes-annotation'] === 'string') config.commonAnnotations.push(spec as never);
    if (typeof schema['x-kubernetes-label-selector'] === 'string') config.commonLabels.push(spec as never);
    if (typeof schema['x-kubernetes-identity'] === 'string') config.namePrefix.push(spec as never);
    const version = schema['x-kubernetes-object-ref-api-version'];
    const target = schema['x-kubernetes-object-ref-kind'];
    if (typeof version === 'string' && typeof target === 'string') {
      const key = schema['x-kubernetes-object-ref-name-key'];
      const nameKey = typeof key === 'string' ? key : 'name';
      const fieldSpecs = [{ kind, path: [...at, nameKey].join('/') }];
      config.nameReference.push({ kind: target, version, fieldSpecs } as never);
    }
    if (schema.$ref !== undefined) visitType(types, schema.$ref, kind, at, config, new Set([...seen, name]));
  }
};
