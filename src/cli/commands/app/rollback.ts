import { Command } from 'commander';
import { timestamp } from '../../../objects/conditions.js';
import { keyOf } from '../../../objects/object.js';
import type { Quarantined, RevisionHistory } from '../../../sync/applications/application.js';
import { Application, isAutomated } from '../../../sync/applications/application.js';
import type { ConnectOptions } from '../../connect.js';
import { withClient, withConnection } from '../../connect.js';
import { CommandFailure } from '../../exit-statuses.js';
import type { OutputFormat } from '../../output/print.js';
import { outputOption, printResult } from '../../output/print.js';
import { findApplication } from './application-argument.js';
import { detailText } from './application-text.js';
import { runOperation } from './sync.js';
import { parseSeconds } from './wait.js';

/** The entry of the history that is asked for, or the one before the newest. */
export const chooseEntry = ({ metadata, status }: Application, id: string | undefined): RevisionHistory => {
  const history = status?.history ?? [];
  const entry = id === undefined ? history.at(-2) : history.find((one) => String(one.id) === id);
  if (entry !== undefined) return entry;
  const known = history.map((one) => one.id).join(', ');
  throw new CommandFailure(
    id === undefined
      ? `${metadata.name} has no earlier deployment to return to`
      : `${metadata.name} has no deployment ${id} in its history (there are: ${known === '' ? 'none' : known})`,
  );
};

/** The quarantine with everything that was deployed after an entry, so that automation does not bring it back. */
export const quarantineAfter = (
  { status }: Application,
  entry: RevisionHistory,
  since: string,
): readonly Quarantined[] => {
  const newer = (status?.history ?? []).filter(({ id, manifests }) => id > entry.id && manifests !== entry.manifests);
  const known = (status?.quarantine ?? []).filter(({ manifests }) => manifests !== entry.manifests);
  const added = newer
    .filter(({ manifests }) => !known.some((one) => one.manifests === manifests))
    .map(({ revision, manifests }) => ({
      revision,
      reason: `rolled back by hand to deployment ${entry.id}`,
      since,
      ...(manifests !== undefined && { manifests }),
    }));
  return [...known, ...added];
};

export const rollbackCommand = (): Command =>
  withConnection(
    new Command('rollback').description(
      'Return to an earlier deployment. What was deployed after it is quarantined: the next commit deploys normally',
    ),
  )
    .argument('<application>', 'NAME or NAMESPACE/NAME')
    .argument('[id]', 'from `fairlead app history`; default: the one before the newest')
    .option('--prune', 'delete what the earlier deployment did not have')
    .option('--no-wait', 'return at once')
    .option('--timeout <seconds>', 'give up waiting after this time', parseSeconds, 600)
    .addOption(outputOption())
    .action(
      async (
        argument: string,
        id: string | undefined,
        options: ConnectOptions & { prune?: boolean; wait: boolean; timeout: number; output: OutputFormat },
      ) => {
        await withClient(options, async (client) => {
          const application = await findApplication(client, argument);
          const entry = chooseEntry(application, id);
          if (isAutomated(application.spec)) {
            const quarantine = quarantineAfter(application, entry, timestamp(Date.now()));
            await client.patch(Application, keyOf(application), { type: 'merge', body: { status: { quarantine } } });
          }
          const operation = {
            sync: {
              revision: entry.revision,
              ...(entry.revisions !== undefined && { revisions: entry.revisions }),
              ...(options.prune === true && { prune: true }),
            },
            info: [{ name: 'Reason', value: `rollback to deployment ${entry.id}` }],
            initiatedBy: { username: 'admin' },
          };
          const done = await runOperation(client, application, operation, options);
          await printResult(options.output, done, () => detailText(done));
        });
      },
    );
