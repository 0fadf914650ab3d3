import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { FrameSink } from './watch-stream.js';

/** What a client may send: nothing that anybody would read. */
const MOST_RECEIVED = 64 * 1024;
/** Bytes that may wait for the client. */
const MOST_WAITING = 1024 * 1024;

/** The protocol that stands for a bearer token is for the authenticator; of the others the first is agreed on. */
const chosenProtocol = (offered: ReadonlySet<string>): string | false =>
  [...offered].find((name) => !name.startsWith('base64url.bearer.authorization.')) ?? false;

const sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_RECEIVED, handleProtocols: chosenProtocol });

/** Turns a request into a websocket on which every frame is a message: text for JSON, binary for protobuf. */
export const openWatchSocket = (
  request: IncomingMessage,
  connection: { readonly socket: Duplex; readonly head: Buffer },
  binary: boolean,
): Promise<FrameSink> =>
  new Promise((resolve) => {
    sockets.handleUpgrade(request, connection.socket, connection.head, (opened) => {
      opened.on('error', () => opened.terminate());
      resolve(socketSink(opened, connection.socket, binary));
    });
  });

const socketSink = (opened: WebSocket, socket: Duplex, binary: boolean): FrameSink => ({
  send: (frames) => {
    socket.cork();
    for (const pieces of frames) opened.send(Buffer.concat(pieces), { binary });
    socket.uncork();
    return opened.bufferedAmount < MOST_WAITING;
  },
  onDrain: (callback) => socket.once('drain', callback),
  onClose: (callback) => opened.once('close', callback),
  isClosed: () => opened.readyState === WebSocket.CLOSED || opened.readyState === WebSocket.CLOSING,
  end: () => opened.close(1000),
  destroy: () => opened.terminate(),
});
