import { isRecord } from '../../../objects/json.js';
import { dns1035Label, pathSegmentName } from '../../../objects/names.js';
import type { ObjectMeta } from '../../../objects/object.js';
import { child, invalid, item, keyed, required, type FieldError } from '../field-errors.js';
import { validateMetadata } from '../validation/metadata.js';
import { isEmbedded, itemsOf, propertyOf, valuesOf } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';

const versionErrors = (version: unknown, field: string): FieldError[] => {
  if (typeof version !== 'string') return [invalid(field, version, 'must be a string')];
  if (version === '') return [invalid(field, version, 'must not be empty')];
  return version.split('/').length > 2 ? [invalid(field, version, `unexpected GroupVersion string: ${version}`)] : [];
};

const kindErrors = (kind: unknown, field: string): FieldError[] => {
  if (typeof kind !== 'string') return [invalid(field, kind, 'must be a string')];
  if (kind === '') return [invalid(field, kind, 'must not be empty')];
  const errors = dns1035Label(kind.toLowerCase());
  const why = `may have mixed case, but should otherwise match: ${errors.join(',')}`;
  return errors.length === 0 ? [] : [invalid(field, kind, why)];
};

const metadataErrors = (metadata: unknown, field: string): FieldError[] => {
  if (!isRecord(metadata)) return [];
  const given = metadata as unknown as ObjectMeta;
  // An object within another one needs no name.
  const named = (given.name ?? '') === '' ? { ...given, name: 'fakename' } : given;
  return validateMetadata(named, (given.namespace ?? '') !== '', pathSegmentName, field);
};

const objectErrors = (value: Readonly<Record<string, unknown>>, path: string): FieldError[] => [
  ...['apiVersion', 'kind'].flatMap((name) => (Object.hasOwn(value, name) ? [] : [required(child(path, name))])),
  ...Object.entries(value).flatMap(([name, each]) => {
    const field = child(path, name);
    if (name === 'apiVersion') return versionErrors(each, field);
    if (name === 'kind') return kindErrors(each, field);
    return name === 'metadata' ? metadataErrors(each, field) : [];
  }),
];

/** What is wrong with the kind and the metadata of objects within a value. */
export const embeddedErrors = (value: unknown, schema: StructuralSchema | undefined, path = ''): FieldError[] => {
  if (schema === undefined) return [];
  if (Array.isArray(value))
    return value.flatMap((each, index) => embeddedErrors(each, itemsOf(schema), item(path, index)));
  if (!isRecord(value)) return [];
  return [
    ...(isEmbedded(schema) ? objectErrors(value, path) : []),
    ...Object.entries(value).flatMap(([name, each]) => {
      const property = propertyOf(schema, name);
      return property === undefined
        ? embeddedErrors(each, valuesOf(schema), keyed(path, name))
        : embeddedErrors(each, property, child(path, name));
    }),
  ];
};
