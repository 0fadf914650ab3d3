import { randomUUID } from 'node:crypto';
import { ApiError, type StatusDetails, type StatusReason } from '../../../objects/api-error.js';
import { isRecord } from '../../../objects/json.js';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import type { Store } from '../../store/store.js';
import type { KubeObject } from '../../../objects/object.js';
import { applyJsonPatch } from '../../../objects/patches/json-patch.js';
import type { AdmissionPlugin, AdmissionRequest } from '../plugins/admission-plugin.js';
import type { PolicySource } from '../policies/validating-policies.js';
import { reviewRequest } from '../policies/request-variables.js';
import type { ServedResource } from '../request.js';
import { badRequest, internal } from '../status-errors.js';
import { admissionAnswer, type AdmissionAnswer } from './admission-answer.js';
import { callWebhook } from './webhook-call.js';
import { webhookTarget, type WebhookTarget } from './webhook-matching.js';

const PREFIX = '/registry/admissionregistration.k8s.io/';
const DEFAULT_TIMEOUT_SECONDS = 10;

/** Lets the webhooks that are registered change objects, one after the other in the order of their names. */
export const mutatingWebhooks = (source: () => PolicySource): AdmissionPlugin => ({
  name: 'MutatingAdmissionWebhook',
  isOfUsers: true,
  isRemote: true,
  admit: (request) => {
    const from = source();
    const webhooks = webhooksOf<MutatingWebhookConfiguration>(from, 'mutatingwebhookconfigurations');
    return webhooks.length === 0 ? request.object : mutate(from, webhooks, request);
  },
  validate: async (request) => {
    if (request.operation !== 'DELETE') return;
    const from = source();
    for (const webhook of webhooksOf<MutatingWebhookConfiguration>(from, 'mutatingwebhookconfigurations')) {
      await askBeforeDeletion(from, webhook, request);
    }
  },
});

/** There is no object to change when one is deleted, but a webhook may refuse it. */
const askBeforeDeletion = async (
  source: PolicySource,
  webhook: MutatingWebhook,
  request: AdmissionRequest,
): Promise<void> => {
  const target = await webhookTarget(source, webhook, request);
  const answer = target === undefined ? undefined : await ask(source, webhook, request, target, true);
  if (answer?.patch === undefined) return;
  const why = 'attempted to modify the object, which is not supported for this operation';
  throw internal(`admission webhook ${JSON.stringify(webhook.name)} ${why}`);
};

/** Asks all validating webhooks at once; the first refusal counts. */
export const validatingWebhooks = (source: () => PolicySource): AdmissionPlugin => ({
  name: 'ValidatingAdmissionWebhook',
  isOfUsers: true,
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
  const answer = await ask(source, webhook, request, target, true);
  if (answer?.patch === undefined) return request.object;
  const result = patchedObject(target.object, answer.patch);
  return target.matched === request.target.resource || result.kind !== request.target.resource.kind
    ? result
    : source.convert(result, request.target.resource.apiVersion, request.target.resource);
};

const patchedObject = (object: KubeObject, patch: readonly unknown[]): KubeObject => {
  let patched: unknown;
  try {
    patched = applyJsonPatch(object, patch);
  } catch (error) {
    const why = error instanceof Error ? (error.cause ?? error.message) : error;
    throw internal(String(why));
  }
  const { apiVersion, kind } = object;
  const result: Readonly<Record<string, unknown>> = isRecord(patched) ? patched : {};
  const { apiVersion: newVersion = apiVersion, kind: newKind = kind, metadata = {} } = result;
  if (newKind !== kind || newVersion !== apiVersion) {
    const [group = ''] = (apiVersion.includes('/') ? apiVersion : 'core/').split(/[./]/, 1);
    const given = `${String(newVersion).split('/').at(-1) ?? ''}.${String(newKind)}`;
    throw new ApiError('Unknown', `converting (${given}) to (${group}.${kind}): unknown conversion`);
  }
  return { ...result, apiVersion, kind, metadata } as KubeObject;
};

const validate = async (
  source: PolicySource,
  webhooks: readonly ValidatingWebhook[],
  request: AdmissionRequest,
): Promise<void> => {
  const results = await Promise.allSettled(
    webhooks.map(async (webhook) => {
      const target = await webhookTarget(source, webhook, request);
      if (target !== undefined) await ask(source, webhook, request, target, false);
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};

/** What an allowed request comes back with. Throws the refusal; undefined when the webhook failed and may be ignored. */
const ask = async (
  { store }: PolicySource,
  webhook: Webhook,
  request: AdmissionRequest,
  target: WebhookTarget,
  mutates: boolean,
): Promise<AdmissionAnswer | undefined> => {
  checkSideEffects(webhook, request);
  const uid = randomUUID();
  let answer: AdmissionAnswer;
  try {
    const version = reviewVersion(webhook.admissionReviewVersions ?? []);
    const review = await call(store, webhook, reviewOf(version, uid, request, target), version, request.context.signal);
    answer = admissionAnswer(review, { version, uid, mutates });
  } catch (error) {
    if (webhook.failurePolicy === 'Ignore') return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw internal(`failed calling webhook "${webhook.name}": ${why}`);
  }
  request.context.warnings.push(...answer.warnings);
  if (!answer.allowed) throw refusal(webhook.name, answer.status);
  return answer;
};

const SCHEME = 'k8s.io/apiserver/pkg/util/webhook/client.go:71';

const call = async (
  store: Store,
  { clientConfig, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS }: Webhook,
  review: unknown,
  version: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> => {
  const wanted = { group: 'admission.k8s.io', version, kind: 'AdmissionReview', scheme: SCHEME };
  try {
    return await callWebhook(store, clientConfig, review, wanted, { timeoutMs: timeoutSeconds * 1000, signal });
  } catch (error) {
    throw new Error(`failed to call webhook: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
};

/** The first version of reviews that both sides know. */
const reviewVersion = (versions: readonly string[]): string =>
  versions.find((version) => version === 'v1' || version === 'v1beta1') ?? 'v1';

/** A refusal carries the status that the webhook gave it. */
const refusal = (name: string, status: AdmissionAnswer['status'] = {}): ApiError => {
  const { message, reason, code, details } = status;
  const why =
    typeof message === 'string' && message !== ''
      ? `: ${message}`
      : typeof reason === 'string' && reason !== ''
        ? `: ${reason}`
        : ' without explanation';
  const given = typeof reason === 'string' && reason !== '' ? (reason as StatusReason) : 'Unknown';
  return new ApiError(
    given,
    `admission webhook ${JSON.stringify(name)} denied the request${why}`,
    isRecord(details) ? (details as StatusDetails) : undefined,
    typeof code === 'number' && code >= 400 ? code : 400,
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
