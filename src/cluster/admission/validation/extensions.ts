import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import { dns1035Label, dns1123Subdomain } from '../../../objects/names.js';
import { child, invalid, invalidEach, required, tooMany, type FieldError } from '../field-errors.js';
import { ruleProblems } from '../custom-resources/rule-problems.js';
import { structuralErrors, type StructuralSchema } from '../custom-resources/structural-schema.js';
import { validateLabelSelector } from './labels.js';
import { each, immutable, inRange, oneOf, requiredOneOf, requiredText, unique } from './rules.js';

const validateClientConfig = (field: string, config: WebhookClientConfig | undefined): FieldError[] => {
  const { url, service } = config ?? {};
  if ((url === undefined) === (service === undefined))
    return [required(field, 'exactly one of url or service is required')];
  if (url !== undefined) {
    return /^https:\/\/[^/?#]+/.test(url)
      ? []
      : [
          invalid(
            child(field, 'url'),
            url,
            "'https' is the only allowed URL scheme; desired format: https://host[/path]",
          ),
        ];
  }
  return [
    ...requiredText(child(field, 'service.name'), service?.name),
    ...requiredText(child(field, 'service.namespace'), service?.namespace),
    ...inRange(child(field, 'service.port'), service?.port, 1, 65_535),
  ];
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

const validateVersion = (version: CustomResourceDefinitionVersion, path: string): FieldError[] => {
  const errors = requiredText(child(path, 'name'), version.name, dns1035Label);
  const schema = version.schema?.openAPIV3Schema;
  if (schema === undefined) return [...errors, required(child(path, 'schema.openAPIV3Schema'), 'schemas are required')];
  if ((version.selectableFields ?? []).length > 8) {
    errors.push(tooMany(child(path, 'selectableFields'), version.selectableFields?.length ?? 0, 8));
  }
  const field = child(path, 'schema.openAPIV3Schema');
  const structure = structuralErrors(schema as StructuralSchema, field);
  return [...errors, ...structure, ...(structure.length === 0 ? ruleProblems(schema as StructuralSchema, field) : [])];
};

export const validateDefinition = ({ metadata, spec }: CustomResourceDefinition): FieldError[] => {
  const errors: FieldError[] = [];
  const { names } = spec;
  const expected = `${names?.plural ?? ''}.${spec.group}`;
  if (metadata.name !== expected)
    errors.push(invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'));
  errors.push(...requiredText('spec.group', spec.group, dns1123Subdomain));
  if (spec.group !== '' && !(spec.group ?? '').includes('.'))
    errors.push(invalid('spec.group', spec.group, 'should be a domain with at least one dot'));
  errors.push(...requiredOneOf('spec.scope', spec.scope, ['Cluster', 'Namespaced']));
  errors.push(
    ...each('spec.versions', spec.versions, (version, path) => validateVersion(version, path)),
    ...unique('spec.versions', spec.versions, ({ name }) => name, 'name'),
  );
  const stored = (spec.versions ?? []).filter(({ storage }) => storage);
  if (stored.length !== 1)
    errors.push(invalid('spec.versions', spec.versions, 'must have exactly one version marked as storage version'));
  return [
    ...errors,
    ...requiredText('spec.names.plural', names?.plural, dns1035Label),
    ...requiredText('spec.names.singular', names?.singular, dns1035Label),
    ...requiredText('spec.names.kind', names?.kind?.toLowerCase(), dns1035Label),
    ...requiredText('spec.names.listKind', names?.listKind?.toLowerCase(), dns1035Label),
    ...each('spec.names.shortNames', names?.shortNames, (name, path) => invalidEach(path, name, dns1035Label(name))),
    ...((names?.kind ?? '') !== '' && names?.kind === names?.listKind
      ? [invalid('spec.names.listKind', names?.listKind, 'kind and listKind may not be the same')]
      : []),
    ...requiredOneOf('spec.conversion.strategy', spec.conversion?.strategy, ['None', 'Webhook']),
    ...(spec.conversion?.strategy === 'Webhook' && spec.conversion.webhook?.clientConfig === undefined
      ? [required('spec.conversion.webhookClientConfig', 'required when strategy is set to Webhook')]
      : []),
  ];
};

export const validateDefinitionUpdate = (
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] => {
  const isEstablished = (old.status?.conditions ?? []).some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
  return [
    ...validateDefinition(definition),
    ...immutable('spec.group', definition.spec.group, old.spec.group),
    ...immutable('spec.names.plural', definition.spec.names?.plural, old.spec.names?.plural),
    ...(isEstablished ? immutable('spec.scope', definition.spec.scope, old.spec.scope) : []),
    ...(isEstablished ? immutable('spec.names.kind', definition.spec.names?.kind, old.spec.names?.kind) : []),
  ];
};
