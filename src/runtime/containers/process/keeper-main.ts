import { rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { argv, exit, pid, stdout } from 'node:process';
import { Keeper } from './keeper.js';
import type { KeeperAnswer, KeeperEvent, KeeperRequest } from './keeper-protocol.js';
import { jsonLines } from './keeper-protocol.js';

/**
 * The keeper: the parent of all containers of one process runtime. It lives on when the operator ends, so that exit
 * codes and output are not lost, and ends itself when it has neither containers nor an operator.
 * Arguments: the path of its socket, the runtime's folder.
 */

/** How long it waits for an operator when it has no containers. */
const IDLE_MS = 5000;
/** An operator that reads slower than this is behind by so many bytes is let go; it reads the log instead. */
const BEHIND_BYTES = 8 * 1024 * 1024;

interface Operator {
  readonly socket: Socket;
  readonly attached: Set<string>;
}

/** How often it looks whether its folder is still there. */
const LOOK_MS = 5000;

const operators = new Set<Operator>();
let idle: NodeJS.Timeout | undefined;

const send = (operator: Operator, message: KeeperAnswer | KeeperEvent): void => {
  if (operator.socket.writableLength > BEHIND_BYTES) operator.socket.destroy();
  else operator.socket.write(`${JSON.stringify(message)}\n`);
};

/** How long containers have to end by themselves when the keeper is told to. */
const END_MS = 5000;

let isEnding = false;

const keeper = new Keeper((event) => {
  for (const operator of operators) {
    if (event.event !== 'output' || operator.attached.has(event.containerId)) send(operator, event);
  }
  if (event.event === 'exited') endWhenIdle();
});

const leave = (): void => {
  // It is another keeper's by now when both were started at once.
  if (fileId(socketPath) === ownSocket) rmSync(socketPath, { force: true });
  exit(0);
};

const endWhenIdle = (): void => {
  clearTimeout(idle);
  if (keeper.running().length > 0) return;
  if (isEnding) leave();
  else if (operators.size === 0) idle = setTimeout(leave, IDLE_MS);
};

const signalAll = (signal: NodeJS.Signals): void => {
  for (const id of keeper.running()) keeper.signal(id, signal);
};

/** Told to end, it ends its containers first: nobody else is their parent, or would write down how they ended. */
const endContainers = (): void => {
  if (isEnding) return;
  isEnding = true;
  signalAll('SIGTERM');
  setTimeout(() => signalAll('SIGKILL'), END_MS);
  endWhenIdle();
};

const answer = async (operator: Operator, request: KeeperRequest): Promise<unknown> => {
  switch (request.op) {
    case 'start':
      if (isEnding) throw new Error('the keeper of the containers is ending');
      return keeper.start(request);
    case 'signal':
      return keeper.signal(request.containerId, request.signal);
    case 'attach':
      operator.attached.add(request.containerId);
      return true;
    case 'stdin':
      keeper.input(
        request.containerId,
        request.data === undefined ? undefined : Buffer.from(request.data, 'base64'),
        request.end === true,
      );
      return true;
    default:
      return keeper.running();
  }
};

const serve = (socket: Socket): void => {
  const operator: Operator = { socket, attached: new Set() };
  operators.add(operator);
  clearTimeout(idle);
  socket.setEncoding('utf8');
  const receive = jsonLines((message) => {
    const request = message as KeeperRequest & { readonly id: number };
    answer(operator, request).then(
      (result) => send(operator, { id: request.id, result }),
      (error: unknown) =>
        send(operator, { id: request.id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
  socket.on('data', (chunk: string) => {
    try {
      receive(chunk);
    } catch {
      socket.destroy();
    }
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    operators.delete(operator);
    endWhenIdle();
  });
};

const [, , socketPath = '', folder = ''] = argv;

const fileId = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;
let ownSocket: number | undefined;

/** Without the folder no operator can ever find these containers again: they end, and the keeper with them. */
const endWithFolder = (): void => {
  const own = fileId(folder);
  setInterval(() => {
    if (fileId(folder) === own) return;
    signalAll('SIGKILL');
    exit(0);
  }, LOOK_MS).unref();
};

const listen = (): void => {
  const server = createServer(serve);
  server.on('error', (error) => {
    stdout.write(`error ${error.message}\n`, () => exit(1));
  });
  server.listen(socketPath, () => {
    ownSocket = fileId(socketPath);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, endContainers);
    stdout.write(`ready ${pid}\n`);
    endWhenIdle();
    endWithFolder();
  });
};

// A socket that nobody answers was left behind by a keeper that was killed.
const probe = connect(socketPath);
probe.on('connect', () => {
  stdout.write('error another keeper serves this folder\n', () => exit(1));
});
probe.on('error', () => {
  rmSync(socketPath, { force: true });
  listen();
});
// Nobody reads standard output after the first line.
stdout.on('error', () => undefined);
