import { homedir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { Option } from 'commander';

/** What a server keeps, below its data folder. */
export const dataPaths = (folder: string) => ({
  store: join(folder, 'store'),
  /** Certificates and keys. */
  pki: join(folder, 'pki'),
  kubeconfig: join(folder, 'kubeconfig'),
  /** Fetched repositories. */
  repositories: join(folder, 'repositories'),
  /** The operator's own: manifests of healthy revisions, chart cache. */
  operator: join(folder, 'operator'),
  /** Pods: volumes, logs, container records. */
  pods: join(folder, 'pods'),
  /** Persistent volumes of the class `local-path`. */
  volumes: join(folder, 'volumes'),
});

export type DataPaths = ReturnType<typeof dataPaths>;

/** `$FAIRLEAD_DATA_DIR`, else `$XDG_STATE_HOME/fairlead`, else `~/.local/state/fairlead`. */
export const defaultDataFolder = (): string =>
  env['FAIRLEAD_DATA_DIR'] ?? join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'fairlead');

/** `--data-dir DIR`, the same for every command. */
export const dataFolderOption = (): Option =>
  new Option('--data-dir <dir>', "the server's data folder").default(defaultDataFolder());
