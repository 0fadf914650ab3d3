import type { MergeType } from '../../../objects/apply/merge-schema.js';
import { mergeTypeOfCustomKind } from '../../../objects/apply/openapi-merge-type.js';
import { isRecord } from '../../../objects/json.js';
import { dns1123Subdomain } from '../../../objects/names.js';
import type { KubeObject } from '../../../objects/object.js';
import type { FieldError, FieldReason } from '../field-errors.js';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.js';
import { runRules } from './cel-rules.js';
import { compileRules } from './compiled-rules.js';
import { embeddedErrors } from './embedded-objects.js';
import { validateLists } from './list-rules.js';
import { propertyOf, pruneObject, type Pruned } from './prune.js';
import { scaleSpecErrors, scaleStatusErrors, type ScalePaths } from './scale-paths.js';
import { declaresDefaults, lacksDefaults, withSchemaDefaults } from './schema-defaults.js';
import type { StructuralSchema } from './structural-schema.js';
import { valueErrors } from './value-validation.js';

/** One version of a custom resource, compiled from the schema in its definition. */
export interface CompiledCustomResource {
  /** The object without what the schema does not name, and the paths of that. */
  prune<T extends KubeObject>(object: T): Pruned<T>;
  applyDefaults<T extends KubeObject>(object: T): T;
  /** True when `applyDefaults` would add something: the object is older than a default. */
  lacksDefaults(object: KubeObject): boolean;
  /** All that is wrong; with `old`, transition rules run and what did not change is forgiven. */
  validate(object: KubeObject, old?: KubeObject): FieldError[];
  /** All that is wrong with an object of which only the status changed. */
  validateStatus(object: KubeObject, old: KubeObject): FieldError[];
  /** How server-side apply merges objects of the kind. */
  readonly mergeType: MergeType;
}

export interface CompileOptions {
  readonly namespaced: boolean;
  /** The definition's `spec.preserveUnknownFields`. */
  readonly preserveUnknownFields?: boolean;
  readonly scale?: ScalePaths | undefined;
}

const withoutMetadata = (schema: StructuralSchema): StructuralSchema => {
  if (!isRecord(schema['properties'])) return schema;
  const { metadata: _metadata, ...properties } = schema['properties'];
  return { ...schema, properties };
};

/** With such errors the value has another form than the rules are written for. */
const BLOCKING: ReadonlySet<FieldReason> = new Set<FieldReason>([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const UNCHECKED: FieldError = {
  reason: 'FieldValueInvalid',
  field: '<nil>',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

/** Lists that had elements twice before may keep them. */
const listErrors = (object: KubeObject, old: KubeObject | undefined, schema: StructuralSchema): FieldError[] => {
  const errors = validateLists(object, schema);
  return errors.length > 0 && old !== undefined && validateLists(old, schema).length > 0 ? [] : errors;
};

/**
 * Compiles the `openAPIV3Schema` of a version of a custom resource. Throws for a pattern or a rule that cannot be
 * compiled: definitions with such are refused when they are created.
 */
export const compileCustomResource = (
  schema: StructuralSchema,
  { namespaced, preserveUnknownFields = false, scale }: CompileOptions,
): CompiledCustomResource => {
  const body = withoutMetadata(schema);
  const rules = compileRules(schema, true);
  const hasDefaults = declaresDefaults(body);
  const mergeType = mergeTypeOfCustomKind(
    preserveUnknownFields ? { ...schema, 'x-kubernetes-preserve-unknown-fields': true } : schema,
  );
  const ruleErrors = (object: KubeObject, old: KubeObject | undefined, errors: readonly FieldError[]): FieldError[] => {
    if (rules === undefined) return [];
    if (errors.some(({ reason }) => BLOCKING.has(reason))) return [UNCHECKED];
    return runRules(rules, object, old, { forgives: true });
  };
  const status = propertyOf(schema, 'status');
  return {
    mergeType,
    prune: (object) => (preserveUnknownFields ? { object, unknownFields: [] } : pruneObject(object, body)),
    lacksDefaults: (object) => hasDefaults && lacksDefaults(object, body),
    applyDefaults: <T extends KubeObject>(object: T): T => withSchemaDefaults(object, body) as T,
    validate: (object, old) => {
      const metadata =
        old === undefined
          ? validateMetadata(object.metadata, namespaced, dns1123Subdomain)
          : validateMetadataUpdate(object, old);
      const errors = [
        ...metadata,
        ...valueErrors(object, schema, '', old === undefined ? undefined : { value: old }),
        ...scaleSpecErrors(object, scale),
        ...scaleStatusErrors(object, scale),
        ...embeddedErrors(object, body),
        ...listErrors(object, old, body),
      ];
      return [...errors, ...ruleErrors(object, old, errors)];
    },
    validateStatus: (object, old) => {
      const [now, before] = [object, old].map((each) => (each as { status?: unknown }).status);
      const known = before === undefined ? undefined : { value: before };
      const errors = [
        ...validateMetadataUpdate(object, old),
        ...(status === undefined || now === undefined ? [] : valueErrors(now, status, 'status', known)),
        ...scaleStatusErrors(object, scale),
        ...listErrors(object, old, body),
        ...embeddedErrors(object, body),
      ];
      return [...errors, ...ruleErrors(object, old, errors)];
    },
  };
};
