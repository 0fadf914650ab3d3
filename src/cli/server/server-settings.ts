import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICE_CIDRS } from '../../runtime/network/services/start-service-proxy.js';
import { CommandFailure } from '../exit-statuses.js';

/** What a data folder decides for ever, made at its first start. */
export interface ServerSettings {
  /** Containers of a data folder live in one runtime. */
  readonly runtime: 'docker' | 'process' | 'simulated';
  /** Addresses of Services. */
  readonly serviceCidr: string;
  /** The bearer token with which the API server speaks to kubelets. */
  readonly kubeletToken: string;
}

const settingsFile = (folder: string): string => join(folder, 'settings.json');

/** The settings of a data folder that was used before. */
export const readSettings = (folder: string): ServerSettings | undefined => {
  try {
    return JSON.parse(readFileSync(settingsFile(folder), 'utf8')) as ServerSettings;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CommandFailure(`Cannot read ${settingsFile(folder)}: ${(error as Error).message}`);
  }
};

/** Keeps the settings of a new data folder, for its owner only. */
export const createSettings = (
  folder: string,
  runtime: ServerSettings['runtime'],
  serviceCidr: string = SERVICE_CIDRS[runtime],
): ServerSettings => {
  const settings: ServerSettings = {
    runtime,
    serviceCidr,
    kubeletToken: randomBytes(32).toString('base64url'),
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(settingsFile(folder), `${JSON.stringify(settings, undefined, 2)}\n`, { mode: 0o600 });
  return settings;
};
