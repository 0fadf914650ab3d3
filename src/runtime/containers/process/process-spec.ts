import { statSync } from 'node:fs';
import { join } from 'node:path';
import { env as ownEnv } from 'node:process';
import type { ContainerConfig, SandboxConfig } from '../container-runtime.js';
import { RuntimeFailure } from '../container-runtime.js';
import { pathRewriter } from './rewrite-paths.js';

/** A command as it is run: everything that a container would have from its image and its namespaces made explicit. */
export interface ProcessSpec {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
}

/** Throws RuntimeFailure `create-failed` for a container that says no command: there is no image to take it from. */
export const requireCommand = (config: ContainerConfig, sandbox: SandboxConfig): void => {
  if (config.command.length > 0) return;
  throw new RuntimeFailure(
    'create-failed',
    `Cannot create container "${config.name}" of pod ${sandbox.podNamespace}/${sandbox.podName}: it has no command. ` +
      `The process runtime does not use the image "${config.image}"; set "command" to a program of this machine, ` +
      'or run Fairlead on a Docker engine (--runtime docker).',
  );
};

/**
 * How `command` (the container's own, or one to exec) runs in this container: mounted paths rewritten to where they are
 * on this machine, HOST and POD_IP set to the pod's address. The operator's environment is not inherited, but for PATH.
 */
export const processSpec = (
  command: readonly string[],
  config: ContainerConfig,
  pod: { readonly hostname: string; readonly address: string },
  folder: string,
): ProcessSpec => {
  const { terminationMessage } = config;
  const rewrite = pathRewriter(
    terminationMessage === undefined
      ? config.mounts
      : [...config.mounts, { ...terminationMessage, readOnly: false, propagation: 'private' }],
  );
  const env: Record<string, string> = {
    PATH: ownEnv['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: join(folder, 'work'),
    TMPDIR: join(folder, 'tmp'),
    HOSTNAME: pod.hostname,
    HOST: pod.address,
    POD_IP: pod.address,
  };
  for (const { name, value } of config.env) env[name] = rewrite(value);
  return {
    command: command.map(rewrite),
    env,
    workingDir: config.workingDir === undefined ? join(folder, 'work') : rewrite(config.workingDir),
  };
};

/** Throws RuntimeFailure `start-failed` for a working directory that is not there. */
export const checkWorkingDir = (path: string): void => {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new RuntimeFailure(
    'start-failed',
    `working directory "${path}" is not a folder of this machine: the process runtime has no image that could hold it`,
  );
};
