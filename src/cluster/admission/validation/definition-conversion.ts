import type {
  CustomResourceDefinitionSpec,
  WebhookClientConfig,
} from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import { dns1035Label } from '../../../objects/names.js';
import { child, forbidden, invalid, invalidEach, item, required, type FieldError } from '../field-errors.js';
import { requiredOneOf } from './rules.js';
import { authorityErrors, webhookServiceErrors, webhookUrlErrors } from './webhook-address.js';

const CONVERSION = 'spec.conversion';

const addressErrors = (field: string, { url, service }: WebhookClientConfig): FieldError[] => {
  if ((url === undefined) === (service === undefined))
    return [required(field, 'exactly one of url or service is required')];
  if (url !== undefined) return webhookUrlErrors(child(field, 'url'), url);
  // Kubernetes takes the one for the other here, and says so.
  const swapped = { ...service, name: service?.namespace ?? '', namespace: service?.name ?? '' };
  return webhookServiceErrors(child(field, 'service'), swapped);
};

const reviewVersionErrors = (field: string, versions: readonly string[]): FieldError[] => {
  if (versions.length === 0) return [required(field)];
  const known = versions.some((version) => version === 'v1' || version === 'v1beta1');
  return [
    ...versions.flatMap((version, index) =>
      versions.indexOf(version) === index
        ? invalidEach(item(field, index), version, dns1035Label(version))
        : [invalid(item(field, index), version, 'duplicate version')],
    ),
    ...(known ? [] : [invalid(field, versions, 'must include at least one of v1, v1beta1')]),
  ];
};

/** What is wrong with how versions are converted. The certificates of a definition that is not served yet may come later. */
export const conversionErrors = (
  conversion: CustomResourceDefinitionSpec['conversion'],
  checksAuthorities: boolean,
): FieldError[] => {
  const { strategy, webhook } = conversion ?? {};
  const { clientConfig, conversionReviewVersions = [] } = webhook ?? {};
  const errors = requiredOneOf(child(CONVERSION, 'strategy'), strategy, ['None', 'Webhook']);
  const [client, reviews] = [child(CONVERSION, 'webhookClientConfig'), child(CONVERSION, 'conversionReviewVersions')];
  if (strategy !== 'Webhook') {
    const why = 'should not be set when strategy is not set to Webhook';
    if (clientConfig !== undefined) errors.push(forbidden(client, why));
    if (conversionReviewVersions.length > 0) errors.push(forbidden(reviews, why));
    return errors;
  }
  if (clientConfig === undefined) errors.push(required(client, 'required when strategy is set to Webhook'));
  else errors.push(...addressErrors(client, clientConfig));
  if (checksAuthorities) errors.push(...authorityErrors(child(client, 'caBundle'), clientConfig?.caBundle));
  return [...errors, ...reviewVersionErrors(reviews, conversionReviewVersions)];
};
