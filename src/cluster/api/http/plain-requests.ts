import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { ApiError } from '../../../objects/api-error.js';
import { ISSUER, type ServiceAccountTokens } from '../../auth/service-account-tokens.js';
import { noSuchMethod, pageNotFound } from '../status-errors.js';
import { sendAnswer, sendBytes } from './answers.js';
import type { Discovery, DiscoveryDocument } from './discovery.js';
import { healthAnswer, type HealthCheck } from './health.js';
import type { OpenApi, OpenApiAnswer } from './openapi.js';
import { VERSION } from './version.js';

/** What answers the paths that are no resources. */
export interface PlainParts {
  readonly discovery: Discovery;
  readonly openApi: OpenApi;
  readonly tokens: ServiceAccountTokens;
  readonly checks: readonly HealthCheck[];
  readonly metrics: Promise<Registry>;
}

/** Answers what is no resource: health, version, metrics, discovery, OpenAPI and keys. */
export const handlePlain = async (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: URLSearchParams,
  { discovery, openApi, tokens, checks, metrics }: PlainParts,
): Promise<void> => {
  if (/^\/(?:healthz|livez|readyz)(?:\/|$)/.test(path)) {
    const { code, text } = healthAnswer(path, query, checks);
    await sendBytes(request, response, code, 'text/plain; charset=utf-8', [Buffer.from(text)]);
    return;
  }
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  if (ONLY_READ.test(trimmed) && request.method !== 'GET') throw noSuchMethod();
  if (trimmed === '/version') {
    requireJson(request);
    await sendAnswer(request, response, { code: 200, body: VERSION }, { format: 'json' });
    return;
  }
  if (trimmed === '/metrics') {
    const { contentType, text } = await metricsText(metrics);
    await sendBytes(request, response, 200, contentType, [Buffer.from(text)]);
    return;
  }
  if (trimmed === '/' || trimmed === '/index.html') {
    const health = checks.flatMap(({ name, only = ['healthz', 'livez', 'readyz'] }) =>
      only.map((endpoint) => `/${endpoint}/${name}`),
    );
    const paths = [...discovery.paths(), ...OTHER_PATHS, ...health].toSorted();
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

/** Paths that only GET asks. */
const ONLY_READ = /^\/(?:version|api(?:\/[^/]+)?)$/;

const requireJson = ({ headers: { accept = '' } }: IncomingMessage): void => {
  if (accept === '' || /\*\/\*|application\/(?:json|\*)/.test(accept)) return;
  throw new ApiError('NotAcceptable', '406: Not Acceptable\n\nAvailable representations: application/json', {});
};

const OTHER_PATHS = [
  '/.well-known/openid-configuration',
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/openid/v1/jwks',
  '/readyz',
  '/version',
];

const metricsText = async (metrics: Promise<Registry>): Promise<{ contentType: string; text: string }> => {
  const registry = await metrics;
  return { contentType: registry.contentType, text: await registry.metrics() };
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
  if (path !== 'v2') throw pageNotFound();
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
  if (more !== undefined || (root !== 'api' && root !== 'apis')) throw pageNotFound();
  if (group === undefined) {
    if (takesAggregated(accept)) {
      const contentType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
      return { ...discovery.aggregated(root === 'api' ? 'core' : 'groups'), contentType };
    }
    return json(root === 'api' ? discovery.legacyVersions() : discovery.groupList());
  }
  if (root === 'api') return json(version === undefined ? discovery.resourceList(group) : notThere());
  return json(version === undefined ? discovery.group(group) : discovery.resourceList(`${group}/${version}`));
};

const notThere = (): never => {
  throw pageNotFound();
};

/** Whether the client takes aggregated discovery. */
const takesAggregated = (accept: string): boolean =>
  accept.split(',').some((entry) => {
    const parts = entry.split(';').map((part) => part.trim());
    const isJson = parts[0] === 'application/json' || parts[0] === 'application/*';
    return (
      isJson && ['as=APIGroupDiscoveryList', 'g=apidiscovery.k8s.io', 'v=v2'].every((part) => parts.includes(part))
    );
  });

const sendDiscovery = (
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, etag, contentType }: DiscoveryAnswer,
): void => {
  const isAggregated = contentType !== 'application/json';
  const headers = isAggregated
    ? { etag, vary: 'Accept', 'cache-control': 'public', 'content-type': contentType }
    : { etag, 'cache-control': 'no-cache, private', 'content-type': contentType };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-length': bytes.byteLength });
  response.end(request.method === 'HEAD' ? undefined : bytes);
};
