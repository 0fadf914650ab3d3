import type { KubeObject } from '../../../objects/object.js';
import { dns1035Label, dns1123Subdomain } from '../../../objects/names.js';
import { invalid, invalidEach, required, type FieldError } from '../field-errors.js';
import { requiredText } from './rules.js';

/** As far as it is checked; the type declarations that the kinds are made of do not have it. */
interface ApiService extends KubeObject {
  readonly spec?: {
    readonly group?: string;
    readonly version?: string;
    readonly groupPriorityMinimum?: number;
    readonly versionPriority?: number;
    readonly caBundle?: string;
    readonly insecureSkipTLSVerify?: boolean;
    readonly service?: { readonly namespace?: string; readonly name?: string };
  };
}

const HIGHEST_GROUP = 20_000;
const HIGHEST_VERSION = 1000;

export const validateApiService = ({ metadata, spec = {} }: ApiService): FieldError[] => {
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0, service } = spec;
  const { caBundle = '', insecureSkipTLSVerify = false } = spec;
  const name = `${version}.${group}`;
  const errors: FieldError[] = [];
  if (metadata.name !== name) {
    const why = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`;
    errors.push(invalid('metadata.name', metadata.name, why));
  }
  if (group === '' && version !== 'v1') {
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  }
  if (group !== '') errors.push(...invalidEach('spec.group', group, dns1123Subdomain(group)));
  errors.push(...invalidEach('spec.version', version, dns1035Label(version)));
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > HIGHEST_GROUP) {
    errors.push(
      invalid('spec.groupPriorityMinimum', groupPriorityMinimum, `must be positive and less than ${HIGHEST_GROUP}`),
    );
  }
  if (versionPriority <= 0 || versionPriority > HIGHEST_VERSION) {
    errors.push(invalid('spec.versionPriority', versionPriority, `must be positive and less than ${HIGHEST_VERSION}`));
  }
  if (service !== undefined) {
    errors.push(
      ...requiredText('spec.service.namespace', service.namespace),
      ...requiredText('spec.service.name', service.name),
    );
    if (insecureSkipTLSVerify && caBundle !== '') {
      errors.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
    }
    return errors;
  }
  if (caBundle !== '') {
    const bytes = `${Buffer.from(caBundle, 'base64').byteLength} bytes`;
    errors.push(invalid('spec.caBundle', bytes, 'local APIServices may not have a caBundle'));
  }
  if (insecureSkipTLSVerify) {
    errors.push(invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'));
  }
  return errors;
};
