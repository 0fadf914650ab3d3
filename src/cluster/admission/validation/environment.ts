import type { EnvFromSource, EnvVar } from '../../../objects/kinds/core-v1.js';
import { dns1123Label, dns1123Subdomain, relaxedEnvVarName, validConfigMapKey } from '../../../objects/names.js';
import { child, invalid, invalidEach, type FieldError } from '../field-errors.js';
import { ENV_FIELDS, validateFieldSelector, validateResourceSelector } from './field-selectors.js';
import { withoutParent } from './paths.js';
import { each, optionalText, requiredText } from './rules.js';

type Source = NonNullable<EnvVar['valueFrom']>;

const validateKey = (field: string, { name = '', key }: NonNullable<Source['configMapKeyRef']>): FieldError[] => [
  ...invalidEach(child(field, 'name'), name, dns1123Subdomain(name)),
  ...requiredText(child(field, 'key'), key, validConfigMapKey),
];

const validateFileKey = (field: string, { key, path = '', volumeName }: NonNullable<Source['fileKeyRef']>) => [
  ...requiredText(child(field, 'key'), key, relaxedEnvVarName),
  ...requiredText(child(field, 'volumeName'), volumeName, dns1123Label),
  ...requiredText(child(field, 'path'), path),
  ...withoutParent(child(field, 'path'), path),
];

const validateSource = (field: string, source: Source, value: string): FieldError[] => {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  const found = [
    fieldRef === undefined ? undefined : validateFieldSelector(child(field, 'fieldRef'), fieldRef, ENV_FIELDS),
    resourceFieldRef === undefined
      ? undefined
      : validateResourceSelector(child(field, 'resourceFieldRef'), resourceFieldRef, false),
    configMapKeyRef === undefined ? undefined : validateKey(child(field, 'configMapKeyRef'), configMapKeyRef),
    secretKeyRef === undefined ? undefined : validateKey(child(field, 'secretKeyRef'), secretKeyRef),
    fileKeyRef === undefined ? undefined : validateFileKey(child(field, 'fileKeyRef'), fileKeyRef),
  ].filter((errors) => errors !== undefined);
  const errors = found.flat();
  if (found.length === 0) {
    const detail =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    return [...errors, invalid(field, '', detail)];
  }
  if (value !== '') return [...errors, invalid(field, '', 'may not be specified when `value` is not empty')];
  return found.length > 1
    ? [...errors, invalid(field, '', 'may not have more than one field specified at a time')]
    : errors;
};

export const validateEnv = (field: string, variables: readonly EnvVar[] | undefined): FieldError[] =>
  each(field, variables, ({ name, value = '', valueFrom }, path) => [
    ...requiredText(child(path, 'name'), name, relaxedEnvVarName),
    ...(valueFrom === undefined ? [] : validateSource(child(path, 'valueFrom'), valueFrom, value)),
  ]);

export const validateEnvFrom = (field: string, sources: readonly EnvFromSource[] | undefined): FieldError[] =>
  each(field, sources, ({ prefix, configMapRef, secretRef }, path) => {
    const errors = optionalText(child(path, 'prefix'), prefix, relaxedEnvVarName);
    for (const [name, from] of Object.entries({ configMapRef, secretRef })) {
      if (from !== undefined) errors.push(...requiredText(child(path, `${name}.name`), from.name, dns1123Subdomain));
    }
    // These two are reported for the list, not for the element.
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(invalid(field, '', 'may not have more than one field specified at a time'));
    }
    return errors;
  });
