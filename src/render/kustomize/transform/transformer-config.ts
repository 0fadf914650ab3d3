import { readFileSync } from 'node:fs';
import { dataFile } from '../../../objects/schema/schema-file.js';
import { wrapped } from '../errors.js';
import type { Gvk } from '../resources/resource-id.js';
import { compareGvk, sameGvk } from '../resources/resource-id.js';
import type { FieldSpec } from './field-spec.js';
import { compareFieldSpecs, mergeFieldSpecs } from './field-spec.js';

/** Which fields of other kinds hold the names of one kind. */
export interface NameReference extends Partial<Gvk> {
  readonly fieldSpecs: readonly FieldSpec[];
}

export const FIELD_SPEC_LISTS = [
  'namePrefix',
  'nameSuffix',
  'namespace',
  'commonLabels',
  'labels',
  'templateLabels',
  'commonAnnotations',
  'varReference',
  'images',
  'replicas',
] as const;

type FieldSpecList = (typeof FIELD_SPEC_LISTS)[number];

/** Where the transformers look: the built-in table, and what `configurations` and `crds` add. */
export type TransformerConfig = Readonly<Record<FieldSpecList, readonly FieldSpec[]>> & {
  readonly nameReference: readonly NameReference[];
};

export const emptyConfig = (): TransformerConfig => ({
  ...(Object.fromEntries(FIELD_SPEC_LISTS.map((list) => [list, []])) as unknown as Record<FieldSpecList, FieldSpec[]>),
  nameReference: [],
});

let defaults: TransformerConfig | undefined;

export const defaultConfig = (): TransformerConfig => {
  defaults ??= sorted({
    ...emptyConfig(),
    ...(JSON.parse(readFileSync(dataFile('kustomize-field-specs.json'), 'utf8')) as Partial<TransformerConfig>),
  });
  return defaults;
};

export const sorted = (config: TransformerConfig): TransformerConfig => ({
  ...(Object.fromEntries(
    FIELD_SPEC_LISTS.map((list) => [list, config[list].toSorted(compareFieldSpecs)]),
  ) as unknown as Record<FieldSpecList, FieldSpec[]>),
  nameReference: config.nameReference.toSorted(compareGvk),
});

let mergedDefaults: TransformerConfig | undefined;

/**
 * Adds a table to another. Even into an empty one, entries are taken one by one: a path of some kinds that is there
 * already stands for the same path of all kinds.
 */
export const mergeConfigs = (config: TransformerConfig, more: TransformerConfig): TransformerConfig => {
  if (config === more || isEmpty(more)) return config;
  if (more !== defaults) return merged(config, more);
  mergedDefaults ??= merged(emptyConfig(), more);
  return config === mergedDefaults || isEmpty(config) ? mergedDefaults : merged(config, more);
};

const merged = (config: TransformerConfig, more: TransformerConfig): TransformerConfig => {
  const lists = FIELD_SPEC_LISTS.map((list) => {
    try {
      return [list, mergeFieldSpecs(config[list], more[list])];
    } catch (error) {
      throw wrapped(error, `failed to merge ${list} fieldSpec`);
    }
  });
  return sorted({
    ...(Object.fromEntries(lists) as unknown as Record<FieldSpecList, FieldSpec[]>),
    nameReference: mergeReferences(config.nameReference, more.nameReference),
  });
};

const isEmpty = (config: TransformerConfig): boolean =>
  config.nameReference.length === 0 && FIELD_SPEC_LISTS.every((list) => config[list].length === 0);

const mergeReferences = (references: readonly NameReference[], more: readonly NameReference[]): NameReference[] => {
  let result = [...references];
  for (const added of more) {
    let found = false;
    result = result.map((reference) => {
      if (!sameGvk(asGvk(reference), asGvk(added))) return reference;
      found = true;
      return { ...reference, fieldSpecs: mergeFieldSpecs(reference.fieldSpecs, added.fieldSpecs) };
    });
    if (!found) result.push(added);
  }
  return result;
};

const asGvk = (gvk: Partial<Gvk>): Gvk => ({
  group: gvk.group ?? '',
  version: gvk.version ?? '',
  kind: gvk.kind ?? '',
});
