import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { env as ownEnv } from 'node:process';
import type { Logger } from 'pino';
import type { Clock } from '../../objects/clock.js';
import type { ContainerRuntime } from './container-runtime.js';
import { RuntimeFailure } from './container-runtime.js';
import { createProcessRuntime } from './process/process-runtime.js';
import { createSimulatedRuntime } from './simulated/simulated-runtime.js';

export type RuntimeChoice = 'auto' | 'docker' | 'process' | 'simulated';

/** What will run the containers, and why, in words for the user. */
export type DetectedRuntime =
  | { readonly name: 'docker'; readonly socketPath: string; readonly reason: string }
  | { readonly name: 'process' | 'simulated'; readonly reason: string };

/** An engine that does not answer within this time is none. */
const ANSWER_MS = 3000;

/** Where engines listen: what the user says, Docker, Docker Desktop, Colima, Podman. */
const socketPaths = (env: NodeJS.ProcessEnv): readonly string[] => {
  const host = env['DOCKER_HOST'];
  if (host?.startsWith('unix://') === true) return [host.slice('unix://'.length)];
  const runtimeFolder = env['XDG_RUNTIME_DIR'];
  return [
    '/var/run/docker.sock',
    join(homedir(), '.docker/run/docker.sock'),
    join(homedir(), '.colima/default/docker.sock'),
    ...(runtimeFolder === undefined
      ? []
      : [join(runtimeFolder, 'docker.sock'), join(runtimeFolder, 'podman/podman.sock')]),
    '/run/podman/podman.sock',
  ];
};

type Answer = { readonly version: string } | { readonly failure: string };

const askEngine = async (socketPath: string): Promise<Answer> => {
  try {
    const { default: Docker } = await import('dockerode');
    const answer = await new Docker({ socketPath, timeout: ANSWER_MS }).version();
    return { version: answer.Version };
  } catch (error) {
    return { failure: `${socketPath}: ${(error as Error).message}` };
  }
};

const findEngine = async (
  env: NodeJS.ProcessEnv,
): Promise<{ readonly socketPath: string; readonly version: string } | { readonly failures: readonly string[] }> => {
  const failures: string[] = [];
  for (const socketPath of socketPaths(env)) {
    if (!existsSync(socketPath)) {
      failures.push(`${socketPath}: not there`);
      continue;
    }
    const answer = await askEngine(socketPath);
    if ('version' in answer) return { socketPath, version: answer.version };
    failures.push(answer.failure);
  }
  return { failures };
};

/**
 * Decides what runs the containers. `auto`: a container engine when one answers, else processes. Throws RuntimeFailure
 * `unavailable` when `docker` is asked for and no engine answers.
 */
export const detectRuntime = async (
  choice: RuntimeChoice,
  env: NodeJS.ProcessEnv = ownEnv,
): Promise<DetectedRuntime> => {
  if (choice === 'simulated') return { name: 'simulated', reason: 'simulated: nothing really runs' };
  if (choice === 'process') return { name: 'process', reason: 'processes of this machine, without isolation' };
  const found = await findEngine(env);
  if ('version' in found) {
    return {
      name: 'docker',
      socketPath: found.socketPath,
      reason: `container engine ${found.version} on ${found.socketPath}`,
    };
  }
  const failures = found.failures.join('; ');
  if (choice === 'docker') {
    throw new RuntimeFailure(
      'unavailable',
      `No container engine answers (${failures}). Start dockerd, set DOCKER_HOST=unix:///path, or use --runtime process.`,
    );
  }
  return {
    name: 'process',
    reason: `processes of this machine, without isolation, because no container engine answers (${failures})`,
  };
};

/** Makes the runtime that was detected; only Docker's loads what speaks to Docker. `root`: the folder for its state, one a node. */
export const createRuntime = async (
  detected: DetectedRuntime,
  options: { readonly root: string; readonly clock: Clock; readonly log: Logger },
): Promise<ContainerRuntime> => {
  switch (detected.name) {
    case 'docker': {
      const { createDockerRuntime } = await import('./docker/docker-runtime.js');
      return createDockerRuntime({ ...options, socketPath: detected.socketPath });
    }
    case 'process':
      return createProcessRuntime(options);
    default:
      return createSimulatedRuntime(options);
  }
};
