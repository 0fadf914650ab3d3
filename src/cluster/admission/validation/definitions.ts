import { isRecord, jsonEquals } from '../../../objects/json.js';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
} from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import { dns1035Label, dns1123Subdomain } from '../../../objects/names.js';
import { ruleProblems } from '../custom-resources/rule-problems.js';
import { structuralErrors, type StructuralSchema } from '../custom-resources/structural-schema.js';
import {
  child,
  forbidden,
  invalid,
  invalidEach,
  item,
  keyed,
  required,
  tooMany,
  type FieldError,
} from '../field-errors.js';
import { validateClientConfig } from './extensions.js';
import { each, immutable, requiredOneOf, unique } from './rules.js';

const APPROVED = 'api-approved.kubernetes.io';
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const SELECTABLE_TYPES: ReadonlySet<unknown> = new Set(['string', 'boolean', 'integer']);
const MOST_SELECTABLE = 8;

export const validateDefinition = (definition: CustomResourceDefinition): FieldError[] => {
  const { metadata, spec } = definition;
  const expected = `${spec.names?.plural ?? ''}.${spec.group}`;
  return [
    ...(metadata.name === expected
      ? []
      : [invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...validateSpec(spec),
    ...validateApproval(definition),
    ...(spec.preserveUnknownFields === true
      ? [
          invalid(
            'spec.preserveUnknownFields',
            true,
            'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
          ),
        ]
      : []),
  ];
};

export const validateDefinitionUpdate = (
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] => {
  const { spec } = definition;
  const isEstablished = (old.status?.conditions ?? []).some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
  const wasApproved = validateApproval(old).length === 0;
  return [
    ...validateSpec(spec),
    ...(isEstablished ? immutable('spec.scope', spec.scope, old.spec.scope) : []),
    ...(isEstablished ? immutable('spec.names.kind', spec.names?.kind, old.spec.names?.kind) : []),
    ...immutable('spec.group', spec.group, old.spec.group),
    ...immutable('spec.names.plural', spec.names?.plural, old.spec.names?.plural),
    ...validateStoredVersions(old.status?.storedVersions ?? [], spec.versions ?? []),
    ...(wasApproved ? validateApproval(definition) : []),
  ];
};

/** Groups of the Kubernetes project are its own to give away. */
const validateApproval = ({ metadata, spec }: CustomResourceDefinition): FieldError[] => {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(spec.group)) return [];
  const field = keyed('metadata.annotations', APPROVED);
  const approval = metadata.annotations?.[APPROVED] ?? '';
  const where = `see https://github.com/kubernetes/enhancements/pull/1111`;
  if (approval === '') {
    return [required(field, `protected groups must have approval annotation "${APPROVED}", ${where}`)];
  }
  if (/^(?:unapproved|https?:\/\/.)/.test(approval)) return [];
  const why = `protected groups must have approval annotation "${APPROVED}" with either a URL or a reason starting with "unapproved", ${where}`;
  return [invalid(field, approval, why)];
};

/** Objects may still be stored in every version that was ever the one for storage. */
const validateStoredVersions = (
  stored: readonly string[],
  versions: readonly CustomResourceDefinitionVersion[],
): FieldError[] =>
  each('status.storedVersions', stored, (name, path) =>
    versions.some((version) => version.name === name)
      ? []
      : [
          invalid(
            path,
            name,
            `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
          ),
        ],
  );

const validateSpec = (spec: CustomResourceDefinitionSpec): FieldError[] => [
  ...validateGroup(spec.group),
  ...requiredOneOf('spec.scope', spec.scope, ['Cluster', 'Namespaced']),
  ...validateVersions(spec.versions ?? []),
  ...validateNames(spec.names),
  ...validateConversion(spec.conversion),
];

const validateGroup = (group: string | undefined): FieldError[] => {
  if (group === undefined || group === '') return [required('spec.group')];
  const errors = invalidEach('spec.group', group, dns1123Subdomain(group));
  if (errors.length > 0 || group.includes('.')) return errors;
  return [invalid('spec.group', group, 'should be a domain with at least one dot')];
};

/**
 * What all versions have alike is said once, of `spec.validation`, `spec.subresources` and so on: the form in which
 * Kubernetes holds a definition.
 */
const validateVersions = (versions: readonly CustomResourceDefinitionVersion[]): FieldError[] => {
  const field = 'spec.versions';
  const part = <T>(
    valueOf: (version: CustomResourceDefinitionVersion) => T | undefined,
    name: string,
    own: string,
    validate: (value: T, path: string) => readonly FieldError[],
  ): FieldError[] => {
    const [first] = versions;
    const value = first === undefined ? undefined : valueOf(first);
    if (versions.every((version) => jsonEquals(valueOf(version) ?? null, value ?? null))) {
      return value === undefined ? [] : [...validate(value, `spec.${name}`)];
    }
    return each(field, versions, (version, path) => {
      const its = valueOf(version);
      return its === undefined ? [] : validate(its, child(path, own));
    });
  };
  const names = versions.map(({ name }) => name);
  return [
    ...each(field, versions, ({ name }, path) => invalidEach(child(path, 'name'), name, dns1035Label(name))),
    ...(new Set(names).size === names.length ? [] : [invalid(field, versions, 'must contain unique version names')]),
    ...(versions.filter(({ storage }) => storage).length === 1
      ? []
      : [invalid(field, versions, 'must have exactly one version marked as storage version')]),
    ...each(field, versions, ({ served, schema }, path) =>
      served && schema?.openAPIV3Schema === undefined
        ? [required(child(path, 'schema.openAPIV3Schema'), 'schemas are required')]
        : [],
    ),
    ...part(
      ({ schema }) => schema?.openAPIV3Schema,
      'validation.openAPIV3Schema',
      'schema.openAPIV3Schema',
      (schema, path) => validateSchema(schema as StructuralSchema, path),
    ),
    ...part(({ subresources }) => subresources, 'subresources', 'subresources', validateSubresources),
    ...part(
      ({ additionalPrinterColumns }) => additionalPrinterColumns,
      'additionalPrinterColumns',
      'additionalPrinterColumns',
      (columns, path) => each(path, columns, validateColumn),
    ),
    ...part(
      (version) => ((version.selectableFields ?? []).length === 0 ? undefined : version),
      'selectableFields',
      'selectableFields',
      validateSelectableFields,
    ),
  ];
};

const validateSchema = (schema: StructuralSchema, path: string): FieldError[] => {
  const structure = structuralErrors(schema, path);
  return structure.length > 0 ? structure : ruleProblems(schema, path);
};

/** A path such as `.spec.replicas`. */
const validatePath = (text: string, field: string): FieldError[] =>
  text.startsWith('.') ? [] : [invalid(field, text, 'must be a simple json path starting with .')];

const validateSubresources = ({ scale }: CustomResourceSubresources, path: string): FieldError[] => {
  if (scale === undefined) return [];
  const below = (name: keyof typeof scale, roots: readonly string[], detail: string): FieldError[] => {
    const [field, text] = [`${path}.scale.${name}`, scale[name] ?? ''];
    if (text === '') return name === 'labelSelectorPath' ? [] : [required(field)];
    const errors = validatePath(text, field);
    if (errors.length > 0 || roots.some((root) => text.startsWith(`${root}.`))) return errors;
    return [invalid(field, text, detail)];
  };
  return [
    ...below('specReplicasPath', ['.spec'], 'should be a json path under .spec'),
    ...below('statusReplicasPath', ['.status'], 'should be a json path under .status'),
    ...below('labelSelectorPath', ['.spec', '.status'], 'should be a json path under either .status or .spec'),
  ];
};

const mustBeOne = (values: readonly string[]): string => `must be one of ${values.join(',')}`;

const validateColumn = (column: CustomResourceColumnDefinition, path: string): FieldError[] => {
  const { name, type, format = '', jsonPath } = column;
  const [typeField, pathField] = [child(path, 'type'), child(path, 'JSONPath')];
  return [
    ...(name === '' ? [required(child(path, 'name'))] : []),
    ...(type === ''
      ? [required(typeField, mustBeOne(COLUMN_TYPES))]
      : COLUMN_TYPES.includes(type)
        ? []
        : [invalid(typeField, type, mustBeOne(COLUMN_TYPES))]),
    ...(format === '' || COLUMN_FORMATS.includes(format)
      ? []
      : [invalid(child(path, 'format'), format, mustBeOne(COLUMN_FORMATS))]),
    ...(jsonPath === '' ? [required(pathField)] : validatePath(jsonPath, pathField)),
  ];
};

/** Fields of strings, booleans and integers can be selected by, those of metadata already are. */
const validateSelectableFields = (version: CustomResourceDefinitionVersion, path: string): FieldError[] => {
  const { selectableFields = [], schema } = version;
  if (selectableFields.length > MOST_SELECTABLE) return [tooMany(path, selectableFields.length, MOST_SELECTABLE)];
  return [
    ...each(path, selectableFields, ({ jsonPath }, at) => {
      const field = child(at, 'jsonPath');
      if (jsonPath === '') return [required(field)];
      const errors = validatePath(jsonPath, field);
      if (errors.length > 0) return errors;
      if (/^\.(?:metadata|apiVersion|kind)(?:\.|$)/.test(jsonPath)) {
        return [invalid(field, jsonPath, 'must not point to fields in metadata')];
      }
      const type = typeAt(schema?.openAPIV3Schema, jsonPath.slice(1).split('.'));
      if (type === undefined) return [invalid(field, jsonPath, `does not refer to a valid field`)];
      const kinds = 'string, boolean or integer. Enum string fields and strings with formats are allowed.';
      return SELECTABLE_TYPES.has(type) ? [] : [invalid(field, jsonPath, `must point to a field of type ${kinds}`)];
    }),
    ...unique(path, selectableFields, ({ jsonPath }) => jsonPath, 'jsonPath'),
  ];
};

const typeAt = (schema: unknown, path: readonly string[]): unknown => {
  const [name, ...rest] = path;
  if (!isRecord(schema)) return undefined;
  if (name === undefined) return schema['type'];
  const { properties } = schema;
  return isRecord(properties) && Object.hasOwn(properties, name) ? typeAt(properties[name], rest) : undefined;
};

const NAMES = 'spec.names';

/** Kinds may have capitals where resources may not. */
const lowered = (field: string, value: string): FieldError[] =>
  invalidEach(field, value, dns1035Label(field.toLowerCase().endsWith('kind') ? value.toLowerCase() : value));

const validateNames = (names: CustomResourceDefinitionNames | undefined): FieldError[] => {
  const { plural = '', singular = '', kind = '', listKind = '', shortNames, categories } = names ?? NO_NAMES;
  const wanted = Object.entries({ plural, singular, kind, listKind });
  return [
    ...wanted.flatMap(([name, value]) => (value === '' ? [required(child(NAMES, name))] : [])),
    ...wanted.flatMap(([name, value]) => (value === '' ? [] : lowered(child(NAMES, name), value))),
    ...each(child(NAMES, 'shortNames'), shortNames, (name, path) => invalidEach(path, name, dns1035Label(name))),
    ...(kind !== '' && kind === listKind
      ? [invalid(child(NAMES, 'listKind'), listKind, 'kind and listKind may not be the same')]
      : []),
    ...each(child(NAMES, 'categories'), categories, (name, path) => invalidEach(path, name, dns1035Label(name))),
  ];
};

const NO_NAMES: Partial<CustomResourceDefinitionNames> = {};
const CONVERSION = 'spec.conversion';

const validateConversion = (conversion: CustomResourceDefinitionSpec['conversion']): FieldError[] => {
  const { strategy, webhook } = conversion ?? {};
  const errors = requiredOneOf(child(CONVERSION, 'strategy'), strategy, ['None', 'Webhook']);
  const [client, reviews] = [child(CONVERSION, 'webhookClientConfig'), child(CONVERSION, 'conversionReviewVersions')];
  if (strategy !== 'Webhook') {
    if (webhook?.clientConfig !== undefined) {
      errors.push(forbidden(client, 'should not be set when strategy is not set to Webhook'));
    }
    if ((webhook?.conversionReviewVersions ?? []).length > 0) {
      errors.push(forbidden(reviews, 'should not be set when strategy is not set to Webhook'));
    }
    return errors;
  }
  if (webhook?.clientConfig === undefined) {
    errors.push(required(client, 'required when strategy is set to Webhook'));
  } else {
    errors.push(...validateClientConfig(client, webhook.clientConfig));
  }
  return [...errors, ...validateReviewVersions(reviews, webhook?.conversionReviewVersions ?? [])];
};

const validateReviewVersions = (field: string, versions: readonly string[]): FieldError[] => {
  if (versions.length === 0) return [required(field)];
  const known = versions.some((version) => version === 'v1' || version === 'v1beta1');
  return [
    ...versions.flatMap((version, index) =>
      versions.indexOf(version) === index
        ? invalidEach(item(field, index), version, dns1035Label(version))
        : [invalid(item(field, index), version, 'duplicate version')],
    ),
    ...(known ? [] : [invalid(field, versions, 'must include at least one of v1, v1beta1')]),
  ];
};
