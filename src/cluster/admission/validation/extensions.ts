import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import { child, invalid, required, type FieldError } from '../field-errors.js';
import { validateMatchConditions } from './admission-policies.js';
import { validateLabelSelector } from './labels.js';
import { each, inRange, oneOf, requiredText, unique } from './rules.js';
import { webhookServiceErrors, webhookUrlErrors } from './webhook-address.js';

/** Where a webhook is: a Service or an address. */
const validateClientConfig = (field: string, config: WebhookClientConfig | undefined): FieldError[] => {
  const { url, service } = config ?? {};
  if ((url === undefined) === (service === undefined))
    return [required(field, 'exactly one of url or service is required')];
  return url === undefined
    ? webhookServiceErrors(child(field, 'service'), service ?? {})
    : webhookUrlErrors(child(field, 'url'), url);
};

const validateWebhook = (webhook: MutatingWebhook | ValidatingWebhook, path: string): FieldError[] => {
  const errors = requiredText(child(path, 'name'), webhook.name);
  if (webhook.name !== '' && webhook.name.split('.').length < 3) {
    errors.push(
      invalid(child(path, 'name'), webhook.name, 'should be a domain with at least three segments separated by dots'),
    );
  }
  return [
    ...errors,
    ...((webhook.admissionReviewVersions ?? []).length === 0
      ? [required(child(path, 'admissionReviewVersions'), 'must specify one of v1, v1beta1')]
      : []),
    ...oneOf(child(path, 'failurePolicy'), webhook.failurePolicy, ['Fail', 'Ignore']),
    ...oneOf(child(path, 'matchPolicy'), webhook.matchPolicy, ['Equivalent', 'Exact']),
    ...(webhook.sideEffects === undefined
      ? [required(child(path, 'sideEffects'), 'must specify one of None, NoneOnDryRun')]
      : oneOf(child(path, 'sideEffects'), webhook.sideEffects, ['None', 'NoneOnDryRun'])),
    ...inRange(child(path, 'timeoutSeconds'), webhook.timeoutSeconds, 1, 30),
    ...validateLabelSelector(child(path, 'namespaceSelector'), webhook.namespaceSelector),
    ...validateLabelSelector(child(path, 'objectSelector'), webhook.objectSelector),
    ...each(child(path, 'rules'), webhook.rules, (rule, at) => [
      ...((rule.operations ?? []).length === 0 ? [required(child(at, 'operations'))] : []),
      ...((rule.apiGroups ?? []).length === 0 ? [required(child(at, 'apiGroups'))] : []),
      ...((rule.apiVersions ?? []).length === 0 ? [required(child(at, 'apiVersions'))] : []),
      ...((rule.resources ?? []).length === 0 ? [required(child(at, 'resources'))] : []),
    ]),
    ...validateClientConfig(child(path, 'clientConfig'), webhook.clientConfig),
    ...validateMatchConditions(path, webhook.matchConditions),
  ];
};

export const validateMutatingWebhooks = ({ webhooks }: MutatingWebhookConfiguration): FieldError[] => [
  ...each('webhooks', webhooks, (webhook, path) => validateWebhook(webhook, path)),
  ...unique('webhooks', webhooks, ({ name }) => name, 'name'),
];

export const validateValidatingWebhooks = ({ webhooks }: ValidatingWebhookConfiguration): FieldError[] => [
  ...each('webhooks', webhooks, (webhook, path) => validateWebhook(webhook, path)),
  ...unique('webhooks', webhooks, ({ name }) => name, 'name'),
];
