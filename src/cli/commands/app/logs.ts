import { stdout } from 'node:process';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { Command } from 'commander';
import type { Client } from '../../../cluster/client/client.js';
import type { HttpTransport } from '../../../cluster/client/http-transport.js';
import { createHttpTransport } from '../../../cluster/client/http-transport.js';
import { systemClock } from '../../../objects/clock.js';
import { Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { formatLabelSelector, selectorFromObject } from '../../../objects/selectors/label-selector.js';
import type { LabelSelectorObject } from '../../../objects/selectors/label-selector.js';
import type { Application, ResourceStatus } from '../../../sync/applications/application.js';
import type { ConnectOptions } from '../../connect.js';
import { connectionOf, withClient, withConnection } from '../../connect.js';
import { CommandFailure } from '../../exit-statuses.js';
import { findApplication } from './application-argument.js';

interface LogsOptions extends ConnectOptions {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly previous?: boolean;
  readonly container?: string;
}

/** Kinds that run pods through a selector. */
const SELECTING = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicationController']);

/** The pods that an application's resources run, without repeats. */
const podsOf = async (client: Client, { status }: Application): Promise<readonly Pod[]> => {
  const found = new Map<string, Pod>();
  for (const resource of status?.resources ?? []) {
    for (const pod of await podsOfResource(client, resource)) found.set(pod.metadata.uid ?? pod.metadata.name, pod);
  }
  return [...found.values()];
};

const podsOfResource = async (client: Client, resource: ResourceStatus): Promise<readonly Pod[]> => {
  const { namespace, name } = resource;
  const key = { name, ...(namespace !== undefined && { namespace }) };
  if (resource.kind === 'Pod') {
    const pod = await client.get(Pod, key);
    return pod === undefined ? [] : [pod];
  }
  if (!SELECTING.has(resource.kind)) return [];
  const group = resource.group ?? '';
  const kind = { apiVersion: group === '' ? resource.version : `${group}/${resource.version}`, kind: resource.kind };
  const owner = await client.get<KubeObject & { spec?: { selector?: LabelSelectorObject } }>(kind, key);
  if (owner?.spec?.selector === undefined || namespace === undefined) return [];
  const labelSelector = formatLabelSelector(selectorFromObject(owner.spec.selector));
  return (await client.list(Pod, { namespace, labelSelector })).items;
};

const logPath = (pod: Pod, container: string, { follow, tail, previous }: LogsOptions): string => {
  const query = new URLSearchParams({ container });
  if (follow === true) query.set('follow', 'true');
  if (previous === true) query.set('previous', 'true');
  if (tail !== undefined) query.set('tailLines', tail);
  return `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/log?${query.toString()}`;
};

const printLog = async (transport: HttpTransport, path: string, prefix: string, signal: AbortSignal): Promise<void> => {
  const lines = createInterface({
    input: Readable.from(transport.stream({ method: 'GET', path, accept: '*/*' }, signal)),
  });
  for await (const line of lines) stdout.write(`${prefix}${line}\n`);
};

export const logsCommand = (): Command =>
  withConnection(
    new Command('logs').description("Print the logs of an application's containers, each line with its pod"),
  )
    .argument('<application>', 'NAME or NAMESPACE/NAME')
    .option('-f, --follow', 'go on until interrupted')
    .option('--tail <lines>', 'only the last lines of each container')
    .option('-p, --previous', 'of the containers before the last restart')
    .option('-c, --container <name>', 'only containers of this name')
    .action(async (argument: string, options: LogsOptions) => {
      const connection = await connectionOf(options);
      const transport = createHttpTransport(connection, { clock: systemClock, userAgent: 'fairlead' });
      const interrupted = new AbortController();
      process.once('SIGINT', () => interrupted.abort());
      try {
        await withClient(options, async (client) => {
          const application = await findApplication(client, argument);
          const pods = await podsOf(client, application);
          if (pods.length === 0) throw new CommandFailure(`${argument} runs no pods`);
          const streams = pods.flatMap((pod) =>
            pod.spec.containers
              .filter(({ name }) => options.container === undefined || name === options.container)
              .map(({ name }) =>
                printLog(transport, logPath(pod, name, options), `[${pod.metadata.name}/${name}] `, interrupted.signal),
              ),
          );
          await Promise.all(streams);
        });
      } finally {
        transport.close();
      }
    });
