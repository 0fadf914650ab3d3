import { randomUUID } from 'node:crypto';
import { ApiError } from '../../../objects/api-error.js';
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
import type { Store } from '../../store/store.js';
import type { AdmissionPlugin, AdmissionRequest } from '../plugins/admission-plugin.js';
import { badRequest, internal } from '../status-errors.js';
import { callWebhook } from './webhook-call.js';
import { matchesWebhook } from './webhook-matching.js';

const PREFIX = '/registry/admissionregistration.k8s.io/';
const DEFAULT_TIMEOUT_SECONDS = 10;

/** Lets the webhooks that are registered change objects, one after the other in the order of their names. */
export const mutatingWebhooks = (store: Store): AdmissionPlugin => ({
  name: 'MutatingAdmissionWebhook',
  isRemote: true,
  admit: (request) => {
    const webhooks = webhooksOf<MutatingWebhookConfiguration>(store, 'mutatingwebhookconfigurations');
    return webhooks.length === 0 ? request.object : mutate(store, webhooks, request);
  },
});

/** Asks all validating webhooks at once; the first refusal counts. */
export const validatingWebhooks = (store: Store): AdmissionPlugin => ({
  name: 'ValidatingAdmissionWebhook',
  validate: (request) => {
    const webhooks = webhooksOf<ValidatingWebhookConfiguration>(store, 'validatingwebhookconfigurations');
    const matching = webhooks.filter((webhook) => matchesWebhook(store, webhook, request));
    return matching.length === 0 ? undefined : validate(store, matching, request);
  },
});

type Webhook = MutatingWebhook | ValidatingWebhook;

const webhooksOf = <T extends MutatingWebhookConfiguration | ValidatingWebhookConfiguration>(
  store: Store,
  plural: string,
): readonly NonNullable<T['webhooks']>[number][] =>
  store.list(`${PREFIX}${plural}/`).items.flatMap(({ object }) => (object as T).webhooks ?? []);

type WithObject = AdmissionRequest & { readonly object: KubeObject };

const mutate = async (store: Store, webhooks: readonly MutatingWebhook[], request: WithObject): Promise<KubeObject> => {
  let { object } = request;
  const called: { webhook: MutatingWebhook; result: KubeObject }[] = [];
  for (const webhook of webhooks) {
    if (!matchesWebhook(store, webhook, { ...request, object })) continue;
    object = await mutateBy(store, webhook, { ...request, object });
    called.push({ webhook, result: object });
  }
  // Who asked for it sees the object again when others changed it afterwards.
  for (const { webhook, result } of called) {
    if (webhook.reinvocationPolicy === 'IfNeeded' && result !== object) {
      object = await mutateBy(store, webhook, { ...request, object });
    }
  }
  return object;
};

const mutateBy = async (store: Store, webhook: MutatingWebhook, request: WithObject): Promise<KubeObject> => {
  const answer = await ask(store, webhook, request);
  if (answer?.patch === undefined) return request.object;
  if (answer.patchType !== 'JSONPatch') throw internal(`webhook ${webhook.name} sent a patch of unknown type`);
  const patch: unknown = readJson(Buffer.from(answer.patch, 'base64').toString('utf8'));
  const patched = applyJsonPatch(request.object, patch);
  if (!isRecord(patched) || !isRecord(patched['metadata'])) throw internal(`webhook ${webhook.name} left no object`);
  return patched as KubeObject;
};

const validate = async (
  store: Store,
  webhooks: readonly ValidatingWebhook[],
  request: AdmissionRequest,
): Promise<void> => {
  const results = await Promise.allSettled(webhooks.map((webhook) => ask(store, webhook, request)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};

interface Answer {
  readonly patch?: string;
  readonly patchType?: string;
}

/** What an allowed request comes back with. Throws the refusal; undefined when the webhook failed and may be ignored. */
const ask = async (store: Store, webhook: Webhook, request: AdmissionRequest): Promise<Answer | undefined> => {
  checkSideEffects(webhook, request);
  const uid = randomUUID();
  let response: Readonly<Record<string, unknown>>;
  try {
    if ((webhook.matchConditions ?? []).length > 0) throw new Error('matchConditions are not supported');
    const limits = {
      timeoutMs: (webhook.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
      signal: request.context.signal,
    };
    const answer = await callWebhook(store, webhook.clientConfig, reviewOf(uid, request), limits);
    const found = isRecord(answer) ? answer['response'] : undefined;
    if (!isRecord(found) || found['uid'] !== uid) throw new Error('the answer is not for this request');
    response = found;
  } catch (error) {
    if (webhook.failurePolicy === 'Ignore') return undefined;
    throw internal(
      `failed calling webhook "${webhook.name}": ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  for (const warning of Array.isArray(response['warnings']) ? response['warnings'] : []) {
    if (typeof warning === 'string') request.context.warnings.push(warning);
  }
  if (response['allowed'] !== true) throw refusal(webhook.name, response['status']);
  const { patch, patchType } = response;
  return { ...(typeof patch === 'string' ? { patch } : {}), ...(typeof patchType === 'string' ? { patchType } : {}) };
};

const refusal = (name: string, status: unknown): ApiError => {
  const { message, reason, code } = isRecord(status) ? status : {};
  const why =
    typeof message === 'string' && message !== ''
      ? `: ${message}`
      : typeof reason === 'string'
        ? `: ${reason}`
        : ' without explanation';
  const httpCode = typeof code === 'number' && code >= 400 && code < 600 ? code : 403;
  return new ApiError('Forbidden', `admission webhook ${JSON.stringify(name)} denied the request${why}`, {}, httpCode);
};

/** A dry run must leave no traces, also elsewhere. */
const checkSideEffects = ({ name, sideEffects }: Webhook, { dryRun }: AdmissionRequest): void => {
  if (dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') {
    throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
  }
};

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions', CONNECT: '' } as const;

const reviewOf = (uid: string, request: AdmissionRequest): unknown => {
  const { target, operation, object, oldObject, dryRun, context } = request;
  const { group, version, kind, plural } = target.resource;
  const { user } = context;
  const gvk = { group, version, kind };
  const gvr = { group, version, resource: plural };
  const name = target.name ?? object?.metadata.name ?? '';
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: gvk,
      resource: gvr,
      requestKind: gvk,
      requestResource: gvr,
      ...(target.subresource === undefined
        ? {}
        : { subResource: target.subresource, requestSubResource: target.subresource }),
      ...(name === '' ? {} : { name }),
      ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
      operation,
      userInfo: { username: user.name, uid: user.uid, groups: user.groups, extra: user.extra },
      object: object ?? null,
      oldObject: oldObject ?? null,
      dryRun,
      options: OPTIONS[operation] === '' ? null : { apiVersion: 'meta.k8s.io/v1', kind: OPTIONS[operation] },
    },
  };
};
