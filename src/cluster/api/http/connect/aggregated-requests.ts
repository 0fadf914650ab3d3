import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError } from '../../../../objects/api-error.js';
import { accessDenied, type AccessAttributes, type Authorizer } from '../../../auth/authorizer.js';
import type { UserInfo } from '../../../auth/user.js';
import type { Aggregator } from '../../aggregation/aggregator.js';
import type { ApiService } from '../../registration/api-services.js';
import { PlainError } from '../../status-errors.js';
import { flag } from '../parameters.js';
import { partsOf, segmentsOf } from '../route.js';
import { pathInfo, resourceInfo, type RequestInfo } from '../traffic/request-info.js';
import { forward, forwardUpgrade, type Destination } from './tunnel.js';

/** A request that a server behind a Service answers. */
export interface AggregatedRoute {
  readonly service: ApiService;
  /** What it is, for metrics and limits. */
  readonly info: RequestInfo;
  /** What its sender must be allowed. */
  readonly asked: Omit<AccessAttributes, 'user'>;
}

const PATH = /^(\/openapi\/v3)?\/apis\/([^/]+)\/([^/]+)(\/.+)?$/;
const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** Where a path leads when another server answers it; undefined when this one does. */
export const aggregatedRoute = (
  aggregator: Aggregator,
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
): AggregatedRoute | undefined => {
  const [, openApi, group = '', version = '', below] = PATH.exec(path) ?? [];
  const service = group === '' ? undefined : aggregator.find(group, version);
  if (service === undefined) return undefined;
  if (openApi !== undefined || below === undefined || below === '/') {
    const verb = (request.method ?? 'GET').toLowerCase();
    return { service, info: pathInfo(request, path), asked: { verb, path } };
  }
  const rest = segmentsOf(below);
  const isOldWatch = rest[0] === 'watch' && rest.length > 1;
  const { plural, namespace, name, subresource } = partsOf(isOldWatch ? rest.slice(1) : rest);
  const isWatch = request.method === 'GET' && (isOldWatch || (name === undefined && flag(query, 'watch') === true));
  const part = {
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
  const isKnown = aggregator.remotes.some((remote) => remote.resources.some((each) => each.plural === plural));
  const resource = { group, version, plural: isKnown ? plural : '' };
  return {
    service,
    info: resourceInfo(request, { target: { resource, ...part } }, isWatch),
    asked: { verb: verbOf(request, name !== undefined, isWatch), group, resource: plural, ...part },
  };
};

const verbOf = ({ method = '' }: IncomingMessage, hasName: boolean, isWatch: boolean): string => {
  if (isWatch) return 'watch';
  const verb = VERBS[method] ?? (hasName ? 'get' : 'list');
  return verb === 'delete' && !hasName ? 'deletecollection' : verb;
};

interface Sent {
  readonly aggregator: Aggregator;
  readonly authorize: Authorizer;
  readonly user: UserInfo;
}

/** Checks that the sender may ask, and finds an endpoint. Throws Forbidden, and ServiceUnavailable in plain text. */
const admitted = (
  request: IncomingMessage,
  route: AggregatedRoute,
  { aggregator, authorize, user }: Sent,
): Destination => {
  const attributes = { user, ...route.asked };
  const { allowed, reason } = authorize(attributes);
  if (!allowed) throw accessDenied(attributes, reason);
  const conditions = route.service.status?.conditions ?? [];
  if (!conditions.some(({ type, status }) => type === 'Available' && status === 'True')) throw unavailable();
  try {
    return aggregator.destination(route.service, request.url ?? '/', user);
  } catch {
    throw unavailable();
  }
};

const unavailable = (why = 'service unavailable'): PlainError => new PlainError('ServiceUnavailable', `${why}\n`);

/** Passes a request on to the server that answers it. */
export const serveAggregated = async (
  request: IncomingMessage,
  response: ServerResponse,
  route: AggregatedRoute,
  sent: Sent,
): Promise<void> => {
  try {
    await forward(request, response, admitted(request, route, sent));
  } catch (error) {
    throw inPlainText(error);
  }
};

/** Passes on a request for another protocol. */
export const upgradeAggregated = async (
  request: IncomingMessage,
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
  route: AggregatedRoute,
  sent: Sent,
): Promise<void> => {
  try {
    await forwardUpgrade(request, socket, head, admitted(request, route, sent));
  } catch (error) {
    throw inPlainText(error);
  }
};

const inPlainText = (error: unknown): unknown =>
  error instanceof ApiError && error.reason === 'ServiceUnavailable' && !(error instanceof PlainError)
    ? unavailable(error.message)
    : error;
