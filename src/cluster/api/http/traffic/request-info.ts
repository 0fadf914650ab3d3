import type { IncomingMessage } from 'node:http';
import { mediaTypeOf } from '../bodies.js';
import type { Target } from '../../request.js';

/** What a request is, in the words of the API server's metrics. */
export interface RequestInfo {
  /** `GET`, `LIST`, `WATCH`, `CREATE`... */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly scope: '' | 'cluster' | 'namespace' | 'resource';
  /** It lasts for as long as its client wants: a watch, a stream, a proxied request. */
  readonly isLongRunning: boolean;
}

const STREAMS = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);
const VERBS: Readonly<Record<string, string>> = { GET: 'GET', HEAD: 'GET', POST: 'POST', PUT: 'PUT', PATCH: 'PATCH' };
/** Paths that are told apart: there must not be one series for each path that somebody thinks of. */
const PATHS = /^\/(?:healthz|livez|readyz|metrics|version|openapi\/v[23]|apis?)(?=\/|$)/;

/** A request for what is no resource. */
export const pathInfo = ({ method = '' }: IncomingMessage, path: string): RequestInfo => ({
  verb: VERBS[method] ?? (method === 'DELETE' ? 'DELETE' : 'other'),
  group: '',
  version: '',
  resource: '',
  subresource: PATHS.exec(path)?.[0] ?? '',
  scope: '',
  isLongRunning: false,
});

/** What a request is about, as far as metrics tell. */
interface Subject extends Omit<Target, 'resource'> {
  readonly resource: Pick<Target['resource'], 'group' | 'version' | 'plural'>;
}

export const resourceInfo = (
  request: IncomingMessage,
  { target }: { readonly target: Subject },
  isWatch: boolean,
): RequestInfo => {
  const { resource, namespace, name, subresource = '' } = target;
  const isStream = STREAMS.has(subresource);
  return {
    verb: verbOf(request, name !== undefined, isWatch, isStream && subresource !== 'log'),
    group: resource.group,
    version: resource.version,
    resource: resource.plural,
    subresource,
    scope: name === undefined ? (namespace === undefined ? 'cluster' : 'namespace') : 'resource',
    isLongRunning: isWatch || isStream,
  };
};

const verbOf = (request: IncomingMessage, hasName: boolean, isWatch: boolean, isConnect: boolean): string => {
  if (isWatch) return 'WATCH';
  if (isConnect) return 'CONNECT';
  const { method = '' } = request;
  if (method === 'DELETE') return hasName ? 'DELETE' : 'DELETECOLLECTION';
  if (method === 'PATCH' && mediaTypeOf(request) === 'application/apply-patch+yaml') return 'APPLY';
  const verb = VERBS[method] ?? 'other';
  return verb === 'GET' && !hasName ? 'LIST' : verb;
};
