import type { Logger } from 'pino';
import { SYSTEM_USER, type Api } from '../../cluster/api/api.js';
import type { Credentials } from '../../cluster/auth/credentials.js';
import type { Client } from '../../cluster/client/client.js';
import { runControllers } from '../../cluster/client/controller-runner.js';
import { createEventRecorder } from '../../cluster/client/event-recorder.js';
import { createInformerSet } from '../../cluster/client/informer-set.js';
import type { InformerSet } from '../../cluster/client/informer.js';
import { builtinControllers } from '../../cluster/controllers/builtin-controllers.js';
import { runScheduler } from '../../cluster/scheduler/scheduler.js';
import type { Clock } from '../../objects/clock.js';
import type { DataPaths } from '../data-folder.js';
import type { Lifetime } from './lifetime.js';

export interface ControlPlaneOptions {
  readonly api: Api;
  readonly credentials: Credentials;
  readonly paths: DataPaths;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ControlPlane {
  /** As the administrator. */
  readonly client: Client;
  /** The client of a part, by the name under which Kubernetes' part of that kind owns what it writes. */
  readonly clientOf: (component: string) => Client;
  readonly informers: InformerSet;
}

/** Runs the controllers and the scheduler. */
export const startControlPlane = (options: ControlPlaneOptions, lifetime: Lifetime): ControlPlane => {
  const { api, credentials, paths, clock, log } = options;
  const { signal } = lifetime;
  const client = api.client();
  const clientOf = (component: string): Client => api.client(SYSTEM_USER, component);
  const informers = createInformerSet(client, { log, clock });
  const recorderOf = (writer: Client) => (component: string) => createEventRecorder(writer, { component, clock, log });
  const [manager, placer] = [clientOf('kube-controller-manager'), clientOf('kube-scheduler')];
  const controllers = builtinControllers(
    { client: manager, informers, clock, log, recorder: recorderOf(manager) },
    {
      rootCa: credentials.authority.certificate,
      signer: credentials.authority,
      secretTokens: (grant) => api.tokens.issueForSecret(grant),
      volumeFolder: paths.volumes,
    },
  );
  lifetime.own('controllers', runControllers(controllers, { informers, clock, log }, signal));
  const scheduler = {
    client: placer,
    informers,
    recorder: recorderOf(placer)('default-scheduler'),
    clock,
    log,
  };
  lifetime.own('scheduler', runScheduler(scheduler, signal));
  return { client, clientOf, informers };
};
