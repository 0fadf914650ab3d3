import { Command } from 'commander';
import { pino } from 'pino';
import { systemClock } from '../../objects/clock.js';
import { dataFolderOption, dataPaths } from '../data-folder.js';
import { CommandFailure } from '../exit-statuses.js';
import { remark } from '../output/print.js';
import { readSettings } from '../server/server-settings.js';
import { timeoutSignal } from '../../objects/timeout-signal.js';

export const clearCommand = (): Command =>
  new Command('clear')
    .description('Stop and remove the containers of a data folder whose server is not running; its objects stay')
    .addOption(dataFolderOption())
    .addHelpText('after', '\nA server that starts on the data folder again makes the pods anew.')
    .action(async ({ dataDir }: { dataDir: string }) => {
      const settings = readSettings(dataDir);
      if (settings === undefined) throw new CommandFailure(`${dataDir} is not a data folder of fairlead`);
      const [{ openLmdbStore }, { createRuntime, detectRuntime }, { clearPods }, { clearServiceRules }] =
        await Promise.all([
          import('../../cluster/store/lmdb-store.js'),
          import('../../runtime/containers/choose-runtime.js'),
          import('../server/clear-pods.js'),
          import('../../runtime/network/services/start-service-proxy.js'),
        ]);
      const paths = dataPaths(dataDir);
      // Holding the store keeps a server from starting meanwhile, and tells when one is running.
      const store = openLmdbStore(paths.store);
      try {
        const detected = await detectRuntime(settings.runtime);
        const runtime = await createRuntime(detected, {
          root: paths.pods,
          clock: systemClock,
          log: pino({ level: 'silent' }),
        });
        const count = await clearPods(runtime, timeoutSignal(120_000));
        await clearServiceRules(dataDir);
        remark(`${count} pods removed`);
      } finally {
        await store.close();
      }
    });
