import type { DetectedRuntime, RuntimeChoice } from '../../runtime/containers/choose-runtime.js';
import { detectRuntime } from '../../runtime/containers/choose-runtime.js';
import { CommandFailure } from '../exit-statuses.js';
import type { ServerSettings } from './server-settings.js';
import { createSettings, readSettings } from './server-settings.js';

interface ServerChoice {
  readonly runtime: RuntimeChoice;
  readonly serviceCidr?: string;
}

/**
 * The runtime for a data folder: what was chosen at its first start, because its containers are there; else what is asked
 * for or found. Fails when another one is asked for.
 */
export const chooseServerRuntime = async (
  folder: string,
  { runtime: choice, serviceCidr }: ServerChoice,
): Promise<{ readonly detected: DetectedRuntime; readonly settings: ServerSettings }> => {
  const known = readSettings(folder);
  if (known !== undefined && choice !== 'auto' && choice !== known.runtime) {
    throw new CommandFailure(
      `The data folder ${folder} was made with --runtime ${known.runtime}, and its containers run there. ` +
        `Leave --runtime out, or choose another --data-dir.`,
    );
  }
  if (known !== undefined && serviceCidr !== undefined && serviceCidr !== known.serviceCidr) {
    throw new CommandFailure(
      `The data folder ${folder} was made with --service-cidr ${known.serviceCidr}, and its Services have addresses there. ` +
        `Leave --service-cidr out, or choose another --data-dir.`,
    );
  }
  const detected = await detectRuntime(known?.runtime ?? choice);
  return { detected, settings: known ?? createSettings(folder, detected.name, serviceCidr) };
};
