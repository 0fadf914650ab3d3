import { groupOf } from '../../../objects/kind.js';
import { asPrefix, dns1123Label, pathSegmentName, qualifiedName, type NameRule } from '../../../objects/names.js';
import type { KubeObject, ObjectMeta, OwnerReference } from '../../../objects/object.js';
import { child, forbidden, invalid, invalidEach, item, required, type FieldError } from '../field-errors.js';
import { validateAnnotations, validateLabels } from './labels.js';
import { ownedFinalizer } from './namespaces.js';
import { immutable, nonNegative } from './rules.js';

/** Reported for the list, not for the element that is wrong. */
const validateOwners = (field: string, owners: readonly OwnerReference[]): FieldError[] => {
  const errors = owners.flatMap((owner) => {
    const version = owner.apiVersion ?? '';
    const empty = (name: string, detail: string): FieldError => invalid(child(field, name), '', detail);
    return [
      ...(version === '' ? [empty('apiVersion', 'version must not be empty')] : []),
      ...(['kind', 'name', 'uid'] as const).flatMap((name) =>
        (owner[name] ?? '') === '' ? [empty(name, 'must not be empty')] : [],
      ),
      ...(version !== '' && groupOf(version) === '' && owner.kind === 'Event'
        ? [invalid(field, owner, '/v1, Kind=Event is disallowed from being an owner')]
        : []),
    ];
  });
  const controllers = owners.filter(({ controller }) => controller === true).map(({ kind, name }) => `${kind}/${name}`);
  for (const other of controllers.slice(1)) {
    errors.push(
      invalid(
        field,
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]} and ${other}`,
      ),
    );
  }
  return errors;
};

const validateFinalizers = (field: string, finalizers: readonly string[]): FieldError[] => {
  const errors = finalizers.flatMap((name) => invalidEach(field, name, qualifiedName(name)));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
};

const validateCommon = (metadata: ObjectMeta, field: string): FieldError[] => [
  ...nonNegative(child(field, 'generation'), metadata.generation),
  ...validateLabels(child(field, 'labels'), metadata.labels),
  ...validateAnnotations(child(field, 'annotations'), metadata.annotations),
  ...validateOwners(child(field, 'ownerReferences'), metadata.ownerReferences ?? []),
];

const validateAll = (metadata: ObjectMeta, field: string): FieldError[] => [
  ...validateCommon(metadata, field),
  ...validateFinalizers(child(field, 'finalizers'), metadata.finalizers ?? []),
];

const validateNames = (metadata: ObjectMeta, field: string, name: NameRule): FieldError[] => {
  const errors: FieldError[] = [];
  const { generateName = '' } = metadata;
  if (generateName !== '') {
    errors.push(...invalidEach(child(field, 'generateName'), generateName, asPrefix(name)(generateName)));
  }
  if ((metadata.name ?? '') === '') errors.push(required(child(field, 'name'), 'name or generateName is required'));
  else errors.push(...invalidEach(child(field, 'name'), metadata.name, name(metadata.name)));
  return errors;
};

/** Metadata of a new object. `name` is the rule for names of the kind. */
export const validateMetadata = (
  metadata: ObjectMeta,
  namespaced: boolean,
  name: NameRule,
  field = 'metadata',
): FieldError[] => {
  const errors = validateNames(metadata, field, name);
  const namespace = metadata.namespace ?? '';
  if (!namespaced && namespace !== '') errors.push(forbidden(child(field, 'namespace'), 'not allowed on this type'));
  if (namespaced && namespace === '') errors.push(required(child(field, 'namespace')));
  if (namespaced && namespace !== '')
    errors.push(...invalidEach(child(field, 'namespace'), namespace, dns1123Label(namespace)));
  return [...errors, ...validateAll(metadata, field)];
};

const FROZEN = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** Metadata as any request may write it, whatever its kind. */
export const validateWrittenMetadata = (metadata: ObjectMeta): FieldError[] => [
  ...validateNames(metadata, 'metadata', pathSegmentName),
  ...validateAll(metadata, 'metadata'),
];

/** What an update may not do to the metadata of an object. */
export const validateMetadataUpdate = ({ metadata }: KubeObject, { metadata: old }: KubeObject): FieldError[] => {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp !== undefined) {
    const added = (metadata.finalizers ?? []).filter((name) => !(old.finalizers ?? []).includes(name));
    if (added.length > 0) {
      const list = `[]string{${added
        .toSorted((a, b) => (a < b ? -1 : 1))
        .map((name) => JSON.stringify(name))
        .join(', ')}}`;
      errors.push(
        forbidden(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
        ),
      );
    }
  }
  if ((metadata.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid('metadata.generation', metadata.generation ?? 0, 'must not be decremented'));
  }
  for (const name of FROZEN) errors.push(...immutable(`metadata.${name}`, metadata[name], old[name]));
  return [...errors, ...validateCommon(metadata, 'metadata')];
};

/** Finalizers of built-in kinds name whose they are. */
export const validateFinalizerNames = ({ finalizers = [] }: ObjectMeta): FieldError[] =>
  finalizers.flatMap((name, index) => ownedFinalizer(item('metadata.finalizers', index), name));
