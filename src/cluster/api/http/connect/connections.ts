import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Pipeline } from '../../operations/pipeline.js';
import type { RequestContext, Verb } from '../../request.js';
import { connectOptions } from './connect-options.js';
import { badRequest, noSuchResource } from '../../status-errors.js';
import type { ResourceRoute } from '../route.js';
import { serveLog, STREAMS, streamPod } from './pod-streams.js';
import { proxyDestination, type ProxyOptions } from './proxy-destination.js';
import { forward, forwardUpgrade } from './tunnel.js';

const PROXY_VERBS: Readonly<Record<string, Verb>> = {
  GET: 'get',
  HEAD: 'get',
  OPTIONS: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Requests that are not about an object but lead to a kubelet, a pod or a Service. */
export class Connections {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly options: ProxyOptions,
  ) {}

  /** Answers logs and proxied requests; false for everything else. */
  async request(
    request: IncomingMessage,
    response: ServerResponse,
    context: RequestContext,
    { target, rest }: ResourceRoute,
    query: URLSearchParams,
  ): Promise<boolean> {
    const { machinery } = this.pipeline;
    const { subresource } = target;
    if (subresource === 'log') {
      await this.pipeline.connect(context, target, 'get');
      await serveLog(machinery, this.options.access, target, query, request, response);
      return true;
    }
    if (subresource === 'proxy') {
      await this.pipeline.connect(context, target, proxyVerb(request), connectOptions(target, query, rest));
      await forward(request, response, proxyDestination(machinery, target, pathOf(rest, query), this.options));
      return true;
    }
    if (subresource !== undefined && STREAMS.has(subresource)) {
      await this.pipeline.connect(context, target, 'create', connectOptions(target, query, rest));
      throw badRequest('unable to upgrade: missing upgrade headers in request');
    }
    return false;
  }

  /** Takes over a connection for a stream. */
  async upgrade(
    request: IncomingMessage,
    connection: { readonly socket: Duplex; readonly head: Buffer },
    context: RequestContext,
    { target, rest }: ResourceRoute,
    query: URLSearchParams,
  ): Promise<void> {
    const { machinery } = this.pipeline;
    const { subresource = '' } = target;
    if (STREAMS.has(subresource)) {
      // Whoever may run a command in a pod may do anything there, so reading with GET is not enough.
      await this.pipeline.connect(context, target, 'create', connectOptions(target, query, rest));
      await streamPod(machinery, this.options.access, target, query, request, connection);
      return;
    }
    if (subresource !== 'proxy') throw noSuchResource();
    await this.pipeline.connect(context, target, proxyVerb(request), connectOptions(target, query, rest));
    const to = proxyDestination(machinery, target, pathOf(rest, query), this.options);
    await forwardUpgrade(request, connection.socket, connection.head, to);
  }
}

const proxyVerb = ({ method = '' }: IncomingMessage): Verb => PROXY_VERBS[method] ?? 'get';

const pathOf = (rest: string, query: URLSearchParams): string => {
  const search = query.toString();
  const path = rest === '' ? '/' : rest.split('/').map(encodeURIComponent).join('/');
  return search === '' ? path : `${path}?${search}`;
};
