import { readFile } from 'node:fs/promises';
import { stdout } from 'node:process';
import { Command } from 'commander';
import { dataFolderOption, dataPaths } from '../data-folder.js';
import { CommandFailure } from '../exit-statuses.js';

export const kubeconfigCommand = (): Command =>
  new Command('kubeconfig')
    .description('Print the kubeconfig of the server on a data folder: for kubectl, helm and every other client')
    .addOption(dataFolderOption())
    .addHelpText(
      'after',
      '\nExample:\n  fairlead kubeconfig > ~/.kube/fairlead && KUBECONFIG=~/.kube/fairlead kubectl get pods -A',
    )
    .action(async ({ dataDir }: { dataDir: string }) => {
      try {
        stdout.write(await readFile(dataPaths(dataDir).kubeconfig, 'utf8'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        throw new CommandFailure(`There is no server in ${dataDir}; start one with: fairlead up --data-dir ${dataDir}`);
      }
    });
