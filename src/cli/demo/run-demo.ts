import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stdout } from 'node:process';
import { Listr } from 'listr2';
import type { Logger } from 'pino';
import { pino } from 'pino';
import type { RuntimeChoice } from '../../runtime/containers/choose-runtime.js';
import { detectRuntime } from '../../runtime/containers/choose-runtime.js';
import { clearServiceRules } from '../../runtime/network/services/start-service-proxy.js';
import { EXIT } from '../exit-statuses.js';
import { untilInterrupted } from '../server/interruption.js';
import type { Server } from '../server/start-server.js';
import { startServer } from '../server/start-server.js';
import { clearPods } from '../server/clear-pods.js';
import { ensureDemoImage } from './demo-image.js';
import { createExampleRepository } from './example-repository.js';
import { requireGit, serveGit } from './git-http.js';
import type { Demonstration, Step } from './steps.js';
import { steps } from './steps.js';
import { timeoutSignal } from '../../objects/timeout-signal.js';

export interface DemoOptions {
  readonly runtime: RuntimeChoice;
  readonly nodes: number;
  readonly apiPort: number;
  readonly webPort: number;
  readonly ingressPort: number;
  /** Leave after the last step. */
  readonly exit: boolean;
}

/**
 * Runs the demonstration in a fresh data folder and, unless told to exit, stays up until it is interrupted. Returns the
 * exit status: success only when every step was reached. Whatever it started is gone afterwards; the log stays after a
 * failure.
 */
export const runDemo = async (options: DemoOptions): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-demo-'));
  const logFile = join(folder, 'fairlead.log');
  const log = pino({ level: 'info' }, pino.destination({ dest: logFile, sync: true }));
  const interrupted = untilInterrupted();
  const ended = new AbortController();
  const started = Date.now();
  let server: Server | undefined;
  let status: number = EXIT.failure;
  try {
    server = await prepareServer(options, folder, log);
    await runSteps(steps(await serveExample(server, folder, interrupted.signal, ended.signal)));
    stdout.write(`\nEvery step was reached in ${((Date.now() - started) / 1000).toFixed(1)} s.\n`);
    status = EXIT.success;
    if (!options.exit) {
      stdout.write(stayText(server));
      await interrupted.happened;
      stdout.write('\nStopping and removing what was made\n');
    }
  } catch (error) {
    if (!interrupted.signal.aborted) stdout.write(`\n${(error as Error).message}\nThe log: ${logFile}\n`);
  }
  ended.abort();
  if (server !== undefined) await tearDown(server, dataDirOf(folder));
  if (status === EXIT.success || interrupted.signal.aborted) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  return status;
};

const stayText = ({ ingressPort, kubeconfig }: Server): string =>
  [
    '',
    `The pages: http://shop.localhost:${ingressPort} and http://greeter.localhost:${ingressPort}`,
    `The applications: npx fairlead app list --kubeconfig ${kubeconfig}`,
    `With kubectl: KUBECONFIG=${kubeconfig} kubectl get pods -A`,
    'Ctrl-C ends it and removes everything that it made.',
    '',
  ].join('\n');

/** Live progress on a terminal, plain lines elsewhere. */
const runSteps = async (list: readonly Step[]): Promise<void> => {
  const tasks = new Listr(
    list.map(({ title, run }) => ({
      title,
      rendererOptions: { outputBar: 8, persistentOutput: true },
      task: async (_, task) => {
        await run((text) => {
          task.output = text;
        });
      },
    })),
    {
      renderer: stdout.isTTY ? 'default' : 'simple',
      fallbackRenderer: 'simple',
      // It would end the process at once, and leave containers behind.
      registerSignalListeners: false,
    },
  );
  await tasks.run();
};

const prepareServer = async (options: DemoOptions, folder: string, log: Logger): Promise<Server> => {
  let server: Server | undefined;
  const title = 'Start the server';
  const run = async (report: (text: string) => void): Promise<void> => {
    await requireGit();
    const detected = await detectRuntime(options.runtime);
    if (detected.name === 'docker') await ensureDemoImage(detected.socketPath, report);
    server = await startServer({
      ...options,
      dataDir: dataDirOf(folder),
      log,
      webRoutes: [
        {
          prefix: '/git/',
          handle: async (path, request, response) => {
            const { pushed } = await serveGit(join(folder, 'git', 'served'), path, request, response);
            if (pushed) await server?.operator.poke(exampleUrl(server));
          },
        },
      ],
    });
    report(`runtime: ${server.runtimeReason}`);
    report(`API ${server.apiUrl}, ingress http://127.0.0.1:${server.ingressPort}`);
  };
  await runSteps([{ title, run }]);
  if (server === undefined) throw new Error('The server did not start');
  return server;
};

const dataDirOf = (folder: string): string => join(folder, 'data');

const exampleUrl = ({ webUrl }: Server): string => `${webUrl}/git/example.git`;

const serveExample = async (
  server: Server,
  folder: string,
  signal: AbortSignal,
  ended: AbortSignal,
): Promise<Demonstration> => {
  let demonstration: Demonstration | undefined;
  const title = 'Serve examples/repo as a Git repository';
  const run = async (report: (text: string) => void): Promise<void> => {
    const repository = await createExampleRepository(join(folder, 'git'), exampleUrl(server));
    const revision = await repository.push('Add the example', {});
    demonstration = { server, repository, revision, signal, ended };
    report(`${exampleUrl(server)} at ${revision.slice(0, 7)}`);
  };
  await runSteps([{ title, run }]);
  if (demonstration === undefined) throw new Error('The repository was not made');
  return demonstration;
};

/** Containers outlive a server; those of the demonstration must not. */
const tearDown = async (server: Server, dataDir: string): Promise<void> => {
  const limit = timeoutSignal(30_000);
  await server.close();
  await clearPods(await server.createRuntime(), limit);
  await clearServiceRules(dataDir);
};
