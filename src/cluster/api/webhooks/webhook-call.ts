import { request as httpsRequest } from 'node:https';
import type { EndpointSlice } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import type { Service } from '../../../objects/kinds/core-v1.js';
import { readJson, writeJson } from '../../../objects/lossless-json.js';
import type { Store } from '../../store/store.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';

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
 * Posts a review to a webhook and reads the answer. Redirects are not followed. Rejects with what went wrong, in the
 * words in which Kubernetes reports it.
 */
export const callWebhook = async (
  store: Store,
  config: WebhookClientConfig,
  review: unknown,
  limits: Limits,
): Promise<unknown> => {
  const timeout = `timeout=${limits.timeoutMs / 1000}s`;
  try {
    return await post({ ...addressOf(store, config), caBundle: config.caBundle }, review, limits, timeout);
  } catch (error) {
    throw new Error(`failed to call webhook: Post "${shownUrl(config, timeout)}": ${whyOf(error)}`, { cause: error });
  }
};

const shownUrl = ({ url, service }: WebhookClientConfig, timeout: string): string => {
  const base =
    url ??
    `https://${service?.name ?? ''}.${service?.namespace ?? ''}.svc:${service?.port ?? 443}${service?.path ?? '/'}`;
  return `${base}${base.includes('?') ? '&' : '?'}${timeout}`;
};

/** What went wrong on the way, as Go's HTTP client says it. */
const whyOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'context deadline exceeded';
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  if (code === 'ECONNREFUSED') return `dial tcp ${address ?? ''}:${port ?? ''}: connect: connection refused`;
  if (code === 'ENOTFOUND')
    return `dial tcp: lookup ${String((error as { hostname?: string }).hostname)}: no such host`;
  if (
    code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' ||
    code === 'SELF_SIGNED_CERT_IN_CHAIN' ||
    code === 'DEPTH_ZERO_SELF_SIGNED_CERT'
  )
    return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  return error.message;
};

const post = (
  { host, port, path, serverName, caBundle }: Address & Pick<WebhookClientConfig, 'caBundle'>,
  review: unknown,
  limits: Limits,
  timeout: string,
): Promise<unknown> => {
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
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > ANSWER_LIMIT) answer.destroy(new Error('the answer is too large'));
          chunks.push(chunk);
        });
        answer.once('error', reject);
        answer.once('end', () => {
          try {
            if (answer.statusCode !== 200) throw new Error(`the server answered with status ${answer.statusCode}`);
            resolve(readJson(Buffer.concat(chunks).toString('utf8')));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
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
    ...endpointOf(store, service),
    path: service.path ?? '/',
    serverName: `${service.name}.${service.namespace}.svc`,
  };
};

/** A ready endpoint of the webhook's Service. */
const endpointOf = (
  store: Store,
  { namespace, name, port = 443 }: NonNullable<WebhookClientConfig['service']>,
): { host: string; port: number } => {
  const service = store.get(`/registry/core/services/${namespace}/${name}`)?.object as Service | undefined;
  if (service === undefined) throw new Error(`service "${name}" not found`);
  const asked = (service.spec.ports ?? []).find((each) => each.port === port);
  const slices = store
    .list(`/registry/discovery.k8s.io/endpointslices/${namespace}/`)
    .items.map(({ object }) => object as EndpointSlice)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);
  for (const slice of slices) {
    const open = (slice.ports ?? []).find((each) => (each.name ?? '') === (asked?.name ?? ''))?.port;
    const host = (slice.endpoints ?? []).find(({ conditions }) => conditions?.ready !== false)?.addresses[0];
    if (open !== undefined && host !== undefined) return { host, port: open };
  }
  throw new Error(`no endpoints available for service "${name}"`);
};
