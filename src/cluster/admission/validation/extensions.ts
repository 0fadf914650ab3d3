import { jsonEquals } from '../../../objects/json.js';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import { dns1035Label, dns1123Subdomain } from '../../../objects/names.js';
import { child, duplicate, invalid, invalidEach, item, required, type FieldError } from '../field-errors.js';
import { validateMatchConditions } from './admission-policies.js';
import { validateRule } from './admission-rules.js';
import { validateLabelSelector } from './labels.js';
import { each, oneOf } from './rules.js';
import { webhookServiceErrors, webhookUrlErrors } from './webhook-address.js';

type Webhook = MutatingWebhook | ValidatingWebhook;
type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

/** What webhooks were stored with is not held against their updates. */
interface Kept {
  readonly conditions?: boolean;
  readonly sideEffects?: boolean;
  readonly versions?: boolean;
  readonly names?: boolean;
  readonly selectors?: boolean;
}

/** Where a webhook is: a Service or an address. */
const validateClientConfig = (field: string, config: WebhookClientConfig | undefined): FieldError[] => {
  const { url, service } = config ?? {};
  if ((url === undefined) === (service === undefined))
    return [required(field, 'exactly one of url or service is required')];
  if (url !== undefined) return webhookUrlErrors(child(field, 'url'), url);
  // Kubernetes takes the one for the other here, and says so.
  const swapped = { ...service, name: service?.namespace ?? '', namespace: service?.name ?? '' };
  return webhookServiceErrors(child(field, 'service'), swapped);
};

const fullName = (field: string, name: string): FieldError[] => {
  if (name === '') return [required(field)];
  const errors = invalidEach(field, name, dns1123Subdomain(name));
  if (errors.length > 0) return errors;
  return name.split('.').length < 3
    ? [invalid(field, name, 'should be a domain with at least three segments separated by dots')]
    : [];
};

const PURE = ['None', 'NoneOnDryRun'];
const ANY_EFFECT = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];

const validateEffects = (field: string, effects: string | undefined, isAny: boolean): FieldError[] => {
  const allowed = isAny ? ANY_EFFECT : PURE;
  return effects === undefined
    ? [required(field, `must specify one of ${allowed.join(', ')}`)]
    : oneOf(field, effects, allowed);
};

const VERSIONS = ['v1', 'v1beta1'];

const validateVersions = (field: string, versions: readonly string[] = [], isAny: boolean): FieldError[] => {
  if (versions.length === 0) return [required(field, `must specify one of ${VERSIONS.join(', ')}`)];
  const errors = each(field, versions, (version, path, index) =>
    versions.indexOf(version) < index
      ? [invalid(path, version, 'duplicate version')]
      : invalidEach(path, version, dns1035Label(version)),
  );
  if (isAny || versions.some((version) => VERSIONS.includes(version))) return errors;
  return [...errors, invalid(field, versions, `must include at least one of ${VERSIONS.join(', ')}`)];
};

const validateWebhook = (webhook: Webhook, path: string, kept: Kept): FieldError[] => {
  const { timeoutSeconds: timeout } = webhook;
  const [namespaces, objects] = [child(path, 'namespaceSelector'), child(path, 'objectSelector')];
  const again = 'reinvocationPolicy' in webhook ? webhook.reinvocationPolicy : undefined;
  return [
    ...fullName(child(path, 'name'), webhook.name ?? ''),
    ...each(child(path, 'rules'), webhook.rules, (rule, at) => validateRule(at, rule)),
    ...oneOf(child(path, 'failurePolicy'), webhook.failurePolicy, ['Fail', 'Ignore']),
    ...oneOf(child(path, 'matchPolicy'), webhook.matchPolicy, ['Equivalent', 'Exact']),
    ...validateEffects(child(path, 'sideEffects'), webhook.sideEffects, kept.sideEffects === true),
    ...(timeout !== undefined && (timeout > 30 || timeout < 1)
      ? [invalid(child(path, 'timeoutSeconds'), timeout, 'the timeout value must be between 1 and 30 seconds')]
      : []),
    ...validateLabelSelector(namespaces, webhook.namespaceSelector, kept.selectors),
    ...validateLabelSelector(objects, webhook.objectSelector, kept.selectors),
    ...oneOf(child(path, 'reinvocationPolicy'), again, ['IfNeeded', 'Never']),
    ...validateClientConfig(child(path, 'clientConfig'), webhook.clientConfig),
    ...(kept.conditions === true ? [] : validateMatchConditions(path, webhook.matchConditions)),
    ...validateVersions(
      child(path, 'admissionReviewVersions'),
      webhook.admissionReviewVersions,
      kept.versions === true,
    ),
  ];
};

const webhooksOf = ({ webhooks }: Configuration): readonly Webhook[] => webhooks ?? [];

const validateAll = (configuration: Configuration, kept: Kept): FieldError[] => {
  const names = new Set<string>();
  return webhooksOf(configuration).flatMap((webhook, index) => {
    const path = item('webhooks', index);
    const { name = '' } = webhook;
    const isAgain = kept.names !== true && name !== '' && names.has(name);
    names.add(name);
    return [...validateWebhook(webhook, path, kept), ...(isAgain ? [duplicate(child(path, 'name'), name)] : [])];
  });
};

export const validateWebhooks = (configuration: Configuration): FieldError[] => validateAll(configuration, {});

const conditionsOf = (webhooks: readonly Webhook[]): unknown =>
  webhooks.map(({ matchConditions }) => matchConditions ?? []);

export const validateWebhooksUpdate = (configuration: Configuration, stored: Configuration): FieldError[] => {
  const [now, old] = [webhooksOf(configuration), webhooksOf(stored)];
  return validateAll(configuration, {
    conditions: jsonEquals(conditionsOf(now), conditionsOf(old)),
    sideEffects: old.some(({ sideEffects = '' }) => !PURE.includes(sideEffects)),
    versions: old.some(
      ({ admissionReviewVersions: versions = [] }) =>
        versions.length > 0 && !versions.some((version) => VERSIONS.includes(version)),
    ),
    names: new Set(old.map(({ name }) => name)).size < old.length,
    selectors: old.some(({ namespaceSelector, objectSelector }) =>
      [namespaceSelector, objectSelector].some((selector) => validateLabelSelector('', selector).length > 0),
    ),
  });
};
