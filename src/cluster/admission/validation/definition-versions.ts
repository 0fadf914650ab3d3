import { isRecord, jsonEquals } from '../../../objects/json.js';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
} from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import { defaultErrors } from '../custom-resources/default-problems.js';
import { internalSchema, rootKeywords } from '../custom-resources/internal-form.js';
import { findPath } from '../custom-resources/rule-paths.js';
import { schemaErrors, type SchemaLeniency } from '../custom-resources/schema-problems.js';
import {
  structuralErrors,
  typeOf,
  unreadableSchema,
  type StructuralSchema,
} from '../custom-resources/structural-schema.js';
import { goJson } from '../../../objects/go-json.js';
import { child, duplicate, forbidden, invalid, required, tooMany, type FieldError } from '../field-errors.js';
import { each } from './rules.js';

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const SELECTABLE_TYPES: ReadonlySet<unknown> = new Set(['string', 'boolean', 'integer']);
const MOST_SELECTABLE = 8;
const LONGEST_WARNING = 256;

export const schemaOf = (version: CustomResourceDefinitionVersion): StructuralSchema | undefined =>
  version.schema?.openAPIV3Schema as StructuralSchema | undefined;

/** What is told by its versions, or, where all have it alike, once of the definition: the form in which it is held. */
export interface VersionParts {
  readonly schema: boolean;
  readonly subresources: boolean;
  readonly columns: boolean;
  readonly selectable: boolean;
}

const columnsOf = ({ additionalPrinterColumns }: CustomResourceDefinitionVersion): unknown =>
  additionalPrinterColumns?.length === 0 ? undefined : additionalPrinterColumns;
const selectableOf = ({ selectableFields }: CustomResourceDefinitionVersion): unknown =>
  selectableFields?.length === 0 ? undefined : selectableFields;

/** What all versions have alike. */
export const sharedParts = (versions: readonly CustomResourceDefinitionVersion[]): VersionParts => {
  const [first] = versions;
  const isShared = (valueOf: (version: CustomResourceDefinitionVersion) => unknown): boolean =>
    first !== undefined && versions.every((each) => jsonEquals(valueOf(each) ?? null, valueOf(first) ?? null));
  return {
    schema: isShared(({ schema }) => schema),
    subresources: isShared(({ subresources }) => subresources),
    columns: isShared(columnsOf),
    selectable: isShared(selectableOf),
  };
};

/** What an update leaves alone is not held against it. */
export interface VersionLeniency extends SchemaLeniency {
  /** The versions whose schema is what it was: their rules may cost what they cost. */
  readonly unchanged: ReadonlySet<string>;
  /** The versions that may keep more selectable fields than there may be. */
  readonly keepsSelectable: ReadonlySet<string>;
}

const ROOT_KEYWORDS =
  '[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]';
const ALLOWED_AT_ROOT: ReadonlySet<string> = new Set(ROOT_KEYWORDS.slice(1, -1).split(' '));

/** Where the status is a resource of its own, the schema of the object must not say more than its parts do. */
const rootErrors = (schema: StructuralSchema, field: string): FieldError[] => {
  for (const name of rootKeywords(schema)) {
    if (name === 'Type' && typeOf(schema) !== 'object') {
      const why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      return [invalid(child(field, 'type'), typeOf(schema), why)];
    }
    if (ALLOWED_AT_ROOT.has(name)) continue;
    const why = `only ${ROOT_KEYWORDS} fields are allowed at the root of the schema if the status subresource is enabled`;
    return [invalid(field, internalSchema(schema), why)];
  }
  return [];
};

export const versionSchemaErrors = (
  schema: StructuralSchema,
  field: string,
  { hasStatus, limitsRules, leniency }: { hasStatus: boolean; limitsRules: boolean; leniency: SchemaLeniency },
): FieldError[] => {
  const errors = hasStatus ? rootErrors(schema, field) : [];
  if (schema['nullable'] === true)
    errors.push(forbidden(child(field, 'nullable'), 'nullable cannot be true at the root'));
  const unreadable = unreadableSchema(schema);
  if (unreadable === undefined) {
    const structure = structuralErrors(schema, field);
    const defaults = structure.length > 0 ? structure : defaultErrors(schema, field);
    const compilesRules = defaults.length === 0;
    errors.push(...defaults, ...schemaErrors(schema, field, { limitsRules, compilesRules, leniency }));
    return errors;
  }
  errors.push(...schemaErrors(schema, field, { limitsRules, compilesRules: false, leniency }));
  return errors.length > 0 ? errors : [invalid(field, '', unreadable)];
};

/** A path such as `.spec.replicas`. */
const validatePath = (text: string, field: string): FieldError[] =>
  text.startsWith('.') ? [] : [invalid(field, text, 'must be a simple json path starting with .')];

export const subresourceErrors = ({ scale }: CustomResourceSubresources, path: string): FieldError[] => {
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
    ...below('labelSelectorPath', ['.spec', '.status'], 'should be a json path under either .spec or .status'),
  ];
};

const mustBeOne = (values: readonly string[]): string => `must be one of ${values.join(',')}`;

export const columnErrors = (column: CustomResourceColumnDefinition, path: string): FieldError[] => {
  const { name, type, format = '', jsonPath } = column;
  const [typeField, pathField] = [child(path, 'type'), child(path, 'JSONPath')];
  return [
    ...((name ?? '') === '' ? [required(child(path, 'name'))] : []),
    ...((type ?? '') === ''
      ? [required(typeField, mustBeOne(COLUMN_TYPES))]
      : COLUMN_TYPES.includes(type)
        ? []
        : [invalid(typeField, type, mustBeOne(COLUMN_TYPES))]),
    ...(format === '' || COLUMN_FORMATS.includes(format)
      ? []
      : [invalid(child(path, 'format'), format, mustBeOne(COLUMN_FORMATS))]),
    ...((jsonPath ?? '') === '' ? [required(pathField)] : validatePath(jsonPath, pathField)),
  ];
};

/** Fields of strings, booleans and integers can be selected by, those of metadata already are. */
export const selectableErrors = (
  version: CustomResourceDefinitionVersion,
  path: string,
  { isShared, seesSchema, keepsMany }: { isShared: boolean; seesSchema: boolean; keepsMany: boolean },
): FieldError[] => {
  const fields = version.selectableFields ?? [];
  const schema = schemaOf(version);
  if (fields.length === 0) return [];
  // Either is told where the other is: of all versions, or of this one.
  if (!seesSchema || !isRecord(schema)) {
    const why = isShared
      ? 'may only be set when validations.schema is included'
      : 'may only be set when `version.schema.openAPIV3Schema` is not included';
    return [invalid(path, '', why)];
  }
  const seen = new Set<string>();
  const errors = each(path, fields, ({ jsonPath = '' }, at) => {
    const field = child(at, 'jsonPath');
    if (jsonPath === '') return [required(field)];
    const found = findPath(jsonPath, schema, false);
    if (typeof found === 'string') return [invalid(field, jsonPath, `is an invalid path: ${found}`)];
    const isTwice = seen.has(found.path);
    seen.add(found.path);
    const kinds = 'string, boolean or integer. Enum string fields and strings with formats are allowed.';
    return [
      ...(found.root === 'metadata' ? [invalid(field, jsonPath, 'must not point to fields in metadata')] : []),
      ...(SELECTABLE_TYPES.has(found.schema['type'])
        ? []
        : [invalid(field, jsonPath, `must point to a field of type ${kinds}`)]),
      ...(isTwice ? [duplicate(field, jsonPath)] : []),
    ];
  });
  return seen.size > MOST_SELECTABLE && !keepsMany ? [...errors, tooMany(path, seen.size, MOST_SELECTABLE)] : errors;
};

/** What is no letter, mark, number, punctuation, symbol or plain space. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

export const deprecationErrors = (
  { deprecated, deprecationWarning: warning }: CustomResourceDefinitionVersion,
  path: string,
): FieldError[] => {
  if (warning === undefined) return [];
  const at = (why: string): FieldError => ({
    reason: 'FieldValueInvalid',
    field: child(path, 'deprecationWarning'),
    message: `Invalid value: ${goJson(warning)}: ${why}`,
  });
  if (deprecated !== true) return [at('can only be set for deprecated versions')];
  const hidden = UNPRINTABLE.exec(warning);
  return [
    ...(Buffer.byteLength(warning) > LONGEST_WARNING ? [at(`must be <= ${LONGEST_WARNING} characters long`)] : []),
    ...(warning === '' ? [at('must not be an empty string')] : []),
    ...(hidden === null
      ? []
      : [
          at(
            `must only contain printable UTF-8 characters; non-printable character found at index ${Buffer.byteLength(warning.slice(0, hidden.index))}`,
          ),
        ]),
  ];
};
