import { request as httpsRequest } from 'node:https';
import { writeJson } from '../../../objects/lossless-json.js';
import type { Store } from '../../store/store.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';
import { networkFault } from '../network-fault.js';
import { readyEndpoint } from '../service-endpoint.js';
import { readReview, type ReviewKind, type WebhookReply } from './webhook-reply.js';
import { readAnswer } from '../read-answer.js';

/** Where a webhook is, as webhook configurations and conversions say it. */
export interface WebhookClientConfig {
  readonly url?: string;
  readonly service?: {
    readonly namespace: string;
    readonly name: string;
    readonly path?: string;
    readonly port?: number;
  };
  /** PEM in base64: who signed the webhook's certificate. The machine's authorities when absent. */
  readonly caBundle?: string;
}

/** Answers larger than this are refused. */
const ANSWER_LIMIT = 3 * 1024 * 1024;

interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Posts a review to a webhook and reads the one that comes back. Redirects are not followed. Rejects with what went
 * wrong, in the words in which Kubernetes reports it.
 */
export const callWebhook = async (
  store: Store,
  config: WebhookClientConfig,
  review: unknown,
  wanted: ReviewKind,
  limits: Limits,
): Promise<Readonly<Record<string, unknown>>> => {
  const timeout = `timeout=${limits.timeoutMs / 1000}s`;
  let reply: WebhookReply;
  try {
    reply = await post({ ...addressOf(store, config), caBundle: config.caBundle }, review, limits, timeout);
  } catch (error) {
    throw new Error(`Post "${shownUrl(config, timeout)}": ${networkFault(error)}`, { cause: error });
  }
  return readReview(reply, wanted);
};

const shownUrl = ({ url, service }: WebhookClientConfig, timeout: string): string => {
  const base =
    url ??
    `https://${service?.name ?? ''}.${service?.namespace ?? ''}.svc:${service?.port ?? 443}${service?.path ?? '/'}`;
  return `${base}${base.includes('?') ? '&' : '?'}${timeout}`;
};

const post = (
  { host, port, path, serverName, caBundle }: Address & Pick<WebhookClientConfig, 'caBundle'>,
  review: unknown,
  limits: Limits,
  timeout: string,
): Promise<WebhookReply> => {
  const body = Buffer.from(writeJson(review));
  const signal = AbortSignal.any([limits.signal, timeoutSignal(limits.timeoutMs)]);
  const ca = caBundle === undefined ? {} : { ca: Buffer.from(caBundle, 'base64') };
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      {
        host,
        port,
        path: `${path}${path.includes('?') ? '&' : '?'}${timeout}`,
        method: 'POST',
        servername: serverName,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'content-length': body.length,
          host: serverName,
        },
        agent: false,
        signal,
        ...ca,
      },
      (answer) => {
        const head = { code: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '' };
        readAnswer(answer, ANSWER_LIMIT).then((text) => resolve({ ...head, text }), reject);
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
};

interface Address {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly serverName: string;
}

const addressOf = (store: Store, { url, service }: WebhookClientConfig): Address => {
  if (url !== undefined) {
    const { hostname, port, pathname, search, protocol } = new URL(url);
    if (protocol !== 'https:') throw new Error('the URL of a webhook must begin with https://');
    return { host: hostname, port: port === '' ? 443 : Number(port), path: pathname + search, serverName: hostname };
  }
  if (service === undefined) throw new Error('the webhook names neither a url nor a service');
  return {
    ...readyEndpoint(store, service),
    path: service.path ?? '/',
    serverName: `${service.name}.${service.namespace}.svc`,
  };
};
