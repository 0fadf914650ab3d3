import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError } from '../../../objects/api-error.js';
import { unauthorized } from '../../auth/authenticator.js';
import { accessDenied, type Authorizer } from '../../auth/authorizer.js';
import { impersonated } from '../../auth/impersonation.js';
import { ANONYMOUS, type UserInfo } from '../../auth/user.js';
import { ISSUER, type ServiceAccountTokens } from '../../auth/service-account-tokens.js';
import type { Api } from '../api.js';
import type { RequestContext } from '../request.js';
import { noSuchResource } from '../status-errors.js';
import { Connections } from './connect/connections.js';
import { Discovery, type DiscoveryDocument } from './discovery.js';
import { sendAnswer, sendBytes } from './answers.js';
import { healthAnswer, type HealthCheck } from './health.js';
import { OpenApi, type OpenApiAnswer } from './openapi.js';
import { handleResource, handleWatchSocket, isWatch } from './resource-requests.js';
import { resourceRoute } from './route.js';
import { VERSION } from './version.js';

export interface RequestHandler {
  request(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Takes over a connection that asks for another protocol. A throw refuses it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

interface HandlerOptions {
  readonly api: Api;
  readonly isPodAddress?: (address: string) => boolean;
}

/** Paths that answer without a credential. */
const OPEN = /^\/(?:healthz|livez|readyz)(?:\/|$)|^\/version\/?$/;

export const createRequestHandler = (options: HandlerOptions, closing: AbortSignal): RequestHandler => {
  const { api } = options;
  const authenticator = api.authenticator;
  const discovery = new Discovery(api.registry);
  const openApi = new OpenApi(api.registry);
  const connections = new Connections(api.pipeline, { access: api.kubelets, isPodAddress: options.isPodAddress });
  const checks: readonly HealthCheck[] = [
    { name: 'ping', isHealthy: () => true },
    { name: 'store', isHealthy: () => api.pipeline.machinery.store.revision >= 0 },
    { name: 'shutdown', isHealthy: () => !closing.aborted },
  ];

  const identify = async (request: IncomingMessage, path: string): Promise<UserInfo> => {
    const found = authenticator.authenticate(request);
    const user = found instanceof Promise ? await found : found;
    if (user === ANONYMOUS && !OPEN.test(path)) throw unauthorized();
    return impersonated(user, request, api.authorize);
  };

  return {
    request: async (request, response) => {
      const [path, query] = splitUrl(request.url ?? '/');
      const user = await identify(request, path);
      if (path.startsWith('/api/v1/') || isResourcePath(path)) {
        const route = resourceRoute(api.registry, path);
        const context = contextOf(request, response, user, closing);
        if (await connections.request(request, response, context, route, query)) return;
        await handleResource({ pipeline: api.pipeline, request, response, context, query, ...route });
        return;
      }
      checkPath(api.authorize, user, request.method ?? 'GET', path);
      await handlePlain(request, response, path, query, { discovery, openApi, tokens: api.tokens, checks });
    },
    upgrade: async (request, socket, head) => {
      const [path, query] = splitUrl(request.url ?? '/');
      const user = await identify(request, path);
      if (!path.startsWith('/api/v1/') && !isResourcePath(path)) throw noSuchResource();
      const context = { user, userAgent: request.headers['user-agent'] ?? '', signal: closing, warnings: [] };
      const route = resourceRoute(api.registry, path);
      const incoming = { pipeline: api.pipeline, request, context, query, ...route };
      if (isWatch(incoming)) await handleWatchSocket(incoming, { socket, head });
      else await connections.upgrade(request, { socket, head }, context, route, query);
    },
  };
};

/** Who may ask for what is no object: discovery, keys, health. */
const checkPath = (authorize: Authorizer, user: UserInfo, method: string, path: string): void => {
  if (OPEN.test(path)) return;
  const asked = { user, verb: method.toLowerCase(), path };
  const { allowed, reason } = authorize(asked);
  if (!allowed) throw accessDenied(asked, reason);
};

/** `/apis/<group>/<version>/<something>` */
const isResourcePath = (path: string): boolean => /^\/apis\/[^/]+\/[^/]+\/[^/]/.test(path);

const NO_QUERY = new URLSearchParams();

const splitUrl = (url: string): readonly [string, URLSearchParams] => {
  const at = url.indexOf('?');
  return at < 0 ? [url, NO_QUERY] : [url.slice(0, at), new URLSearchParams(url.slice(at + 1))];
};

const contextOf = (
  request: IncomingMessage,
  response: ServerResponse,
  user: UserInfo,
  closing: AbortSignal,
): RequestContext => {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const end = (): void => gone.abort();
  closing.addEventListener('abort', end, { once: true });
  response.once('close', () => closing.removeEventListener('abort', end));
  return { user, userAgent: request.headers['user-agent'] ?? '', signal: gone.signal, warnings: [] };
};

interface PlainParts {
  readonly discovery: Discovery;
  readonly openApi: OpenApi;
  readonly tokens: ServiceAccountTokens;
  readonly checks: readonly HealthCheck[];
}

const handlePlain = async (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: URLSearchParams,
  { discovery, openApi, tokens, checks }: PlainParts,
): Promise<void> => {
  if (/^\/(?:healthz|livez|readyz)(?:\/|$)/.test(path)) {
    const { code, text } = healthAnswer(path, query, checks);
    await sendBytes(request, response, code, 'text/plain; charset=utf-8', [Buffer.from(text)]);
    return;
  }
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  if (trimmed === '/version') {
    await sendAnswer(request, response, { code: 200, body: VERSION }, { format: 'json' });
    return;
  }
  if (trimmed === '/') {
    const paths = [...discovery.paths(), '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'];
    await sendAnswer(request, response, { code: 200, body: { paths } }, { format: 'json' });
    return;
  }
  if (trimmed === '/.well-known/openid-configuration') {
    await sendAnswer(request, response, { code: 200, body: OPENID }, { format: 'json' });
    return;
  }
  if (trimmed === '/openid/v1/jwks') {
    await sendAnswer(request, response, { code: 200, body: await tokens.keys() }, { format: 'json' });
    return;
  }
  if (trimmed.startsWith('/openapi/')) {
    await sendOpenApi(request, response, trimmed.slice('/openapi/'.length), query, openApi);
    return;
  }
  sendDiscovery(request, response, discoveryDocument(discovery, trimmed, request.headers.accept ?? ''));
};

/** How others find the keys by which service-account tokens are checked. */
const OPENID = {
  issuer: ISSUER,
  jwks_uri: `${ISSUER}/openid/v1/jwks`,
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['ES256'],
};

const sendOpenApi = async (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: URLSearchParams,
  openApi: OpenApi,
): Promise<void> => {
  const document = openApiAnswer(openApi, path, request.headers.accept ?? '');
  response.setHeader('etag', document.etag);
  response.setHeader('vary', 'Accept');
  if (request.headers['if-none-match'] === document.etag) {
    response.writeHead(304);
    response.end();
    return;
  }
  // What is asked for by its hash never changes.
  const caching = query.has('hash') ? 'public, immutable' : 'no-cache, private';
  await sendBytes(request, response, 200, document.contentType ?? 'application/json', [document.bytes], caching);
};

const openApiAnswer = (openApi: OpenApi, path: string, accept: string): OpenApiAnswer => {
  if (path === 'v3') return openApi.index();
  if (path.startsWith('v3/')) return openApi.document(path.slice('v3/'.length));
  if (path !== 'v2') throw noSuchResource();
  if (/proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/.test(accept)) return openApi.version2Protobuf();
  if (accept !== '' && !/json|\*\/\*/.test(accept)) {
    throw new ApiError('NotAcceptable', 'only the following media types are accepted: application/json');
  }
  return openApi.version2();
};

interface DiscoveryAnswer extends DiscoveryDocument {
  readonly contentType: string;
}

const json = (document: DiscoveryDocument): DiscoveryAnswer => ({ ...document, contentType: 'application/json' });

const discoveryDocument = (discovery: Discovery, path: string, accept: string): DiscoveryAnswer => {
  const [, root, group, version, more] = path.split('/');
  if (more !== undefined || (root !== 'api' && root !== 'apis')) throw noSuchResource();
  if (group === undefined) {
    const aggregated = aggregatedVersion(accept);
    if (aggregated !== undefined) {
      const contentType = `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`;
      return { ...discovery.aggregated(root === 'api' ? 'core' : 'groups', aggregated), contentType };
    }
    return json(root === 'api' ? discovery.legacyVersions() : discovery.groupList());
  }
  if (root === 'api') return json(version === undefined ? discovery.resourceList(group) : notThere());
  return json(version === undefined ? discovery.group(group) : discovery.resourceList(`${group}/${version}`));
};

const notThere = (): never => {
  throw noSuchResource();
};

/** The version of aggregated discovery that the client prefers over the plain one. */
const aggregatedVersion = (accept: string): 'v2' | 'v2beta1' | undefined => {
  for (const entry of accept.split(',')) {
    const parts = entry.split(';').map((part) => part.trim());
    if (parts[0] !== 'application/json' && parts[0] !== 'application/*') continue;
    if (!parts.includes('as=APIGroupDiscoveryList') || !parts.includes('g=apidiscovery.k8s.io')) return undefined;
    if (parts.includes('v=v2')) return 'v2';
    if (parts.includes('v=v2beta1')) return 'v2beta1';
  }
  return undefined;
};

const sendDiscovery = (
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, etag, contentType }: DiscoveryAnswer,
): void => {
  const headers = { etag, vary: 'Accept', 'cache-control': 'public', 'content-type': contentType };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-length': bytes.byteLength });
  response.end(request.method === 'HEAD' ? undefined : bytes);
};
