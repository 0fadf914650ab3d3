import { jsonEquals } from '../../../objects/json.js';
import type { ConfigMap, Secret } from '../../../objects/kinds/core-v1.js';
import { annotationOf } from '../../../objects/labels.js';
import { validConfigMapKey } from '../../../objects/names.js';
import { forbidden, invalid, invalidEach, keyed, required, tooLong, type FieldError } from '../field-errors.js';
import { immutable } from './rules.js';

const DATA_LIMIT = 1024 * 1024;

const sizeOf = (values: readonly string[], encoding: 'utf8' | 'base64'): number =>
  values.reduce((sum, value) => sum + Buffer.byteLength(value, encoding), 0);

export const validateConfigMap = ({ data = {}, binaryData = {} }: ConfigMap): FieldError[] => {
  const errors: FieldError[] = [];
  for (const key of Object.keys(data)) {
    errors.push(...invalidEach(keyed('data', key), key, validConfigMapKey(key)));
    if (Object.hasOwn(binaryData, key)) {
      errors.push(invalid(keyed('data', key), key, 'duplicate of key present in binaryData'));
    }
  }
  for (const key of Object.keys(binaryData))
    errors.push(...invalidEach(keyed('binaryData', key), key, validConfigMapKey(key)));
  const size = sizeOf(Object.values(data), 'utf8') + sizeOf(Object.values(binaryData), 'base64');
  // The path of no field, as Kubernetes writes it.
  return size > DATA_LIMIT ? [...errors, tooLong('[]', DATA_LIMIT)] : errors;
};

const FROZEN = 'field is immutable when `immutable` is set';

const frozenUpdate = (
  object: { readonly immutable?: boolean },
  old: { readonly immutable?: boolean },
  names: readonly string[],
): FieldError[] => {
  if (old.immutable !== true) return [];
  const errors = object.immutable === true ? [] : [forbidden('immutable', FROZEN)];
  const [now, before] = [object as Record<string, unknown>, old as Record<string, unknown>];
  for (const name of names) if (!jsonEquals(now[name] ?? {}, before[name] ?? {})) errors.push(forbidden(name, FROZEN));
  return errors;
};

export const validateConfigMapUpdate = (configMap: ConfigMap, old: ConfigMap): FieldError[] => [
  ...frozenUpdate(configMap, old, ['data', 'binaryData']),
  ...validateConfigMap(configMap),
];

const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

const isJson = (base64: string): boolean => {
  try {
    JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
    return true;
  } catch {
    return false;
  }
};

export const validateSecret = (secret: Secret): FieldError[] => {
  const { data = {}, type = '' } = secret;
  const errors = Object.keys(data).flatMap((key) => invalidEach(keyed('data', key), key, validConfigMapKey(key)));
  if (sizeOf(Object.values(data), 'base64') > DATA_LIMIT) errors.push(tooLong('data', DATA_LIMIT));
  for (const key of REQUIRED_KEYS[type] ?? []) {
    const value = Object.hasOwn(data, key) ? data[key] : undefined;
    if (value === undefined) errors.push(required(keyed('data', key)));
    else if (key.startsWith('.dockerc') && !isJson(value))
      errors.push(invalid(keyed('data', key), '<secret contents redacted>', 'invalid character in JSON'));
  }
  const account = 'kubernetes.io/service-account.name';
  if (type === 'kubernetes.io/service-account-token' && (annotationOf(secret, account) ?? '') === '') {
    errors.push(required(keyed('metadata.annotations', account)));
  }
  if (type === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined) {
    errors.push(required(keyed('data', 'username')), required(keyed('data', 'password')));
  }
  return errors;
};

export const validateSecretUpdate = (secret: Secret, old: Secret): FieldError[] => [
  ...immutable('type', secret.type, old.type),
  ...frozenUpdate(secret, old, ['data']),
  ...validateSecret(secret),
];
