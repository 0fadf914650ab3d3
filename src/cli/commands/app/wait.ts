import { Command, InvalidArgumentError } from 'commander';
import type { Application } from '../../../sync/applications/application.js';
import type { ConnectOptions } from '../../connect.js';
import { withClient, withConnection } from '../../connect.js';
import { findApplication } from './application-argument.js';
import type { Verdict } from './follow-application.js';
import { followApplication } from './follow-application.js';

export const parseSeconds = (text: string): number => {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds <= 0) throw new InvalidArgumentError('a whole number of seconds is needed');
  return seconds;
};

interface Wanted {
  readonly sync?: boolean;
  readonly health?: boolean;
  readonly operation?: boolean;
}

/** Everything unless something is named. */
const verdictFor = (wanted: Wanted) => {
  const all = wanted.sync !== true && wanted.health !== true && wanted.operation !== true;
  return ({ status, operation }: Application): Verdict => {
    const isSynced = status?.sync?.status === 'Synced';
    const isHealthy = status?.health?.status === 'Healthy';
    const isIdle = operation === undefined && status?.operationState?.phase !== 'Running';
    const reached =
      (isSynced || !(all || wanted.sync === true)) &&
      (isHealthy || !(all || wanted.health === true)) &&
      (isIdle || !(all || wanted.operation === true));
    return reached ? 'reached' : undefined;
  };
};

export const waitCommand = (): Command =>
  withConnection(
    new Command('wait').description('Wait until applications are synced and healthy and nothing is under way'),
  )
    .argument('<applications...>', 'NAME or NAMESPACE/NAME')
    .option('--sync', 'wait for Synced')
    .option('--health', 'wait for Healthy')
    .option('--operation', 'wait for the end of the operation under way')
    .option('--timeout <seconds>', 'give up after this time', parseSeconds, 300)
    .action(async (names: string[], options: ConnectOptions & Wanted & { timeout: number }) => {
      await withClient(options, async (client) => {
        for (const name of names) {
          await followApplication(client, await findApplication(client, name), verdictFor(options), options.timeout);
        }
      });
    });
