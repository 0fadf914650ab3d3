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

/** Posts a review to a webhook and reads the answer. Redirects are not followed. Rejects with what went wrong. */
export const callWebhook = (
  store: Store,
  config: WebhookClientConfig,
  review: unknown,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<unknown> => {
  const { host, port, path, serverName } = addressOf(store, config);
  const body = Buffer.from(writeJson(review));
  const signal = AbortSignal.any([limits.signal, timeoutSignal(limits.timeoutMs)]);
  const ca = config.caBundle === undefined ? {} : { ca: Buffer.from(config.caBundle, 'base64') };
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      {
        host,
        port,
        path,
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
    const host = slice.endpoints.find(({ conditions }) => conditions?.ready !== false)?.addresses[0];
    if (open !== undefined && host !== undefined) return { host, port: open };
  }
  throw new Error(`no endpoints available for service "${name}"`);
};
