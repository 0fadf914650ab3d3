import { PassThrough, Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { CommandStreams, RemoteCommand } from './remote-command.js';
import { TerminalSizes } from './remote-command.js';

/** Subprotocols in the order of preference; in v5 a client can close stdin. */
export const COMMAND_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** The streams of a command over a WebSocket: each message begins with the number of its channel. */
export const websocketStreams = (socket: WebSocket, request: RemoteCommand): CommandStreams => {
  const stdin = request.stdin ? new PassThrough() : undefined;
  const sizes = request.tty ? new TerminalSizes() : undefined;
  stdin?.on('drain', () => socket.resume());
  stdin?.on('error', () => undefined);
  socket.on('message', (data: RawData) => {
    const message = bytesOf(data);
    const channel = message[0];
    const payload = message.subarray(1);
    if (channel === CHANNEL.stdin && stdin !== undefined && !stdin.writableEnded) {
      if (payload.length > 0 && !stdin.write(payload)) socket.pause();
    } else if (channel === CHANNEL.resize) {
      sizes?.push(payload.toString('utf8'));
    } else if (channel === CHANNEL.close && payload[0] === CHANNEL.stdin) {
      stdin?.end();
    }
  });
  socket.once('close', () => {
    stdin?.end();
    sizes?.end();
  });
  return {
    stdin,
    stdout: request.stdout ? channelWriter(socket, CHANNEL.stdout) : undefined,
    stderr: request.stderr && !request.tty ? channelWriter(socket, CHANNEL.stderr) : undefined,
    resize: sizes,
    finish: async (status) => {
      await send(socket, CHANNEL.error, Buffer.from(JSON.stringify(status)));
      sizes?.end();
      socket.close(1000);
    },
  };
};

const bytesOf = (data: RawData): Buffer => {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
};

/** What is sent to a client that is gone is lost: that is no error of the command. */
const sendThen = (socket: WebSocket, channel: number, payload: Buffer, done: () => void): void => {
  if (socket.readyState === socket.OPEN) {
    socket.send(Buffer.concat([Buffer.from([channel]), payload]), { binary: true }, () => done());
  } else {
    done();
  }
};

const send = (socket: WebSocket, channel: number, payload: Buffer): Promise<void> =>
  new Promise((resolve) => {
    sendThen(socket, channel, payload, resolve);
  });

const channelWriter = (socket: WebSocket, channel: number): Writable =>
  new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      sendThen(socket, channel, chunk, done);
    },
  });
