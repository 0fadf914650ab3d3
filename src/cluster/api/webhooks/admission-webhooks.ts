import { randomUUID } from 'node:crypto';
import { ApiError, type StatusDetails, type StatusReason } from '../../../objects/api-error.js';
import { isRecord } from '../../../objects/json.js';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import { readJson } from '../../../objects/lossless-json.js';
import type { KubeObject } from '../../../objects/object.js';
import { applyJsonPatch } from '../../../objects/patches/json-patch.js';
import type { AdmissionPlugin, AdmissionRequest } from '../plugins/admission-plugin.js';
import type { PolicySource } from '../policies/validating-policies.js';
import { reviewRequest } from '../policies/request-variables.js';
import type { ServedResource } from '../request.js';
import { badRequest, internal } from '../status-errors.js';
import { callWebhook } from './webhook-call.js';
import { webhookTarget, type WebhookTarget } from './webhook-matching.js';

const PREFIX = '/registry/admissionregistration.k8s.io/';
const DEFAULT_TIMEOUT_SECONDS = 10;

/** Lets the webhooks that are registered change objects, one after the other in the order of their names. */
export const mutatingWebhooks = (source: () => PolicySource): AdmissionPlugin => ({
  name: 'MutatingAdmissionWebhook',
  isRemote: true,
  admit: (request) => {
    const from = source();
    const webhooks = webhooksOf<MutatingWebhookConfiguration>(from, 'mutatingwebhookconfigurations');
    return webhooks.length === 0 ? request.object : mutate(from, webhooks, request);
  },
});

/** Asks all validating webhooks at once; the first refusal counts. */
export const validatingWebhooks = (source: () => PolicySource): AdmissionPlugin => ({
  name: 'ValidatingAdmissionWebhook',
  validate: (request) => {
    const from = source();
    const webhooks = webhooksOf<ValidatingWebhookConfiguration>(from, 'validatingwebhookconfigurations');
    return webhooks.length === 0 ? undefined : validate(from, webhooks, request);
  },
});

type Webhook = MutatingWebhook | ValidatingWebhook;

const webhooksOf = <T extends MutatingWebhookConfiguration | ValidatingWebhookConfiguration>(
  { store }: PolicySource,
  plural: string,
): readonly NonNullable<T['webhooks']>[number][] =>
  store.list(`${PREFIX}${plural}/`).items.flatMap(({ object }) => (object as T).webhooks ?? []);

type WithObject = AdmissionRequest & { readonly object: KubeObject };

const mutate = async (
  source: PolicySource,
  webhooks: readonly MutatingWebhook[],
  request: WithObject,
): Promise<KubeObject> => {
  let { object } = request;
  const called: { webhook: MutatingWebhook; result: KubeObject }[] = [];
  for (const webhook of webhooks) {
    const changed = await mutateBy(source, webhook, { ...request, object });
    if (changed === undefined) continue;
    object = changed;
    called.push({ webhook, result: object });
  }
  // Who asked for it sees the object again when others changed it afterwards.
  for (const { webhook, result } of called) {
    if (webhook.reinvocationPolicy === 'IfNeeded' && result !== object) {
      object = (await mutateBy(source, webhook, { ...request, object })) ?? object;
    }
  }
  return object;
};

/** The object as a webhook leaves it; undefined for one that was not asked. */
const mutateBy = async (
  source: PolicySource,
  webhook: MutatingWebhook,
  request: WithObject,
): Promise<KubeObject | undefined> => {
  const target = await webhookTarget(source, webhook, request);
  if (target === undefined) return undefined;
  const answer = await ask(source, webhook, request, target);
  if (answer?.patch === undefined) return request.object;
  if (answer.patchType !== 'JSONPatch') throw internal(`webhook ${webhook.name} sent a patch of unknown type`);
  const patch: unknown = readJson(Buffer.from(answer.patch, 'base64').toString('utf8'));
  const patched = applyJsonPatch(target.object, patch);
  if (!isRecord(patched) || !isRecord(patched['metadata'])) throw internal(`webhook ${webhook.name} left no object`);
  const result = patched as KubeObject;
  return target.matched === request.target.resource
    ? result
    : source.convert(result, request.target.resource.apiVersion, request.target.resource);
};

const validate = async (
  source: PolicySource,
  webhooks: readonly ValidatingWebhook[],
  request: AdmissionRequest,
): Promise<void> => {
  const results = await Promise.allSettled(
    webhooks.map(async (webhook) => {
      const target = await webhookTarget(source, webhook, request);
      if (target !== undefined) await ask(source, webhook, request, target);
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};

interface Answer {
  readonly patch?: string;
  readonly patchType?: string;
}

/** What an allowed request comes back with. Throws the refusal; undefined when the webhook failed and may be ignored. */
const ask = async (
  { store }: PolicySource,
  webhook: Webhook,
  request: AdmissionRequest,
  target: WebhookTarget,
): Promise<Answer | undefined> => {
  checkSideEffects(webhook, request);
  const uid = randomUUID();
  let response: Readonly<Record<string, unknown>>;
  try {
    const limits = {
      timeoutMs: (webhook.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
      signal: request.context.signal,
    };
    const version = reviewVersion(webhook.admissionReviewVersions ?? []);
    const answer = await callWebhook(store, webhook.clientConfig, reviewOf(version, uid, request, target), limits);
    response = responseOf(answer, version, uid);
  } catch (error) {
    if (webhook.failurePolicy === 'Ignore') return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw internal(`failed calling webhook "${webhook.name}": ${why}`);
  }
  for (const warning of Array.isArray(response['warnings']) ? response['warnings'] : []) {
    if (typeof warning === 'string') request.context.warnings.push(warning);
  }
  if (response['allowed'] !== true) throw refusal(webhook.name, response['status']);
  const { patch, patchType } = response;
  return { ...(typeof patch === 'string' ? { patch } : {}), ...(typeof patchType === 'string' ? { patchType } : {}) };
};

/** The first version of reviews that both sides know. */
const reviewVersion = (versions: readonly string[]): string =>
  versions.find((version) => version === 'v1' || version === 'v1beta1') ?? 'v1';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const responseOf = (answer: unknown, version: string, uid: string): Readonly<Record<string, unknown>> => {
  const review = isRecord(answer) ? answer : {};
  const { response } = review;
  if (!isRecord(response)) throw new Error('expected response to be present');
  if (version !== 'v1') return response;
  const kind = `admission.k8s.io/v1, Kind=AdmissionReview`;
  const given = `${textOf(review['apiVersion'])}, Kind=${textOf(review['kind'])}`;
  if (review['apiVersion'] !== undefined && given !== kind)
    throw new Error(`received invalid webhook response: expected webhook response of ${kind}, got ${given}`);
  if (response['uid'] !== uid)
    throw new Error(
      `received invalid webhook response: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`,
    );
  return response;
};

/** A refusal carries the status that the webhook gave it. */
const refusal = (name: string, status: unknown): ApiError => {
  const { message, reason, code, details } = isRecord(status) ? status : {};
  const why =
    typeof message === 'string' && message !== ''
      ? `: ${message}`
      : typeof reason === 'string' && reason !== ''
        ? `: ${reason}`
        : ' without explanation';
  const given = (typeof reason === 'string' ? reason : '') as StatusReason;
  const httpCode = typeof code === 'number' && code >= 400 && code < 600 ? code : 400;
  return new ApiError(
    given,
    `admission webhook ${JSON.stringify(name)} denied the request${why}`,
    isRecord(details) ? (details as StatusDetails) : {},
    httpCode,
  );
};

/** A dry run must leave no traces, also elsewhere. */
const checkSideEffects = ({ name, sideEffects }: Webhook, { dryRun }: AdmissionRequest): void => {
  if (dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') {
    throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
  }
};

const reviewOf = (
  version: string,
  uid: string,
  request: AdmissionRequest,
  { matched, object, oldObject }: { matched: ServedResource; object?: KubeObject; oldObject?: KubeObject },
): unknown => ({
  apiVersion: `admission.k8s.io/${version}`,
  kind: 'AdmissionReview',
  request: { uid, ...reviewRequest(request, matched), object: object ?? null, oldObject: oldObject ?? null },
});
