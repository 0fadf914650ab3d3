import { version as nodeVersion } from 'node:process';
import { Command } from 'commander';
import type { OutputFormat } from '../output/print.js';
import { outputOption, printResult } from '../output/print.js';
import { KUBERNETES_VERSION, packageVersion } from '../version.js';

export const versionCommand = (): Command =>
  new Command('version')
    .description('Print the versions of Fairlead, of the Kubernetes API that it speaks and of Node.js')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) => {
      const versions = { fairlead: packageVersion(), kubernetes: KUBERNETES_VERSION, node: nodeVersion };
      await printResult(output, versions, () =>
        [`fairlead ${versions.fairlead}`, `kubernetes ${versions.kubernetes}`, `node ${versions.node}`].join('\n'),
      );
    });
