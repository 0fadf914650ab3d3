import type { MutatingWebhook, ValidatingWebhook } from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { compileConditions, type PolicyExpressions } from '../../admission/cel/request-expressions.js';
import type { AdmissionRequest } from '../plugins/admission-plugin.js';
import { evaluateConditions } from '../policies/match-conditions.js';
import { isExempt, matchedResource, matchesNamespace, matchesObject } from '../policies/request-matching.js';
import { RequestValues } from '../policies/request-variables.js';
import type { PolicySource } from '../policies/validating-policies.js';
import type { ServedResource } from '../request.js';
import { forbidden } from '../status-errors.js';

type Webhook = MutatingWebhook | ValidatingWebhook;

/** What a webhook is shown: the objects in the version that it asked for. */
export interface WebhookTarget {
  readonly matched: ServedResource;
  readonly object?: KubeObject;
  readonly oldObject?: KubeObject;
}

interface CompiledConditions {
  readonly programs: PolicyExpressions['matchConditions'];
  readonly problems: readonly string[];
}

const compiled = new WeakMap<Webhook, CompiledConditions>();

const conditionsOf = (webhook: Webhook): CompiledConditions => {
  const known = compiled.get(webhook);
  if (known !== undefined) return known;
  const problems: string[] = [];
  const variables = { hasParams: false, hasAuthorizer: true };
  const programs = compileConditions(webhook.matchConditions, variables, (_path, _source, error) =>
    problems.push(error.message),
  );
  const made = { programs, problems };
  compiled.set(webhook, made);
  return made;
};

/**
 * What a webhook is to be shown of a request; undefined when the request is none of its business. Webhook configurations
 * and policies themselves are never shown. Throws Forbidden when a match condition cannot be evaluated.
 */
export const webhookTarget = async <R extends AdmissionRequest>(
  source: PolicySource,
  webhook: Webhook,
  request: R,
): Promise<(WebhookTarget & Pick<R, 'object'>) | undefined> => {
  const { target } = request;
  if (isExempt(request)) return undefined;
  const matched = matchedResource(source.registry, webhook.rules ?? [], webhook.matchPolicy, request);
  if (matched === undefined) return undefined;
  if (!matchesNamespace(source.store, webhook.namespaceSelector, request)) return undefined;
  if (!matchesObject(webhook.objectSelector, request)) return undefined;
  const inVersion = async (object: KubeObject | undefined): Promise<KubeObject | undefined> =>
    object === undefined || matched === target.resource || object.kind !== target.resource.kind
      ? object
      : source.convert(object, matched.apiVersion, matched);
  const [object, oldObject] = [await inVersion(request.object), await inVersion(request.oldObject)];
  const shown = {
    matched,
    ...(object === undefined ? {} : { object }),
    ...(oldObject === undefined ? {} : { oldObject }),
  };
  if (!passesConditions(source, webhook, request, { matched, object, oldObject })) return undefined;
  return shown as WebhookTarget & Pick<R, 'object'>;
};

const passesConditions = (
  source: PolicySource,
  webhook: Webhook,
  request: AdmissionRequest,
  subject: {
    readonly matched: ServedResource;
    readonly object: KubeObject | undefined;
    readonly oldObject: KubeObject | undefined;
  },
): boolean => {
  if ((webhook.matchConditions ?? []).length === 0) return true;
  const { programs, problems } = conditionsOf(webhook);
  const values = new RequestValues(source.store, source.authorize, { request, ...subject });
  const result = problems.length > 0 ? { error: problems.join(', ') } : evaluateConditions(programs, values);
  if ('matches' in result) return result.matches;
  if (webhook.failurePolicy === 'Ignore') return false;
  const { target, object } = request;
  throw forbidden(target.resource, target.name ?? object?.metadata.name ?? '', result.error);
};
