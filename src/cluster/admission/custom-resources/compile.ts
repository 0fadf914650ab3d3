import type { MergeType } from '../../../objects/apply/merge-schema.js';
import { mergeTypeOfCustomKind } from '../../../objects/apply/openapi-merge-type.js';
import { isRecord } from '../../../objects/json.js';
import { dns1123Subdomain } from '../../../objects/names.js';
import type { KubeObject } from '../../../objects/object.js';
import type { FieldError } from '../field-errors.js';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.js';
import { runRules } from './cel-rules.js';
import { compileRules } from './compiled-rules.js';
import { compileSchema } from './json-schema.js';
import { validateLists } from './list-rules.js';
import { pruneObject, type Pruned } from './prune.js';
import { ratchet } from './ratcheting.js';
import { declaresDefaults, lacksDefaults, withSchemaDefaults } from './schema-defaults.js';
import { fieldErrorOf } from './schema-faults.js';
import type { StructuralSchema } from './structural-schema.js';

/** One version of a custom resource, compiled from the schema in its definition. */
export interface CompiledCustomResource {
  /** The object without what the schema does not name, and the paths of that. */
  prune<T extends KubeObject>(object: T): Pruned<T>;
  applyDefaults<T extends KubeObject>(object: T): T;
  /** True when `applyDefaults` would add something: the object is older than a default. */
  lacksDefaults(object: KubeObject): boolean;
  /** All that is wrong; with `old`, transition rules run and what did not change is forgiven. */
  validate(object: KubeObject, old?: KubeObject): FieldError[];
  /** How server-side apply merges objects of the kind. */
  readonly mergeType: MergeType;
}

export interface CompileOptions {
  readonly namespaced: boolean;
  /** The definition's `spec.preserveUnknownFields`. */
  readonly preserveUnknownFields?: boolean;
}

const withoutMetadata = (schema: StructuralSchema): StructuralSchema => {
  if (!isRecord(schema['properties'])) return schema;
  const { metadata: _metadata, ...properties } = schema['properties'];
  return { ...schema, properties };
};

/**
 * Compiles the `openAPIV3Schema` of a version of a custom resource. Throws for a pattern or a rule that cannot be
 * compiled: definitions with such are refused when they are created.
 */
export const compileCustomResource = (
  schema: StructuralSchema,
  { namespaced, preserveUnknownFields = false }: CompileOptions,
): CompiledCustomResource => {
  const body = withoutMetadata(schema);
  const faultsOf = compileSchema(body);
  const rules = compileRules(schema, true);
  const hasDefaults = declaresDefaults(body);
  const mergeType = mergeTypeOfCustomKind(
    preserveUnknownFields ? { ...schema, 'x-kubernetes-preserve-unknown-fields': true } : schema,
  );
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
      const faults = faultsOf(object).flatMap((fault) => fieldErrorOf(fault) ?? []);
      const errors = [...faults, ...validateLists(object, body)];
      const remaining = old === undefined ? errors : ratchet(errors, object, old, body);
      // Rules are written for values that fit the schema.
      const broken = faults.length > 0 || rules === undefined ? [] : runRules(rules, object, old);
      return [...metadata, ...remaining, ...broken];
    },
  };
};
