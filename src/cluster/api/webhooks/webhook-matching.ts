import type { MutatingWebhook } from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import {
  matchesLabels,
  selectorFromObject,
  type LabelSelectorObject,
} from '../../../objects/selectors/label-selector.js';
import type { Store } from '../../store/store.js';
import type { AdmissionRequest } from '../plugins/admission-plugin.js';
import type { ServedResource } from '../request.js';

type Rule = NonNullable<MutatingWebhook['rules']>[number];

/** What the two kinds of webhooks have in common for matching. */
export type Matchable = Pick<MutatingWebhook, 'rules' | 'namespaceSelector' | 'objectSelector'>;

/** True when the webhook wants to see the request. Webhook configurations themselves are never shown to webhooks. */
export const matchesWebhook = (store: Store, webhook: Matchable, request: AdmissionRequest): boolean => {
  if (/^(?:mutating|validating)webhookconfigurations$/.test(request.target.resource.plural)) return false;
  return (
    (webhook.rules ?? []).some((rule) => matchesRule(rule, request)) &&
    matchesNamespace(store, webhook.namespaceSelector, request) &&
    matchesObject(webhook.objectSelector, request)
  );
};

const includes = (list: readonly string[] | undefined, value: string): boolean =>
  list?.includes('*') === true || list?.includes(value) === true;

const matchesRule = (rule: Rule, { operation, target }: AdmissionRequest): boolean => {
  const { resource, subresource } = target;
  return (
    includes(rule.operations, operation) &&
    includes(rule.apiGroups, resource.group) &&
    includes(rule.apiVersions, resource.version) &&
    matchesResource(rule.resources ?? [], resource, subresource) &&
    matchesScope(rule.scope ?? '*', resource)
  );
};

const matchesScope = (scope: string, { namespaced }: ServedResource): boolean =>
  scope === '*' || (scope === 'Namespaced') === namespaced;

/** `pods`, `pods/*`, `pods/status`, `*`, `*` alone, and `*` with either. */
const matchesResource = (
  resources: readonly string[],
  { plural }: ServedResource,
  subresource: string | undefined,
): boolean =>
  resources.some((each) => {
    const [name = '', part] = each.split('/');
    if (name !== '*' && name !== plural) return false;
    if (part === undefined) return subresource === undefined;
    return part === '*' || part === subresource;
  });

const isEmpty = (selector: LabelSelectorObject | undefined): boolean =>
  selector === undefined ||
  ((selector.matchLabels === undefined || Object.keys(selector.matchLabels).length === 0) &&
    (selector.matchExpressions ?? []).length === 0);

const matchesNamespace = (
  store: Store,
  selector: LabelSelectorObject | undefined,
  { target, object }: AdmissionRequest,
): boolean => {
  if (isEmpty(selector)) return true;
  const isNamespace = target.resource.group === '' && target.resource.plural === 'namespaces';
  if (target.namespace === undefined && !isNamespace) return true;
  const name = target.namespace ?? target.name ?? object?.metadata.name ?? '';
  const stored = store.get(`/registry/core/namespaces/${name}`)?.object;
  return matchesLabels(selectorFromObject(selector), (isNamespace ? (object ?? stored) : stored)?.metadata.labels);
};

const matchesObject = (selector: LabelSelectorObject | undefined, { object, oldObject }: AdmissionRequest): boolean => {
  if (isEmpty(selector)) return true;
  const parsed = selectorFromObject(selector);
  const matches = (each: KubeObject | undefined): boolean =>
    each !== undefined && matchesLabels(parsed, each.metadata.labels);
  return matches(object) || matches(oldObject);
};
