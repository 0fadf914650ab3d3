import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
} from '../../../objects/kinds/core-v1.js';
import { dns1123Subdomain } from '../../../objects/names.js';
import { child, forbidden, invalid, item, required, type FieldError } from '../field-errors.js';
import { validateFieldSelector, validateResourceSelector, VOLUME_FIELDS } from './field-selectors.js';
import { shownClusterTrustBundle } from './internal-forms.js';
import { validateLabelSelector } from './labels.js';
import { validateSignerName } from './signer-names.js';
import { fileMode, inVolume } from './paths.js';
import type { PodRules } from './pod-rules.js';
import { each, oneOf } from './rules.js';

export const validateKeyToPath = (field: string, { key = '', path = '', mode }: KeyToPath): FieldError[] => [
  ...(key === '' ? [required(child(field, 'key'))] : []),
  ...(path === '' ? [required(child(field, 'path'))] : []),
  ...inVolume(child(field, 'path'), path),
  ...fileMode(child(field, 'mode'), mode),
];

export const validateDownwardFile = (field: string, file: DownwardAPIVolumeFile): FieldError[] => {
  const { path = '', fieldRef, resourceFieldRef, mode } = file;
  const errors = [...(path === '' ? [required(child(field, 'path'))] : []), ...inVolume(child(field, 'path'), path)];
  if (fieldRef !== undefined) {
    errors.push(...validateFieldSelector(child(field, 'fieldRef'), fieldRef, VOLUME_FIELDS));
    if (resourceFieldRef !== undefined) {
      errors.push(invalid(field, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (resourceFieldRef === undefined) {
    errors.push(required(field, 'one of fieldRef and resourceFieldRef is required'));
  } else {
    errors.push(...validateResourceSelector(child(field, 'resourceFieldRef'), resourceFieldRef, true));
  }
  return [...errors, ...fileMode(child(field, 'mode'), mode)];
};

/** The name of a bundle starts with that of its signer, where it has one: `example.com:signer:name`. */
const validateBundleName = (field: string, name: string): FieldError[] => {
  const errors = name === '' ? [required(field, 'must be a valid object name')] : [];
  const own = name.slice(name.lastIndexOf(':') + 1);
  const wrong = name.startsWith(':') && !name.slice(1).includes(':') ? [UNSIGNED] : dns1123Subdomain(own);
  return [...errors, ...wrong.map((message) => invalid(field, name, `not a valid clustertrustbundlename: ${message}`))];
};

const UNSIGNED = 'ClusterTrustBundle without signer name must not have ":" in its name';

const validateBundle = (field: string, bundle: ClusterTrustBundleProjection): FieldError[] => {
  const errors: FieldError[] = [];
  const { name, signerName, labelSelector, path = '' } = bundle;
  if (name !== undefined && signerName !== undefined) {
    errors.push(invalid(field, shownClusterTrustBundle(bundle), 'only one of name and signerName may be used'));
  } else if (name !== undefined) {
    errors.push(...validateBundleName(child(field, 'name'), name));
    if (labelSelector !== undefined) {
      errors.push(
        invalid(child(field, 'labelSelector'), labelSelector, 'labelSelector must be unset if name is specified'),
      );
    }
  } else if (signerName === undefined) {
    errors.push(required(field, 'either name or signerName must be specified'));
  } else {
    if (signerName === '') errors.push(required(child(field, 'signerName'), 'must be a valid signer name'));
    errors.push(
      ...validateSignerName(child(field, 'signerName'), signerName),
      ...validateLabelSelector(child(field, 'labelSelector'), labelSelector),
    );
  }
  if (path === '') errors.push(required(child(field, 'path')));
  return [...errors, ...inVolume(child(field, 'path'), path)];
};

const KEY_TYPES = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const HOUR = 3600;
const DAY = 24 * HOUR;

const validateCertificate = (
  field: string,
  certificate: PodCertificateProjection,
  seen: (path: string) => FieldError[],
): FieldError[] => {
  const { signerName = '', keyType = '', maxExpirationSeconds: seconds } = certificate;
  const errors = [
    ...validateSignerName(child(field, 'signerName'), signerName),
    ...oneOf(child(field, 'keyType'), keyType, KEY_TYPES),
  ];
  const path = child(field, 'maxExpirationSeconds');
  const longest = signerName.startsWith('kubernetes.io/') ? DAY : 91 * DAY;
  if (seconds !== undefined && seconds < HOUR) {
    errors.push(invalid(path, seconds, 'if provided, maxExpirationSeconds must be >= 3600'));
  }
  if (seconds !== undefined && seconds > longest) {
    errors.push(invalid(path, seconds, `if provided, maxExpirationSeconds must be <= ${longest}`));
  }
  const paths = (['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).filter(
    (name) => (certificate[name] ?? '') !== '',
  );
  for (const name of paths) {
    const target = certificate[name] ?? '';
    errors.push(...inVolume(child(field, name), target), ...seen(target));
  }
  return paths.length > 0
    ? errors
    : [...errors, required(field, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath')];
};

const TEN_MINUTES = 600;
const LONGEST_TOKEN = 2 ** 32;

const validateSource = (
  field: string,
  path: string,
  source: NonNullable<ProjectedVolumeSource['sources']>[number],
  rules: PodRules,
  seen: (path: string, shown?: string) => FieldError[],
): FieldError[] => {
  const errors: FieldError[] = [];
  for (const name of ['secret', 'configMap'] as const) {
    const from = source[name];
    if (from === undefined) continue;
    const at = child(path, name);
    if ((from.name ?? '') === '') errors.push(required(child(at, 'name')));
    for (const [index, key] of (from.items ?? []).entries()) {
      errors.push(...validateKeyToPath(item(child(at, 'items'), index), key), ...seen(key.path ?? '', from.name ?? ''));
    }
  }
  for (const file of source.downwardAPI?.items ?? []) {
    errors.push(...validateDownwardFile(child(path, 'downwardAPI'), file), ...seen(file.path ?? ''));
  }
  const { serviceAccountToken: token, clusterTrustBundle: bundle, podCertificate: certificate } = source;
  if (token !== undefined) {
    const { expirationSeconds: seconds = 0, path: target = '' } = token;
    const at = child(path, 'serviceAccountToken.expirationSeconds');
    if (seconds < TEN_MINUTES) errors.push(invalid(at, seconds, 'may not specify a duration less than 10 minutes'));
    if (seconds > LONGEST_TOKEN)
      errors.push(invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds'));
    if (target === '') errors.push(required(child(field, 'path')));
    else if (rules.allowAnyTokenPath !== true) errors.push(...inVolume(child(field, 'path'), target));
  }
  if (bundle !== undefined) {
    errors.push(...validateBundle(child(path, 'clusterTrustBundle'), bundle), ...seen(bundle.path ?? '', undefined));
  }
  if (certificate !== undefined) {
    errors.push(...validateCertificate(child(path, 'podCertificate'), certificate, seen));
  }
  const count = Object.values(source).filter((from) => from !== undefined).length;
  return count > 1 ? [...errors, forbidden(path, 'may not specify more than 1 volume type per source')] : errors;
};

export const validateProjected = (
  field: string,
  { defaultMode, sources }: ProjectedVolumeSource,
  rules: PodRules,
): FieldError[] => {
  const paths = new Set<string>();
  const seen = (path: string, shown = path): FieldError[] => {
    if (path === '') return [];
    if (paths.has(path)) return [invalid(field, shown, 'conflicting duplicate paths')];
    paths.add(path);
    return [];
  };
  return [
    ...fileMode(child(field, 'defaultMode'), defaultMode),
    ...each(child(field, 'sources'), sources, (source, path) => validateSource(field, path, source, rules, seen)),
  ];
};
