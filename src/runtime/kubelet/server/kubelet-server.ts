import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Clock } from '../../../objects/clock.js';
import { ApiError } from '../../../objects/api-error.js';
import { messageOf } from '../errors.js';
import type { Kubelet } from '../kubelet.js';
import { isAuthorized } from './authenticate.js';
import { serveLogs } from './container-logs.js';
import { cadvisorMetrics, kubeletMetrics, resourceMetrics } from './metrics.js';
import { NodeSampler } from './node-usage.js';
import { findPod, urlOf } from './routes.js';
import { statsSummary } from './stats-summary.js';
import type { Upgrade } from './upgrades.js';
import { Upgrades } from './upgrades.js';
import { UsageSampler } from './usage.js';

export interface KubeletServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** PEM. */
  readonly tls: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** The bearer token that the API server presents. */
  readonly token: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface KubeletServer {
  readonly port: number;
  /** From now on, these kubelets are served; the first one speaks for the node. */
  serve(kubelets: readonly Kubelet[]): void;
  /** Resolves when the server has stopped after the signal fired. */
  readonly stopped: Promise<void>;
}

/** Starts the HTTPS server of the kubelet: logs, streams, stats and metrics for whoever has the token. */
export const startKubeletServer = async (
  options: KubeletServerOptions,
  signal: AbortSignal,
): Promise<KubeletServer> => {
  const handler = new Handler(options, signal);
  const server = createServer({ ...options.tls, minVersion: 'TLSv1.2', requestTimeout: 0 });
  server.on('request', (request, response) => handler.answer(request, response));
  server.on('upgrade', (request, socket, head) => handler.upgrade(request, socket, head));
  server.on('clientError', (_error, socket) => socket.destroy());
  const sockets = new Set<Duplex>();
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, options);
  const stopped = new Promise<void>((resolve) => {
    const stop = (): void => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  return { port: (server.address() as AddressInfo).port, serve: (kubelets) => handler.serve(kubelets), stopped };
};

const listen = (server: Server, { host, port }: KubeletServerOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

class Handler {
  #kubelets: readonly Kubelet[] = [];
  readonly #upgrades: Upgrades;
  readonly #usage = new UsageSampler();
  readonly #node = new NodeSampler();

  constructor(
    private readonly options: KubeletServerOptions,
    private readonly signal: AbortSignal,
  ) {
    this.#upgrades = new Upgrades(() => this.#kubelets, options.log, signal);
  }

  serve(kubelets: readonly Kubelet[]): void {
    this.#kubelets = kubelets;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    if (!isAuthorized(request, this.options.token)) {
      response.writeHead(401, { 'content-type': 'text/plain', 'www-authenticate': 'Bearer' }).end('Unauthorized');
      return;
    }
    const stop = new AbortController();
    response.once('close', () => stop.abort());
    const signal = AbortSignal.any([this.signal, stop.signal]);
    this.#route(request, response, signal).catch((error: unknown) => this.#fail(response, error, signal));
  }

  #fail(response: ServerResponse, error: unknown, signal: AbortSignal): void {
    if (response.headersSent || signal.aborted) {
      response.destroy();
      return;
    }
    const failure = asApiError(error);
    if (failure.code >= 500) this.options.log.warn({ err: error }, 'request failed');
    send(response, failure.code, 'application/json', JSON.stringify(failure.toStatus()));
  }

  async #route(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const url = urlOf(request);
    const [, first, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    if (request.method !== 'GET') throw new ApiError('MethodNotAllowed', `${request.method} is not served here`);
    if (first === 'healthz') {
      send(response, 200, 'text/plain', 'ok');
      return;
    }
    const [kubelet] = this.#kubelets;
    if (kubelet === undefined) throw new ApiError('ServiceUnavailable', 'the kubelet is starting');
    const [namespace, name, container] = rest;
    if (first === 'containerLogs' && namespace !== undefined && name !== undefined && container !== undefined) {
      const found = findPod(this.#kubelets, namespace, name);
      await serveLogs(found, container, url.searchParams, response, signal);
      return;
    }
    await this.#report(kubelet, url, response, signal);
  }

  async #report(kubelet: Kubelet, url: URL, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const text = 'text/plain; version=0.0.4; charset=utf-8';
    switch (url.pathname.replace(/\/+$/, '')) {
      case '/pods': {
        const body = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: kubelet.pods() };
        send(response, 200, 'application/json', JSON.stringify(body));
        return;
      }
      case '/stats/summary': {
        const pods = await this.#usage.read(kubelet, signal);
        const body = statsSummary(kubelet, this.#node.read(this.options.clock.now()), pods);
        send(response, 200, 'application/json', JSON.stringify(body));
        return;
      }
      case '/metrics':
        send(response, 200, text, kubeletMetrics(kubelet));
        return;
      case '/metrics/resource': {
        const pods = await this.#usage.read(kubelet, signal);
        send(response, 200, text, resourceMetrics(this.#node.read(this.options.clock.now()), pods));
        return;
      }
      case '/metrics/cadvisor':
        send(response, 200, text, cadvisorMetrics(await this.#usage.read(kubelet, signal)));
        return;
      default:
        throw new ApiError('NotFound', `no such path: ${url.pathname}`);
    }
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if (!isAuthorized(request, this.options.token)) {
      refuse(socket, 401, 'text/plain', 'Unauthorized');
      return;
    }
    const upgrade: Upgrade = { request, socket, head, accepted: false };
    this.#upgrades.serve(upgrade).catch((error: unknown) => {
      this.options.log.debug({ err: error, url: request.url }, 'streaming failed');
      const failure = asApiError(error);
      if (upgrade.accepted) socket.destroy();
      else refuse(socket, failure.code, 'application/json', JSON.stringify(failure.toStatus()));
    });
  }
}

const asApiError = (error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  if (error instanceof URIError || (error instanceof TypeError && /URL/.test(error.message))) {
    return new ApiError('BadRequest', 'the path cannot be decoded');
  }
  return new ApiError('InternalError', messageOf(error));
};

const send = (response: ServerResponse, code: number, type: string, body: string): void => {
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
};

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
};

/** An answer instead of an upgrade; closes the connection. */
const refuse = (socket: Duplex, code: number, type: string, body: string): void => {
  const lines = [
    `HTTP/1.1 ${code} ${PHRASES[code] ?? 'Error'}`,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
};
