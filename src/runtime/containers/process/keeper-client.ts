import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, openSync, closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath, getuid } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { RuntimeFailure } from '../container-runtime.js';
import type { KeeperAnswer, KeeperEvent, KeeperRequest } from './keeper-protocol.js';
import { jsonLines } from './keeper-protocol.js';

/** The system's limit for the path of a Unix socket is 104 (macOS) or 108 bytes. */
const SOCKET_PATH_BYTES = 100;
const START_MS = 15_000;

/** The keeper's socket: in `root`, or in the folder for temporary files when that path is too long for a socket. */
export const keeperSocketPath = (root: string): string => {
  const path = join(root, 'keeper.sock');
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES) return path;
  const folder = join(tmpdir(), `fairlead-${getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, `${createHash('sha256').update(root).digest('hex').slice(0, 32)}.sock`);
};

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A connection to the keeper: questions with answers, and its events. */
export class KeeperConnection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;

  constructor(socket: Socket, onEvent: (event: KeeperEvent) => void) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    const receive = jsonLines((message) => {
      const answer = message as KeeperAnswer | KeeperEvent;
      if ('event' in answer) {
        onEvent(answer);
        return;
      }
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('error' in answer) waiting?.reject(new Error(answer.error));
      else waiting?.resolve(answer.result);
    });
    socket.on('data', (chunk: string) => {
      try {
        receive(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined);
      }
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const waiting of this.#waiting.values()) {
          waiting.reject(new RuntimeFailure('unavailable', 'the keeper of the containers is gone'));
        }
        this.#waiting.clear();
        resolve();
      });
    });
  }

  ask(request: KeeperRequest): Promise<unknown> {
    if (this.#socket.destroyed) {
      return Promise.reject(new RuntimeFailure('unavailable', 'the keeper of the containers is gone'));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ id, ...request })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Connects to a keeper that runs; undefined when none does. */
export const connectKeeper = (
  socketPath: string,
  onEvent: (event: KeeperEvent) => void,
): Promise<KeeperConnection | undefined> =>
  new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => resolve(new KeeperConnection(socket, onEvent)));
    socket.once('error', () => resolve(undefined));
  });

/** Starts a keeper that outlives this process. Resolves when it listens. */
export const startKeeper = async (root: string, socketPath: string): Promise<void> => {
  const errors = openSync(join(root, 'keeper.log'), 'a', 0o600);
  const child = spawn(execPath, [...keeperProgram(), socketPath, root], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'pipe', errors],
    // Not the operator's environment: it may hold secrets, which containers must not inherit.
    env: { PATH: env['PATH'] ?? '', UV_THREADPOOL_SIZE: '1' },
  });
  closeSync(errors);
  const { stdout } = child;
  if (stdout === null) throw new RuntimeFailure('unavailable', 'cannot read from the keeper of the containers');
  try {
    const line = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('it did not answer')), START_MS);
      stdout.setEncoding('utf8');
      stdout.once('data', (text: string) => {
        clearTimeout(timer);
        resolve(text);
      });
      child.once('error', reject);
      child.once('exit', (code) =>
        reject(new Error(`it ended with exit code ${code}: see ${join(root, 'keeper.log')}`)),
      );
    });
    if (!line.startsWith('ready')) throw new Error(line.trim());
  } catch (error) {
    throw new RuntimeFailure('unavailable', `cannot start the keeper of the containers: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    stdout.destroy();
    child.unref();
  }
};

/** Node's arguments that run the keeper: the compiled file, or the source through tsx when that is what runs here. */
const keeperProgram = (): readonly string[] => {
  const small = ['--max-semi-space-size=1', '--max-old-space-size=128'];
  const ownPath = fileURLToPath(import.meta.url);
  return ownPath.endsWith('.ts')
    ? [
        ...small,
        `--import=${pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href}`,
        ownPath.replace(/keeper-client\.ts$/, 'keeper-main.ts'),
      ]
    : [...small, ownPath.replace(/keeper-client\.js$/, 'keeper-main.js')];
};
