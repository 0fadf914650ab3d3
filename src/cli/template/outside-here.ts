import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../objects/clock.js';
import type { KubeObject } from '../../objects/object.js';
import { OpenTrees } from '../../render/files/open-tree.js';
import type { OpenFolder, OutsideFolder } from '../../render/outside.js';
import { Charts } from '../../sync/sources/charts.js';
import { RemoteFiles } from '../../sync/sources/remote-files.js';
import { RemoteFolders } from '../../sync/sources/remote-folders.js';
import { Repositories } from '../../sync/sources/repositories.js';
import type { OutsideHere } from '../lazy-outside.js';
import { userCache } from './user-cache.js';

/** What the person who runs a command may do: read this machine, and use no credentials, because there are none. */
const RIGHTS = { mayUse: () => true, mayReadMachine: true, using: () => undefined };

const secrets = (): readonly KubeObject[] => [];

/** Git repositories, files and charts for a command. Repositories are fetched into a folder that goes with `close`. */
export const openOutsideHere = async (): Promise<OutsideHere> => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-'));

  const repositories = new Repositories({
    folder,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    secrets,
    onEvent: () => undefined,
  });
  const folders = new RemoteFolders(repositories);
  const files = new RemoteFiles(secrets);
  const charts = new Charts({ folder: join(userCache(), 'unpacked'), secrets });
  const trees = new OpenTrees();
  const opened = ({ tree, path }: OutsideFolder): OpenFolder => ({ tree: trees.open(tree), path });
  return {
    outside: {
      folder: async (url, signal) => opened((await folders.folder(url, RIGHTS, signal)).value),
      file: async (url, signal) => (await files.file(url, RIGHTS.mayUse, signal)).value,
      chart: async (wanted, signal) => opened((await charts.answer(wanted, RIGHTS.mayUse, signal)).value),
    },
    close: async () => {
      trees.close();
      await repositories.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
