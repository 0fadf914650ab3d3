import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { unauthorized } from '../../auth/authenticator.js';
import { accessDenied, type Authorizer } from '../../auth/authorizer.js';
import { impersonated } from '../../auth/impersonation.js';
import { ANONYMOUS, type UserInfo } from '../../auth/user.js';
import type { Api } from '../api.js';
import type { RequestContext } from '../request.js';
import { noSuchResource } from '../status-errors.js';
import { checkMethod } from './allowed-methods.js';
import { aggregatedRoute, serveAggregated, upgradeAggregated } from './connect/aggregated-requests.js';
import { Connections } from './connect/connections.js';
import { Discovery } from './discovery.js';
import type { HealthCheck } from './health.js';
import { connectionOf } from './multiplexer.js';
import { OpenApi } from './openapi.js';
import { handlePlain } from './plain-requests.js';
import { handleResource, handleWatchSocket, isWatch } from './resource-requests.js';
import { resourceRoute } from './route.js';
import { allottedMs, Deadline } from './traffic/deadline.js';
import { metricsOf } from './traffic/load-metrics.js';
import { pathInfo, resourceInfo, type RequestInfo } from './traffic/request-info.js';
import { Traffic, type Arrival } from './traffic/traffic.js';

export interface RequestHandler {
  /** Connections with requests under way that are waited for when the server closes. */
  readonly busy: ReadonlyMap<Duplex, number>;
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
  const discovery = new Discovery(api.registry, api.aggregator);
  const openApi = new OpenApi(api.registry, api.aggregator);
  const connections = new Connections(api.pipeline, { access: api.kubelets, isPodAddress: options.isPodAddress });
  const checks = healthChecks(api, closing);

  const identify = async (request: IncomingMessage, path: string): Promise<UserInfo> => {
    const found = authenticator.authenticate(request);
    const user = found instanceof Promise ? await found : found;
    if (user === ANONYMOUS && !OPEN.test(path)) throw unauthorized();
    return impersonated(user, request, api.authorize);
  };

  const traffic = options.traffic ?? new Traffic();
  const metrics = metricsOf({ traffic, store: api.pipeline.machinery.store, registry: api.registry });
  const plain = { discovery, openApi, tokens: api.tokens, checks, metrics };

  const busy = new Map<Duplex, number>();

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    [path, query]: SplitUrl,
    { arrival, deadline }: Omit<Begun, 'user'>,
  ): Promise<void> => {
    const user = await identify(request, path);
    const begun = { arrival, deadline, user };
    const elsewhere = aggregatedRoute(api.aggregator, request, path, query);
    if (elsewhere !== undefined) {
      arrival.info = elsewhere.info;
      begin(request, response, query, { ...begun, traffic, busy });
      if (!deadline.hasPassed) await serveAggregated(request, response, elsewhere, { ...api, user });
      return;
    }
    if (!isResourcePath(path)) {
      checkPath(api.authorize, user, request.method ?? 'GET', path);
      begin(request, response, query, { ...begun, traffic, busy });
      if (!deadline.hasPassed) await handlePlain(request, response, path, query, plain);
      return;
    }
    const route = resourceRoute(api.registry, path);
    arrival.info = resourceInfo(request, route, isWatch({ request, query, ...route }));
    begin(request, response, query, { ...begun, traffic, busy });
    if (deadline.hasPassed) return;
    const context = contextOf(request, response, user, arrival.info.isLongRunning ? closing : undefined);
    checkMethod(route.target, request.method ?? '');
    if (await connections.request(request, response, context, route, query)) return;
    await handleResource({ pipeline: api.pipeline, request, response, context, query, ...route });
  };

  return {
    busy,
    request: async (request, response) => {
      const url = splitUrl(request.url ?? '/');
      const arrival = traffic.arrive(pathInfo(request, url[0]));
      const deadline = new Deadline(request, response, traffic.limits.requestMs);
      response.once('close', () => {
        deadline.lift();
        traffic.leave(arrival, response.statusCode);
      });
      try {
        await answer(request, response, url, { arrival, deadline });
      } catch (error) {
        if (!deadline.hasPassed) throw error;
      }
    },
    upgrade: upgrades({ api, identify, connections, traffic }, closing),
  };
};

/** What must be well, as monitors know it: `etcd` is where objects are kept. */
const healthChecks = (api: Api, closing: AbortSignal): readonly HealthCheck[] => {
  const isStoreOpen = (): boolean => api.pipeline.machinery.store.revision >= 0;
  return [
    { name: 'ping', isHealthy: () => true },
    { name: 'etcd', only: ['healthz', 'livez'], isHealthy: isStoreOpen },
    { name: 'informer-sync', only: ['readyz'], isHealthy: isStoreOpen },
    { name: 'shutdown', only: ['readyz'], isHealthy: () => !closing.aborted },
  ];
};

/** How connections that ask for another protocol are taken over. */
const upgrades =
  ({ api, identify, connections, traffic }: UpgradeParts, closing: AbortSignal): RequestHandler['upgrade'] =>
  async (request, socket, head) => {
    const [path, query] = splitUrl(request.url ?? '/');
    const user = await identify(request, path);
    const elsewhere = aggregatedRoute(api.aggregator, request, path, query);
    if (elsewhere !== undefined) {
      admitUpgrade(traffic, elsewhere.info, user, socket);
      await upgradeAggregated(request, { socket, head }, elsewhere, { ...api, user });
      return;
    }
    if (!isResourcePath(path)) throw noSuchResource();
    const context = { user, userAgent: request.headers['user-agent'] ?? '', signal: closing, warnings: [] };
    const route = resourceRoute(api.registry, path);
    const incoming = { pipeline: api.pipeline, request, context, query, ...route };
    admitUpgrade(traffic, resourceInfo(request, route, isWatch(incoming)), user, socket);
    if (isWatch(incoming)) await handleWatchSocket(incoming, { socket, head });
    else await connections.upgrade(request, { socket, head }, context, route, query);
  };

const admitUpgrade = (traffic: Traffic, info: RequestInfo, user: UserInfo, socket: Duplex): void => {
  const arrival = traffic.arrive({ ...info, isLongRunning: true });
  traffic.admit(arrival, user);
  if (socket.destroyed) traffic.leave(arrival, SWITCHING);
  else socket.once('close', () => traffic.leave(arrival, SWITCHING));
};

interface UpgradeParts {
  readonly api: Api;
  readonly identify: (request: IncomingMessage, path: string) => Promise<UserInfo>;
  readonly connections: Connections;
  readonly traffic: Traffic;
}

/** A request whose sender is known. */
interface Begun {
  readonly arrival: Arrival;
  readonly deadline: Deadline;
  readonly user: UserInfo;
}

/** Lets a request in, and says until when it must be answered; long-running ones take as long as they want. */
const begin = (
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  { arrival, deadline, user, traffic, busy }: Begun & { readonly traffic: Traffic; readonly busy: Map<Duplex, number> },
): void => {
  if (arrival.info.isLongRunning) {
    deadline.lift();
  } else {
    deadline.limit(allottedMs(query, traffic.limits.requestMs));
    countBusy(busy, request, response);
  }
  traffic.admit(arrival, user);
};

const countBusy = (busy: Map<Duplex, number>, request: IncomingMessage, response: ServerResponse): void => {
  const connection = connectionOf(request);
  busy.set(connection, (busy.get(connection) ?? 0) + 1);
  response.once('close', () => {
    const left = (busy.get(connection) ?? 1) - 1;
    if (left === 0) busy.delete(connection);
    else busy.set(connection, left);
  });
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
  /^\/api\/v1\/./.test(path) || /^\/apis\/[^/]+\/[^/]+\/[^/]/.test(path);

const NO_QUERY = new URLSearchParams();

type SplitUrl = readonly [path: string, query: URLSearchParams];

const splitUrl = (url: string): SplitUrl => {
  const at = url.indexOf('?');
  return at < 0 ? [url, NO_QUERY] : [url.slice(0, at), new URLSearchParams(url.slice(at + 1))];
};

/** Long-running requests, by the signal of the server's end that ends them: one listener for all that are under way. */
const underWay = new WeakMap<AbortSignal, Set<AbortController>>();

const endedWith = (closing: AbortSignal): Set<AbortController> => {
  const known = underWay.get(closing);
  if (known !== undefined) return known;
  const requests = new Set<AbortController>();
  underWay.set(closing, requests);
  closing.addEventListener('abort', () => requests.forEach((each) => each.abort()), { once: true });
  return requests;
};

/** The context of a request ends with its connection; that of a long-running one with the server as well. */
const contextOf = (
  request: IncomingMessage,
  response: ServerResponse,
  user: UserInfo,
  closing: AbortSignal | undefined,
): RequestContext => {
  const gone = new AbortController();
  if (closing?.aborted === true) gone.abort();
  const requests = closing && endedWith(closing);
  requests?.add(gone);
  response.once('close', () => {
    requests?.delete(gone);
    gone.abort();
  });
  return { user, userAgent: request.headers['user-agent'] ?? '', signal: gone.signal, warnings: [] };
};
