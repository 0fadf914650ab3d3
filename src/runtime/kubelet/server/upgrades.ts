import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Logger } from 'pino';
import { ApiError } from '../../../objects/api-error.js';
import type { Kubelet } from '../kubelet.js';
import { findContainer } from '../plan/pod-containers.js';
import { readySandbox } from '../plan/observed-pod.js';
import { PORT_FORWARD_PROTOCOL, servePortForward, TUNNEL_PROTOCOL } from '../streaming/port-forward.js';
import type { RemoteCommand } from '../streaming/remote-command.js';
import { serveCommand } from '../streaming/remote-command.js';
import { SPDY_COMMAND_PROTOCOLS, spdyStreams } from '../streaming/spdy-command.js';
import { COMMAND_PROTOCOLS, websocketStreams } from '../streaming/websocket-command.js';
import { findPod, isTrue, observe, runningContainer, urlOf } from './routes.js';

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** The connection is the client's from now on: errors can no longer be answered with HTTP. */
  accepted: boolean;
}

/** Serves exec, attach and port-forward over upgraded connections. */
export class Upgrades {
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: 4 * 1024 * 1024,
  });
  /** Requests whose subprotocol has been chosen. */
  readonly #chosen = new WeakMap<IncomingMessage, string>();

  constructor(
    private readonly kubelets: () => readonly Kubelet[],
    private readonly log: Logger,
    private readonly signal: AbortSignal,
  ) {
    this.#sockets.on('headers', (headers, request) => {
      const protocol = this.#chosen.get(request);
      if (protocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
    });
  }

  /** Rejects with what was wrong as long as nothing has been answered yet. */
  async serve(upgrade: Upgrade): Promise<void> {
    const url = urlOf(upgrade.request);
    const [, verb, namespace, name, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    if (namespace === undefined || name === undefined) throw notFound(url);
    // The uid of the pod may stand before the container.
    const container = rest.at(-1);
    if (verb === 'portForward') await this.#portForward(upgrade, namespace, name, rest[0]);
    else if ((verb === 'exec' || verb === 'attach') && container !== undefined) {
      await this.#command(upgrade, verb, namespace, name, container, rest.length > 1 ? rest[0] : undefined);
    } else throw notFound(url);
  }

  async #command(
    upgrade: Upgrade,
    verb: 'exec' | 'attach',
    namespace: string,
    name: string,
    container: string,
    uid: string | undefined,
  ): Promise<void> {
    const found = findPod(this.kubelets(), namespace, name, uid);
    const signal = this.#untilClosed(upgrade.socket);
    const containerId = await runningContainer(found, container, signal);
    const terminal = findContainer(found.pod, container)?.spec.tty === true;
    const request = commandOf(urlOf(upgrade.request).searchParams, verb, containerId, terminal);
    const { runtime } = found.kubelet.context;
    if (isWebSocket(upgrade)) {
      const socket = await this.#accept(upgrade, COMMAND_PROTOCOLS);
      await serveCommand(runtime, request, websocketStreams(socket, request), signal);
      return;
    }
    const protocol = acceptSpdy(upgrade, SPDY_COMMAND_PROTOCOLS);
    const streams = await spdyStreams(upgrade.socket, request, protocol, signal);
    await serveCommand(runtime, request, streams, signal);
  }

  async #portForward(upgrade: Upgrade, namespace: string, name: string, uid: string | undefined): Promise<void> {
    const found = findPod(this.kubelets(), namespace, name, uid);
    const observed = await observe(found, this.signal);
    const sandbox = readySandbox(observed);
    if (sandbox === undefined)
      throw new ApiError(
        'BadRequest',
        `unable to forward port because pod is not running. Current status=${found.pod.status?.phase}`,
      );
    const { runtime } = found.kubelet.context;
    const signal = this.#untilClosed(upgrade.socket);
    const dial = (port: number): Promise<Duplex> => runtime.portForward(sandbox.id, port, signal);
    if (isWebSocket(upgrade)) {
      const socket = await this.#accept(upgrade, [TUNNEL_PROTOCOL]);
      const transport = createWebSocketStream(socket);
      transport.on('error', (error) => this.log.debug({ err: error }, 'port-forward connection broke'));
      await servePortForward(transport, dial, signal);
      return;
    }
    acceptSpdy(upgrade, [PORT_FORWARD_PROTOCOL]);
    await servePortForward(upgrade.socket, dial, signal);
  }

  /** Fires when the client is gone or the server stops. */
  #untilClosed(socket: Duplex): AbortSignal {
    const stop = new AbortController();
    socket.once('close', () => stop.abort());
    const signal = AbortSignal.any([this.signal, stop.signal]);
    // Every forwarded connection listens.
    setMaxListeners(0, signal);
    return signal;
  }

  #accept(upgrade: Upgrade, protocols: readonly string[]): Promise<WebSocket> {
    const { request, socket, head } = upgrade;
    const offered = headerList(request, 'sec-websocket-protocol');
    const protocol = protocols.find((supported) => offered.includes(supported));
    if (protocol === undefined) {
      throw new ApiError('BadRequest', `unable to upgrade: none of the protocols is supported: ${offered.join(', ')}`);
    }
    upgrade.accepted = true;
    // The library takes `SPDY/3.1+portforward.k8s.io` for a mistake, so it does not get to see the header.
    delete request.headers['sec-websocket-protocol'];
    this.#chosen.set(request, protocol);
    return new Promise((resolve) => {
      this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
        accepted.on('error', (error) => this.log.debug({ err: error }, 'streaming connection broke'));
        resolve(accepted);
      });
    });
  }
}

const notFound = (url: URL): ApiError => new ApiError('NotFound', `no such path: ${url.pathname}`);

const isWebSocket = ({ request }: Upgrade): boolean => request.headers.upgrade?.toLowerCase() === 'websocket';

const headerList = (request: IncomingMessage, name: string): readonly string[] =>
  [request.headers[name] ?? []]
    .flat()
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');

/** Kubelets call the streams input, output and error; the API calls them stdin, stdout and stderr. */
const commandOf = (
  parameters: URLSearchParams,
  verb: 'exec' | 'attach',
  containerId: string,
  containerTty: boolean,
): RemoteCommand => {
  const wants = (own: string, api: string): boolean => isTrue(parameters.get(own)) || isTrue(parameters.get(api));
  const command = parameters.getAll('command');
  const request: RemoteCommand = {
    containerId,
    stdin: wants('input', 'stdin'),
    stdout: wants('output', 'stdout'),
    stderr: wants('error', 'stderr'),
    tty: isTrue(parameters.get('tty')),
    ...(verb === 'exec' ? { command } : { containerTty }),
  };
  if (verb === 'exec' && command.length === 0)
    throw new ApiError('BadRequest', 'you must specify at least 1 of command');
  if (!request.stdin && !request.stdout && !request.stderr) {
    throw new ApiError('BadRequest', 'you must specify at least 1 of stdin, stdout, stderr');
  }
  return request;
};

/** Answers the upgrade to SPDY; returns the version of the protocol on it. */
const acceptSpdy = (upgrade: Upgrade, supported: readonly string[]): string => {
  const { request, socket, head } = upgrade;
  if (request.headers.upgrade?.toLowerCase() !== 'spdy/3.1') {
    throw new ApiError('BadRequest', `unable to upgrade to ${request.headers.upgrade}`);
  }
  const offered = headerList(request, 'x-stream-protocol-version');
  const protocol = offered.length === 0 ? supported.at(-1) : offered.find((version) => supported.includes(version));
  if (protocol === undefined) {
    throw new ApiError(
      'Forbidden',
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${supported.join(' ')}]`,
    );
  }
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    `X-Stream-Protocol-Version: ${protocol}`,
  ];
  upgrade.accepted = true;
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  return protocol;
};
