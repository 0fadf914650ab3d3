import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { unauthorized } from '../../auth/authenticator.js';
import { accessDenied, type Authorizer } from '../../auth/authorizer.js';
import { impersonated } from '../../auth/impersonation.js';
import { ANONYMOUS, type UserInfo } from '../../auth/user.js';
import type { Api } from '../api.js';
import type { RequestContext } from '../request.js';
import { noSuchResource } from '../status-errors.js';
import { Connections } from './connect/connections.js';
import { Discovery } from './discovery.js';
import type { HealthCheck } from './health.js';
import { OpenApi } from './openapi.js';
import { handlePlain } from './plain-requests.js';
import { handleResource, handleWatchSocket, isWatch } from './resource-requests.js';
import { resourceRoute } from './route.js';
import { metricsOf } from './traffic/load-metrics.js';
import { pathInfo, resourceInfo } from './traffic/request-info.js';
import { Traffic, type Arrival } from './traffic/traffic.js';

export interface RequestHandler {
  request(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Takes over a connection that asks for another protocol. A throw refuses it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

interface HandlerOptions {
  readonly api: Api;
  readonly isPodAddress?: (address: string) => boolean;
  readonly traffic?: Traffic;
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
    { name: 'shutdown', only: 'readyz', isHealthy: () => !closing.aborted },
  ];

  const identify = async (request: IncomingMessage, path: string): Promise<UserInfo> => {
    const found = authenticator.authenticate(request);
    const user = found instanceof Promise ? await found : found;
    if (user === ANONYMOUS && !OPEN.test(path)) throw unauthorized();
    return impersonated(user, request, api.authorize);
  };

  const traffic = options.traffic ?? new Traffic();
  const metrics = metricsOf({ traffic, store: api.pipeline.machinery.store, registry: api.registry });
  const plain = { discovery, openApi, tokens: api.tokens, checks, metrics };

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    [path, query]: SplitUrl,
    arrival: Arrival,
  ): Promise<void> => {
    const user = await identify(request, path);
    if (!isResourcePath(path)) {
      checkPath(api.authorize, user, request.method ?? 'GET', path);
      traffic.admit(arrival, user);
      await handlePlain(request, response, path, query, plain);
      return;
    }
    const route = resourceRoute(api.registry, path);
    arrival.info = resourceInfo(request, route, isWatch({ request, query, ...route }));
    traffic.admit(arrival, user);
    const context = contextOf(request, response, user, closing);
    if (await connections.request(request, response, context, route, query)) return;
    await handleResource({ pipeline: api.pipeline, request, response, context, query, ...route });
  };

  return {
    request: async (request, response) => {
      const url = splitUrl(request.url ?? '/');
      const arrival = traffic.arrive(pathInfo(request, url[0]));
      response.once('close', () => traffic.leave(arrival, response.statusCode));
      await answer(request, response, url, arrival);
    },
    upgrade: async (request, socket, head) => {
      const [path, query] = splitUrl(request.url ?? '/');
      const user = await identify(request, path);
      if (!isResourcePath(path)) throw noSuchResource();
      const context = { user, userAgent: request.headers['user-agent'] ?? '', signal: closing, warnings: [] };
      const route = resourceRoute(api.registry, path);
      const incoming = { pipeline: api.pipeline, request, context, query, ...route };
      const arrival = traffic.arrive({ ...resourceInfo(request, route, isWatch(incoming)), isLongRunning: true });
      traffic.admit(arrival, user);
      if (socket.destroyed) traffic.leave(arrival, SWITCHING);
      else socket.once('close', () => traffic.leave(arrival, SWITCHING));
      if (isWatch(incoming)) await handleWatchSocket(incoming, { socket, head });
      else await connections.upgrade(request, { socket, head }, context, route, query);
    },
  };
};

const SWITCHING = 101;

/** Who may ask for what is no object: discovery, keys, health. */
const checkPath = (authorize: Authorizer, user: UserInfo, method: string, path: string): void => {
  if (OPEN.test(path)) return;
  const asked = { user, verb: method.toLowerCase(), path };
  const { allowed, reason } = authorize(asked);
  if (!allowed) throw accessDenied(asked, reason);
};

/** `/api/v1/<something>`, `/apis/<group>/<version>/<something>` */
const isResourcePath = (path: string): boolean =>
  path.startsWith('/api/v1/') || /^\/apis\/[^/]+\/[^/]+\/[^/]/.test(path);

const NO_QUERY = new URLSearchParams();

type SplitUrl = readonly [path: string, query: URLSearchParams];

const splitUrl = (url: string): SplitUrl => {
  const at = url.indexOf('?');
  return at < 0 ? [url, NO_QUERY] : [url.slice(0, at), new URLSearchParams(url.slice(at + 1))];
};

/** What ends with a request, by the signal of the server's end: one listener for all that are under way. */
const underWay = new WeakMap<AbortSignal, Set<AbortController>>();

const endedWith = (closing: AbortSignal): Set<AbortController> => {
  const known = underWay.get(closing);
  if (known !== undefined) return known;
  const requests = new Set<AbortController>();
  underWay.set(closing, requests);
  closing.addEventListener('abort', () => requests.forEach((each) => each.abort()), { once: true });
  return requests;
};

const contextOf = (
  request: IncomingMessage,
  response: ServerResponse,
  user: UserInfo,
  closing: AbortSignal,
): RequestContext => {
  const gone = new AbortController();
  if (closing.aborted) gone.abort();
  const requests = endedWith(closing);
  requests.add(gone);
  response.once('close', () => {
    requests.delete(gone);
    gone.abort();
  });
  return { user, userAgent: request.headers['user-agent'] ?? '', signal: gone.signal, warnings: [] };
};
