import { Command } from 'commander';
import type { ConnectOptions } from '../../connect.js';
import { withClient, withConnection } from '../../connect.js';
import type { OutputFormat } from '../../output/print.js';
import { outputOption, printResult } from '../../output/print.js';
import { findApplication } from './application-argument.js';
import { historyText } from './application-text.js';

export const historyCommand = (): Command =>
  withConnection(new Command('history').description('List what was deployed, oldest first'))
    .argument('<application>', 'NAME or NAMESPACE/NAME')
    .addOption(outputOption())
    .action(async (argument: string, options: ConnectOptions & { output: OutputFormat }) => {
      await withClient(options, async (client) => {
        const application = await findApplication(client, argument);
        await printResult(options.output, application.status?.history ?? [], () => historyText(application));
      });
    });
