import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Client } from '../../../cluster/client/client.js';
import type { Informer, InformerSet } from '../../../cluster/client/informer.js';
import { Secret, Service } from '../../../objects/kinds/core-v1.js';
import { Ingress, IngressClass } from '../../../objects/kinds/networking-k8s-io-v1.js';
import { listenFailure } from '../listen-failure.js';
import type { ServiceEndpoints, Target } from '../service-endpoints.js';
import type { Forward } from './forward.js';
import { forwardRequest, forwardUpgrade } from './forward.js';
import { forwardedHeaders } from './headers.js';
import { loadBalancerStatus, writeIngressStatus } from './ingress-status.js';
import type { Backend, RouteTable } from './routes.js';
import { buildRoutes, isOurs, matchRoute } from './routes.js';
import { Certificates } from './tls.js';

export interface IngressOptions {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly endpoints: ServiceEndpoints;
  /** Where to listen: 127.0.0.1 unless the user says so. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Port for HTTPS with the certificates that the Ingresses name; absent: none. */
  readonly tlsPort?: number;
  readonly log: Logger;
}

/** The running ingress. */
export interface IngressServer {
  readonly port: number;
  readonly tlsPort: number | undefined;
  /** Takes no more requests; resolves when those in flight are answered, at most after `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

/** Slow clients are cut off when they have not sent their headers by then. */
const HEADERS_MS = 30_000;
const KEEP_ALIVE_MS = 75_000;

class IngressProxy {
  readonly #options: IngressOptions;
  readonly #services: Informer<Service>;
  readonly #ingresses: Informer<Ingress>;
  readonly #classes: Informer<IngressClass>;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 64, timeout: 60_000 });
  readonly #turns = new Map<string, number>();
  readonly #stop: readonly (() => void)[];
  readonly certificates: Certificates;
  #routes: RouteTable = { hosts: new Map(), defaultBackend: undefined };
  #stale = true;
  #ready = false;
  readonly #synced: Promise<unknown>;
  #status: NonNullable<Ingress['status']> | undefined;

  constructor(options: IngressOptions) {
    this.#options = options;
    this.#services = options.informers.informer(Service);
    this.#ingresses = options.informers.informer(Ingress);
    this.#classes = options.informers.informer(IngressClass);
    const known = [this.#services.synced, this.#ingresses.synced, this.#classes.synced, options.endpoints.synced];
    this.#synced = Promise.all(known).then(() => {
      this.#ready = true;
    });
    this.certificates = new Certificates(options.informers.informer(Secret), options.log);
    this.#stop = [
      this.#ingresses.onEvent(({ type, object }) => {
        this.#stale = true;
        if (type !== 'deleted') this.#publish(object);
      }),
      this.#classes.onEvent(() => {
        this.#stale = true;
        for (const ingress of this.#ingresses.list()) this.#publish(ingress);
      }),
    ];
  }

  /** Tells all Ingresses, now and later, where they are served. */
  publish(host: string, ports: readonly number[]): void {
    this.#status = loadBalancerStatus(host, ports);
    for (const ingress of this.#ingresses.list()) this.#publish(ingress);
  }

  async handle(request: IncomingMessage, response: ServerResponse, protocol: 'http' | 'https'): Promise<void> {
    // After a start, what was there before is soon known again: better late than not found.
    if (!this.#ready) await this.#synced;
    const forward = this.#forward(request, protocol);
    if ('status' in forward) {
      answer(response, forward.status, forward.message);
      return;
    }
    const outcome = await forwardRequest(request, response, forward);
    if (outcome.result === 'sent') return;
    this.#options.log.debug({ error: outcome.error, url: request.url }, 'no endpoint took the request');
    if (response.headersSent) response.destroy();
    else answer(response, outcome.error === undefined ? 503 : 502, 'no endpoint of the Service answers');
  }

  async handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    protocol: 'http' | 'https',
  ): Promise<void> {
    socket.on('error', () => socket.destroy());
    if (!this.#ready) await this.#synced;
    const forward = this.#forward(request, protocol);
    if ('status' in forward) {
      socket.end(`HTTP/1.1 ${forward.status} ${forward.message}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const headers = [...forward.headers, 'Connection', 'Upgrade', 'Upgrade', request.headers.upgrade ?? ''];
    if (!(await forwardUpgrade(request, socket, head, { ...forward, headers }))) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    }
  }

  refresh(): void {
    if (!this.#stale) return;
    this.#stale = false;
    const classes = this.#classes.list();
    const ingresses = this.#ingresses.list();
    this.#routes = buildRoutes(ingresses, classes);
    this.certificates.update(ingresses.filter((ingress) => isOurs(ingress, classes)));
  }

  close(): void {
    for (const stop of this.#stop) stop();
    this.#agent.destroy();
  }

  #publish(ingress: Ingress): void {
    if (this.#status === undefined || !isOurs(ingress, this.#classes.list())) return;
    void writeIngressStatus(this.#options.client, ingress, this.#status, this.#options.log);
  }

  #forward(
    request: IncomingMessage,
    protocol: 'http' | 'https',
  ): Forward | { readonly status: number; readonly message: string } {
    this.refresh();
    const place = placeOf(request);
    if (place === undefined) return { status: 400, message: 'the request names no host or a path that is none' };
    const backend = matchRoute(this.#routes, place.host, place.path);
    if (backend === undefined) return { status: 404, message: 'no Ingress has a rule for this host and path' };
    const { localPort = 0 } = request.socket;
    const headers = forwardedHeaders(request, protocol, localPort);
    // The body is passed on in chunks when it came in chunks.
    if (request.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
    return {
      path: place.target,
      headers,
      agent: this.#agent,
      next: (tried) => this.#next(backend, tried),
    };
  }

  /** Endpoints of the backend in turn, as they are now, without those that have been tried. */
  #next(backend: Backend, tried: readonly Target[]): Target | undefined {
    const key = { namespace: backend.namespace, name: backend.service };
    const ports = this.#services.get(key)?.spec?.ports ?? [];
    const { name, number } = backend.port;
    const port = ports.find((each) => (name === undefined ? each.port === number : each.name === name));
    if (port === undefined) return undefined;
    const left = this.#options.endpoints
      .targets(key, port.name)
      .filter((target) => !tried.some(({ ip, port: used }) => ip === target.ip && used === target.port));
    const id = `${key.namespace}/${key.name}/${port.port}`;
    const turn = (this.#turns.get(id) ?? 0) + 1;
    this.#turns.set(id, turn % 1_000_000);
    return left[turn % left.length];
  }
}

interface Place {
  readonly host: string;
  /** For the match: decoded dots resolved, so that `/public/../admin` is `/admin`. */
  readonly path: string;
  /** As the client sent it. */
  readonly target: string;
}

const placeOf = (request: IncomingMessage): Place | undefined => {
  const target = request.url ?? '/';
  // A request of HTTP/1.0 may name no host; then only rules for every host apply.
  const base = `http://${request.headers.host ?? 'host.invalid'}`;
  // A path that begins with two slashes is a path, not another host.
  const absolute = target.startsWith('/') ? base + target : target;
  if (!URL.canParse(absolute)) return undefined;
  const url = new URL(absolute);
  return {
    host: url.hostname,
    path: url.pathname,
    target: target.startsWith('/') ? target : url.pathname + url.search,
  };
};

const answer = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${message}\n`);
};

const listen = (server: NetServer, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(listenFailure(host, port, 'the ingress', error));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });

/**
 * Serves the Ingress rules of the cluster: a reverse proxy that knows the endpoints of every Service at any moment, so
 * that no request is lost when they change.
 */
export const startIngress = async (options: IngressOptions): Promise<IngressServer> => {
  const proxy = new IngressProxy(options);
  const plain = createServer({ requestTimeout: 0, headersTimeout: HEADERS_MS, keepAliveTimeout: KEEP_ALIVE_MS });
  const secure =
    options.tlsPort === undefined
      ? undefined
      : createTlsServer({
          requestTimeout: 0,
          headersTimeout: HEADERS_MS,
          keepAliveTimeout: KEEP_ALIVE_MS,
          SNICallback: (host, done) => {
            proxy.refresh();
            const context = proxy.certificates.contextFor(host);
            if (context === undefined) done(new Error(`no certificate for ${host}`));
            else done(null, context);
          },
        });
  const servers = secure === undefined ? [plain] : [plain, secure];
  // Connections that speak another protocol now are no longer the servers'.
  const upgraded = new Set<Duplex>();
  for (const server of servers) {
    const protocol = server === plain ? 'http' : 'https';
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void proxy.handle(request, response, protocol);
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      upgraded.add(socket);
      socket.once('close', () => upgraded.delete(socket));
      void proxy.handleUpgrade(request, socket, head, protocol);
    });
  }
  const port = await listen(plain, options.host, options.port);
  const tlsPort = secure === undefined ? undefined : await listen(secure, options.host, options.tlsPort ?? 0);
  proxy.publish(options.host, tlsPort === undefined ? [port] : [port, tlsPort]);
  return {
    port,
    tlsPort,
    close: async (graceMs = 5000) => {
      const timer = setTimeout(() => {
        for (const server of servers) server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }, graceMs);
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      clearTimeout(timer);
      proxy.close();
    },
  };
};
