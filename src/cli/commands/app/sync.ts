import { Command } from 'commander';
import type { Client } from '../../../cluster/client/client.js';
import { keyOf } from '../../../objects/object.js';
import type { Operation, SyncOperation, SyncOperationResource } from '../../../sync/applications/application.js';
import { Application } from '../../../sync/applications/application.js';
import type { ConnectOptions } from '../../connect.js';
import { withClient, withConnection } from '../../connect.js';
import { CommandFailure, EXIT } from '../../exit-statuses.js';
import type { OutputFormat } from '../../output/print.js';
import { outputOption, printResult } from '../../output/print.js';
import { findApplication } from './application-argument.js';
import { detailText } from './application-text.js';
import type { Verdict } from './follow-application.js';
import { followApplication } from './follow-application.js';
import { parseSeconds } from './wait.js';

interface SyncOptions extends ConnectOptions {
  readonly output: OutputFormat;
  readonly revision?: string;
  readonly prune?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly resource: readonly string[];
  readonly wait: boolean;
  readonly timeout: number;
}

const operationOf = (options: SyncOptions): SyncOperation => ({
  ...(options.revision !== undefined && { revision: options.revision }),
  ...(options.prune === true && { prune: true }),
  ...(options.dryRun === true && { dryRun: true }),
  ...(options.force === true && { syncStrategy: { hook: { force: true } } }),
  ...(options.resource.length > 0 && { resources: options.resource.map(parseResource) }),
});

/** `GROUP:KIND:NAME` or `GROUP:KIND:NAMESPACE/NAME`, as `argocd app sync --resource` takes it. */
const parseResource = (text: string): SyncOperationResource => {
  const [group, kind, path, ...rest] = text.split(':');
  if (group === undefined || kind === undefined || path === undefined || kind === '' || rest.length > 0) {
    throw new CommandFailure(`--resource ${text}: GROUP:KIND:NAME or GROUP:KIND:NAMESPACE/NAME is needed`, EXIT.usage);
  }
  const slash = path.indexOf('/');
  return slash < 0
    ? { group, kind, name: path }
    : { group, kind, namespace: path.slice(0, slash), name: path.slice(slash + 1) };
};

/** Asks for an operation and, unless told otherwise, follows it to its end. */
export const runOperation = async (
  client: Client,
  application: Application,
  operation: Operation,
  { wait, timeout }: { wait: boolean; timeout: number },
): Promise<Application> => {
  if (application.operation !== undefined || application.status?.operationState?.phase === 'Running') {
    throw new CommandFailure(
      `Another operation is in progress on ${application.metadata.name}; wait for it: fairlead app wait ${application.metadata.name} --operation`,
    );
  }
  const before = application.status?.operationState?.startedAt;
  const asked = await client.patch(Application, keyOf(application), { type: 'merge', body: { operation } });
  if (!wait) return asked;
  return followApplication(client, application, (current) => verdictOf(current, before), timeout);
};

const verdictOf = ({ operation, status }: Application, before: string | undefined): Verdict => {
  const state = status?.operationState;
  if (operation !== undefined || state === undefined || state.finishedAt === undefined) return undefined;
  if (state.startedAt === before && state.phase === 'Running') return undefined;
  return state.phase === 'Succeeded' ? 'reached' : { failed: state.message ?? state.phase };
};

export const syncCommand = (): Command =>
  withConnection(new Command('sync').description('Deploy an application now and wait until it is healthy'))
    .argument('<application>', 'NAME or NAMESPACE/NAME')
    .option('--revision <revision>', 'deploy this revision instead of the target revision')
    .option('--prune', 'delete what the revision no longer has')
    .option('--dry-run', 'only say what would be done')
    .option('--force', 'delete and create again what cannot be changed in place; also deploys a quarantined revision')
    .option(
      '--resource <resource>',
      'only this object; may be repeated',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--no-wait', 'return at once')
    .option('--timeout <seconds>', 'give up waiting after this time', parseSeconds, 600)
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead app sync shop --prune\n  fairlead app sync shop --resource apps:Deployment:web',
    )
    .action(async (argument: string, options: SyncOptions) => {
      const sync = operationOf(options);
      await withClient(options, async (client) => {
        const application = await findApplication(client, argument);
        const synced = await runOperation(client, application, { sync, initiatedBy: { username: 'admin' } }, options);
        await printResult(options.output, synced, () => detailText(synced));
      });
    });
