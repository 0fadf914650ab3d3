import { isRecord, jsonEquals } from '../../../objects/json.js';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import { dns1035Label, dns1123Subdomain } from '../../../objects/names.js';
import { internalVersions } from '../custom-resources/internal-form.js';
import { correlationErrors, setItemErrors, SCHEMA_TYPES, STRICT } from '../custom-resources/schema-problems.js';
import { someSchema, typeOf, type StructuralSchema } from '../custom-resources/structural-schema.js';
import { child, invalid, item, keyed, required, type FieldError } from '../field-errors.js';
import { APPROVED, approvalOf } from '../custom-resources/approval.js';
import { conversionErrors } from './definition-conversion.js';
import {
  columnErrors,
  deprecationErrors,
  schemaOf,
  selectableErrors,
  sharedParts,
  subresourceErrors,
  versionSchemaErrors,
  type VersionLeniency,
  type VersionParts,
} from './definition-versions.js';
import { each, immutable, requiredOneOf } from './rules.js';
import { authorityErrors } from './webhook-address.js';

/** What is held against a definition. */
interface Strictness {
  readonly leniency: VersionLeniency;
  readonly demandsSchemas: boolean;
  readonly checksAuthorities: boolean;
}

const NEW: Strictness = {
  leniency: { ...STRICT, unchanged: new Set(), keepsSelectable: new Set() },
  demandsSchemas: true,
  checksAuthorities: false,
};

export const validateDefinition = (definition: CustomResourceDefinition): FieldError[] => {
  const { metadata, spec, status } = definition;
  const expected = `${spec.names?.plural ?? ''}.${spec.group ?? ''}`;
  return [
    ...(metadata.name === expected || (metadata.name ?? '') === ''
      ? []
      : [invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...validateSpec(spec, NEW),
    ...validateStoredVersions(status?.storedVersions, spec.versions ?? []),
    ...validateApproval(definition),
    ...validatePreservation(spec),
  ];
};

const isEstablished = ({ status }: CustomResourceDefinition): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === 'Established' && condition.status === 'True');

export const validateDefinitionUpdate = (
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] => {
  const { spec } = definition;
  const established = isEstablished(old);
  return [
    ...validateSpec(spec, leniencyAfter(definition, old)),
    ...(established ? immutable('spec.scope', spec.scope, old.spec.scope) : []),
    ...(established ? immutable('spec.names.kind', spec.names?.kind, old.spec.names?.kind) : []),
    ...immutable('spec.group', spec.group, old.spec.group),
    ...immutable('spec.names.plural', spec.names?.plural, old.spec.names?.plural),
    ...validateStoredVersions(withStorage(old.status?.storedVersions ?? [], spec.versions ?? []), spec.versions ?? []),
    ...(approvalOf(definition)?.state === approvalOf(old)?.state ? [] : validateApproval(definition)),
    ...(old.spec.preserveUnknownFields === true ? [] : validatePreservation(spec)),
  ];
};

const leniencyAfter = (definition: CustomResourceDefinition, old: CustomResourceDefinition): Strictness => {
  const [versions, before] = [definition.spec.versions ?? [], old.spec.versions ?? []];
  const oldSchemas = before.map(schemaOf);
  const had = (test: (schema: StructuralSchema) => boolean): boolean =>
    oldSchemas.some((schema) => schema !== undefined && someSchema(schema, test));
  const same = (test: (now: CustomResourceDefinitionVersion, then: CustomResourceDefinitionVersion) => boolean) =>
    new Set(
      versions.flatMap((now) => {
        const then = before.find(({ name }) => name === now.name);
        return then !== undefined && test(now, then) ? [now.name] : [];
      }),
    );
  const bundle = old.spec.conversion?.webhook?.clientConfig?.caBundle;
  return {
    demandsSchemas: oldSchemas.every((schema) => schema !== undefined),
    checksAuthorities: isEstablished(old) && authorityErrors('', bundle).length === 0,
    leniency: {
      keepsTypes: had((schema) => typeOf(schema) !== '' && !SCHEMA_TYPES.includes(typeOf(schema))),
      keepsSets: had((schema) => setItemErrors(schema, '').length > 0),
      keepsKeys: had((schema) => correlationErrors(schema, '').length > 0),
      unchanged: same((now, then) => jsonEquals(now.schema ?? null, then.schema ?? null)),
      keepsSelectable: same(
        (now, then) =>
          (then.selectableFields ?? []).length > 8 &&
          jsonEquals(now.selectableFields ?? null, then.selectableFields ?? null),
      ),
    },
  };
};

const validatePreservation = ({ preserveUnknownFields }: CustomResourceDefinitionSpec): FieldError[] => {
  if (preserveUnknownFields !== true) return [];
  const why = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [invalid('spec.preserveUnknownFields', true, why)];
};

/** Groups of the Kubernetes project are its own to give away. */
const validateApproval = (definition: CustomResourceDefinition): FieldError[] => {
  const approval = approvalOf(definition);
  const field = keyed('metadata.annotations', APPROVED);
  if (approval?.state === 'missing') return [required(field, approval.message)];
  if (approval?.state !== 'invalid') return [];
  return [invalid(field, definition.metadata.annotations?.[APPROVED], approval.message)];
};

const withStorage = (
  stored: readonly string[],
  versions: readonly CustomResourceDefinitionVersion[],
): readonly string[] => {
  const storage = versions.find((version) => version.storage)?.name;
  return storage === undefined || stored.includes(storage) ? stored : [...stored, storage];
};

/** Objects may still be stored in every version that was ever the one for storage. */
const validateStoredVersions = (
  stored: readonly string[] | undefined,
  versions: readonly CustomResourceDefinitionVersion[],
): FieldError[] => {
  const field = 'status.storedVersions';
  if (stored === undefined || stored.length === 0)
    return [invalid(field, stored ?? null, 'must have at least one stored version')];
  return [
    ...versions.flatMap(({ name, storage }, index) =>
      storage && (!stored.includes(name) || versions.findIndex((each) => each.name === name) < index)
        ? [invalid(field, stored, `must have the storage version ${name}`)]
        : [],
    ),
    ...each(field, stored, (name, path) => {
      if (versions.some((version) => version.name === name)) return [];
      const why = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
      return [invalid(path, name, why)];
    }),
  ];
};

const validateSpec = (spec: CustomResourceDefinitionSpec, strictness: Strictness): FieldError[] => {
  const versions = spec.versions ?? [];
  const { names, conversion, preserveUnknownFields } = spec;
  return [
    ...validateGroup(spec.group),
    ...requiredOneOf('spec.scope', spec.scope, ['Cluster', 'Namespaced']),
    ...validateSchemasThere(versions, strictness),
    ...(preserveUnknownFields === true && versions.some(hasDefault)
      ? [invalid('spec.preserveUnknownFields', true, 'must be false in order to use defaults in the schema')]
      : []),
    ...validateVersions(spec.versions, names, strictness),
    ...(conversion !== undefined && conversion.strategy !== 'None' && preserveUnknownFields === true
      ? [
          invalid(
            'spec.conversion.strategy',
            conversion.strategy ?? '',
            'must be None if spec.preserveUnknownFields is true',
          ),
        ]
      : []),
    ...conversionErrors(conversion, strictness.checksAuthorities),
  ];
};

const hasDefault = (version: CustomResourceDefinitionVersion): boolean => {
  const schema = schemaOf(version);
  return schema !== undefined && someSchema(schema, (each) => each['default'] !== undefined);
};

const validateGroup = (group: string | undefined): FieldError[] => {
  if (group === undefined || group === '') return [required('spec.group')];
  const errors = dns1123Subdomain(group);
  if (errors.length > 0) return [invalid('spec.group', group, errors.join(','))];
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')];
};

const validateSchemasThere = (
  versions: readonly CustomResourceDefinitionVersion[],
  { demandsSchemas }: Strictness,
): FieldError[] =>
  versions.flatMap((version, index) => {
    if (isRecord(schemaOf(version)) || (!demandsSchemas && !version.served)) return [];
    const why = demandsSchemas ? '' : 'because otherwise all fields are pruned';
    return [required(`${item('spec.versions', index)}.schema.openAPIV3Schema`, why)];
  });

const labelErrors = (field: string, value: string, mixesCase = false): FieldError[] => {
  const errors = dns1035Label(mixesCase ? value.toLowerCase() : value);
  if (value === '' || errors.length === 0) return [];
  const prefix = mixesCase ? 'may have mixed case, but should otherwise match: ' : '';
  return [invalid(field, value, prefix + errors.join(','))];
};

const nameErrors = (field: string, name: string): FieldError[] => {
  const errors = dns1035Label(name);
  return errors.length === 0 ? [] : [invalid(field, name, errors.join(','))];
};

const hasStatus = ({ subresources }: CustomResourceDefinitionVersion): boolean => subresources?.status !== undefined;

interface VersionsReview {
  readonly versions: readonly CustomResourceDefinitionVersion[];
  readonly shared: VersionParts;
  readonly leniency: VersionLeniency;
}

const schemaErrorsOf = (
  { leniency }: VersionsReview,
  version: CustomResourceDefinitionVersion,
  path: string,
  withStatus: boolean,
): FieldError[] => {
  const schema = schemaOf(version);
  const limitsRules = !leniency.unchanged.has(version.name);
  if (schema === undefined) return [];
  return versionSchemaErrors(schema, path, { hasStatus: withStatus, limitsRules, leniency });
};

/** What is said of each version where they differ. */
const validateEach = (review: VersionsReview): FieldError[] => {
  const { versions, shared, leniency } = review;
  return each('spec.versions', versions, (version, path) => [
    ...nameErrors(child(path, 'name'), version.name ?? ''),
    ...deprecationErrors(version, path),
    ...(shared.schema
      ? []
      : schemaErrorsOf(review, version, child(path, 'schema.openAPIV3Schema'), hasStatus(version))),
    ...(shared.subresources ? [] : subresourceErrors(version.subresources ?? {}, child(path, 'subresources'))),
    ...(shared.columns
      ? []
      : each(child(path, 'additionalPrinterColumns'), version.additionalPrinterColumns, columnErrors)),
    ...(shared.selectable
      ? []
      : selectableErrors(version, child(path, 'selectableFields'), {
          isShared: false,
          seesSchema: !shared.schema,
          keepsMany: leniency.keepsSelectable.has(version.name),
        })),
  ]);
};

/** What all versions have alike is said once, of `spec.validation`, `spec.subresources` and so on. */
const validateShared = (review: VersionsReview): FieldError[] => {
  const { versions, shared, leniency } = review;
  const [first] = versions;
  if (first === undefined) return [];
  return [
    ...(shared.schema
      ? schemaErrorsOf(review, first, 'spec.validation.openAPIV3Schema', versions.some(hasStatus))
      : []),
    ...(shared.subresources ? subresourceErrors(first.subresources ?? {}, 'spec.subresources') : []),
    ...(shared.columns ? each('spec.additionalPrinterColumns', first.additionalPrinterColumns, columnErrors) : []),
    ...(shared.selectable
      ? selectableErrors(first, 'spec.selectableFields', {
          isShared: true,
          seesSchema: shared.schema,
          keepsMany: leniency.keepsSelectable.has(first.name),
        })
      : []),
  ];
};

const validateVersions = (
  given: readonly CustomResourceDefinitionVersion[] | undefined,
  specNames: CustomResourceDefinitionNames | undefined,
  { leniency }: Strictness,
): FieldError[] => {
  const field = 'spec.versions';
  const versions = given ?? [];
  const shared = sharedParts(versions);
  const review = { versions, shared, leniency };
  const names = versions.map(({ name }) => name);
  const shown = internalVersions(
    given?.map((version) => ({
      ...version,
      ...(shared.schema ? { schema: undefined } : {}),
      ...(shared.subresources ? { subresources: undefined } : {}),
      ...(shared.columns ? { additionalPrinterColumns: undefined } : {}),
      ...(shared.selectable ? { selectableFields: undefined } : {}),
    })),
  );
  const first = versions[0]?.name ?? '';
  return [
    ...validateEach(review),
    ...(new Set(names).size === names.length ? [] : [invalid(field, shown, 'must contain unique version names')]),
    ...(versions.filter(({ storage }) => storage).length === 1
      ? []
      : [invalid(field, shown, 'must have exactly one version marked as storage version')]),
    ...(first === '' ? [] : nameErrors('spec.version', first)),
    ...(['plural', 'singular', 'kind', 'listKind'] as const).flatMap((name) =>
      (specNames?.[name] ?? '') === '' ? [required(child('spec.names', name))] : [],
    ),
    ...validateNames('spec.names', specNames),
    ...validateShared(review),
  ];
};

const validateNames = (field: string, names: CustomResourceDefinitionNames | undefined): FieldError[] => {
  const { plural = '', singular = '', kind = '', listKind = '', shortNames, categories } = names ?? NO_NAMES;
  return [
    ...labelErrors(child(field, 'plural'), plural),
    ...labelErrors(child(field, 'singular'), singular),
    ...labelErrors(child(field, 'kind'), kind, true),
    ...labelErrors(child(field, 'listKind'), listKind, true),
    ...each(child(field, 'shortNames'), shortNames, (name, path) => nameErrors(path, name)),
    ...(kind !== '' && kind === listKind
      ? [invalid(child(field, 'listKind'), listKind, 'kind and listKind may not be the same')]
      : []),
    ...each(child(field, 'categories'), categories, (name, path) => nameErrors(path, name)),
  ];
};

const NO_NAMES: Partial<CustomResourceDefinitionNames> = {};
