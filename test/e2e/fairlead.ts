import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createHttpClient } from '../../src/cluster/client/http-client.js';
import type { HttpClient } from '../../src/cluster/client/http-client.js';
import { loadKubeconfig } from '../../src/cluster/client/kubeconfig.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url));

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the built `fairlead` to its end. */
export const fairlead = (args: readonly string[], timeoutMs = 60_000): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { timeout: timeoutMs, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ status, stdout, stderr });
      },
    );
  });

/** `fairlead up` in a process of its own, on a data folder of its own. */
export interface RunningServer {
  readonly dataDir: string;
  readonly client: HttpClient;
  readonly kubeconfig: string;
  readonly ingressPort: number;
  readonly pid: number;
  /** What it has written to stderr. */
  readonly log: () => string;
  /** Ends it, gently or not; its containers keep running. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same data folder. */
  restart(): Promise<void>;
  /** Ends it and removes its pods and its data folder. */
  remove(): Promise<void>;
}

const READY = /ingress +http:\/\/127\.0\.0\.1:(\d+)/;

export const startServer = async (args: readonly string[]): Promise<RunningServer> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-e2e-'));
  const ports = ['--api-port', '0', '--web-port', '0', '--ingress-port', '0'];
  let running: { child: ChildProcess; log: string };
  let client: HttpClient;
  let ingressPort = 0;

  const start = async (): Promise<void> => {
    const child = spawn(
      process.execPath,
      [MAIN, 'up', '--data-dir', dataDir, '--log-level', 'warn', ...ports, ...args],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const state = { child, log: '' };
    running = state;
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on('data', (chunk: Buffer) => {
        state.log += chunk.toString();
        const match = READY.exec(state.log);
        if (match === null) return;
        ingressPort = Number(match[1]);
        resolve();
      });
      child.once('exit', (code) => reject(new Error(`fairlead up ended with ${code}: ${state.log}`)));
    });
    client = createHttpClient(await loadKubeconfig(join(dataDir, 'kubeconfig')));
  };
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    client.close();
    const { child } = running;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  await start();
  return {
    dataDir,
    kubeconfig: join(dataDir, 'kubeconfig'),
    get client() {
      return client;
    },
    get ingressPort() {
      return ingressPort;
    },
    get pid() {
      return running.child.pid ?? 0;
    },
    log: () => running.log,
    end,
    restart: start,
    remove: async () => {
      await end();
      if (existsSync(join(dataDir, 'settings.json'))) await fairlead(['clear', '--data-dir', dataDir]);
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

/** Asks until the answer is there; fails with the last state after a minute. */
export const eventually = async <T>(
  ask: () => Promise<T | undefined>,
  describeState: () => string = () => '',
): Promise<T> => {
  const deadline = Date.now() + 60_000;
  let last = '';
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error instanceof Error ? error.message : JSON.stringify(error);
    }
    await delay(100);
  }
  throw new Error(`not there after a minute: ${last} ${describeState()}`);
};
