import type { KubeObject } from '../../../objects/object.js';
import {
  matchesLabels,
  selectorFromObject,
  type LabelSelectorObject,
} from '../../../objects/selectors/label-selector.js';
import type { Store } from '../../store/store.js';
import type { AdmissionRequest } from '../plugins/admission-plugin.js';
import type { ServedResource } from '../request.js';
import type { ResourceRegistry } from '../resource-registry.js';

/** Which requests a webhook or a policy is about. */
export interface RequestRule {
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
  readonly resourceNames?: readonly string[];
}

/** What never is shown to webhooks and policies: a bad one could not be mended any more. */
export const isExempt = ({ target: { resource } }: AdmissionRequest): boolean =>
  resource.group === 'admissionregistration.k8s.io';

const includes = (list: readonly string[] | undefined, value: string): boolean =>
  list?.includes('*') === true || list?.includes(value) === true;

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

const nameOf = ({ target, object }: AdmissionRequest): string => target.name ?? object?.metadata.name ?? '';

const matchesRule = (rule: RequestRule, request: AdmissionRequest, resource: ServedResource): boolean =>
  includes(rule.operations, request.operation) &&
  includes(rule.apiGroups, resource.group) &&
  includes(rule.apiVersions, resource.version) &&
  matchesResource(rule.resources ?? [], resource, request.target.subresource) &&
  matchesScope(rule.scope ?? '*', resource) &&
  ((rule.resourceNames ?? []).length === 0 || rule.resourceNames?.includes(nameOf(request)) === true);

const isOtherVersion = (a: ServedResource, b: ServedResource): boolean =>
  a !== b && a.plural === b.plural && (a.group === b.group || (a.kind === 'Event' && b.kind === 'Event'));

/**
 * The resource as which a request matches: its own, or, unless the versions must be exactly those, the same in another
 * version. undefined for a request that the rules are not about.
 */
export const matchedResource = (
  registry: ResourceRegistry,
  rules: readonly RequestRule[],
  matchPolicy: string | undefined,
  request: AdmissionRequest,
): ServedResource | undefined => {
  const { resource } = request.target;
  if (rules.some((rule) => matchesRule(rule, request, resource))) return resource;
  if (matchPolicy === 'Exact') return undefined;
  return registry.all.find(
    (other) => isOtherVersion(resource, other) && rules.some((rule) => matchesRule(rule, request, other)),
  );
};

const isEmpty = (selector: LabelSelectorObject | undefined): boolean =>
  selector === undefined ||
  ((selector.matchLabels === undefined || Object.keys(selector.matchLabels).length === 0) &&
    (selector.matchExpressions ?? []).length === 0);

const isNamespace = ({ target: { resource } }: AdmissionRequest): boolean =>
  resource.group === '' && resource.plural === 'namespaces';

/** Whether the namespace of a request has the labels; requests about no namespace always match. */
export const matchesNamespace = (
  store: Store,
  selector: LabelSelectorObject | undefined,
  request: AdmissionRequest,
): boolean => {
  if (isEmpty(selector)) return true;
  const { target, object, oldObject } = request;
  if (target.namespace === undefined && !isNamespace(request)) return true;
  const name = target.namespace ?? nameOf(request);
  const stored = store.get(`/registry/core/namespaces/${name}`)?.object;
  const namespace = isNamespace(request) ? (object ?? oldObject ?? stored) : stored;
  return matchesLabels(selectorFromObject(selector), namespace?.metadata.labels);
};

/** Whether the object, as it was or as it is to be, has the labels. */
export const matchesObject = (
  selector: LabelSelectorObject | undefined,
  { object, oldObject }: AdmissionRequest,
): boolean => {
  if (isEmpty(selector)) return true;
  const parsed = selectorFromObject(selector);
  const matches = (each: KubeObject | undefined): boolean =>
    each !== undefined && matchesLabels(parsed, (each as Partial<KubeObject>).metadata?.labels);
  return matches(object) || matches(oldObject);
};
