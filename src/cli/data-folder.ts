import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { env } from 'node:process';
import { Option } from 'commander';

export type DataPaths = ReturnType<typeof dataPaths>;

/** What a server keeps, below its data folder. */
export const dataPaths = (folder: string) => ({
  store: join(folder, 'store'),
  /** Certificates and keys. */
  pki: join(folder, 'pki'),
  kubeconfig: join(folder, 'kubeconfig'),
  /** The operator's own: fetched repositories, charts, manifests of healthy revisions. */
  operator: join(folder, 'operator'),
  /** Pods: volumes, logs, container records. */
  pods: join(folder, 'pods'),
  /** Persistent volumes of the class `local-path`. */
  volumes: join(folder, 'volumes'),
});

/** `$FAIRLEAD_DATA_DIR`, else `$XDG_STATE_HOME/fairlead`, else `~/.local/state/fairlead`; an empty variable is none. */
export const defaultDataFolder = (): string => {
  const { FAIRLEAD_DATA_DIR: folder = '', XDG_STATE_HOME: states = '' } = env;
  if (folder !== '') return resolve(folder);
  // A relative path there is invalid by the XDG specification.
  return join(isAbsolute(states) ? states : join(homedir(), '.local', 'state'), 'fairlead');
};

/** `--data-dir DIR`, the same for every command. Made absolute: containers' mounts and sockets need it so. */
export const dataFolderOption = (): Option =>
  new Option('--data-dir <dir>', "the server's data folder")
    .default(defaultDataFolder())
    .argParser((folder) => resolve(folder));
