import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { ClusterConnection } from '../cluster/client/connection.js';
import type { HttpClient } from '../cluster/client/http-client.js';
import { CommandFailure } from './exit-statuses.js';
import { dataFolderOption, dataPaths } from './data-folder.js';

export interface ConnectOptions {
  readonly dataDir: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Options of every command that talks to a server. */
export const withConnection = (command: Command): Command =>
  command
    .addOption(dataFolderOption())
    .option('--kubeconfig <file>', 'talk to the cluster of this kubeconfig instead of the one in the data folder')
    .option('--context <name>', 'context of the kubeconfig');

export const connectionOf = async ({ dataDir, kubeconfig, context }: ConnectOptions): Promise<ClusterConnection> => {
  const file = kubeconfig ?? dataPaths(dataDir).kubeconfig;
  if (!existsSync(file)) {
    throw new CommandFailure(
      kubeconfig === undefined
        ? `There is no server in ${dataDir}; start one with: fairlead up --data-dir ${dataDir}`
        : `${file} does not exist`,
    );
  }
  const { loadKubeconfig } = await import('../cluster/client/kubeconfig.js');
  return loadKubeconfig(file, context);
};

/** Whether nothing listens there. The client wraps what the network said. */
const isRefused = (error: unknown): boolean =>
  error instanceof Error && ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED' || isRefused(error.cause));

/** Runs `work` with a client of the chosen cluster and lets its connections go. */
export const withClient = async <T>(options: ConnectOptions, work: (client: HttpClient) => Promise<T>): Promise<T> => {
  const connection = await connectionOf(options);
  const { createHttpClient } = await import('../cluster/client/http-client.js');
  const client = createHttpClient(connection, { userAgent: 'fairlead' });
  try {
    return await work(client);
  } catch (error) {
    if (!isRefused(error)) throw error;
    throw new CommandFailure(
      `No server answers at ${connection.server}` +
        (options.kubeconfig === undefined ? `; start it with: fairlead up --data-dir ${options.dataDir}` : ''),
    );
  } finally {
    client.close();
  }
};
