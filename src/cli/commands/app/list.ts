import { Command } from 'commander';
import { Application } from '../../../sync/applications/application.js';
import type { ConnectOptions } from '../../connect.js';
import { withClient, withConnection } from '../../connect.js';
import type { OutputFormat } from '../../output/print.js';
import { outputOption, printResult } from '../../output/print.js';
import { listText } from './application-text.js';

export const listCommand = (): Command =>
  withConnection(new Command('list').alias('ls').description('List applications with their sync status and health'))
    .addOption(outputOption())
    .option('-l, --selector <labels>', 'only applications with these labels')
    .action(async (options: ConnectOptions & { output: OutputFormat; selector?: string }) => {
      await withClient(options, async (client) => {
        const { items } = await client.list(
          Application,
          options.selector === undefined ? {} : { labelSelector: options.selector },
        );
        await printResult(options.output, items, () => listText(items));
      });
    });
