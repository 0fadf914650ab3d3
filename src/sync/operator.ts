import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import type { Client } from '../cluster/client/client.js';
import { runControllers } from '../cluster/client/controller-runner.js';
import type { Controller } from '../cluster/client/controller.js';
import { createEventRecorder } from '../cluster/client/event-recorder.js';
import type { InformerSet } from '../cluster/client/informer.js';
import type { Clock } from '../objects/clock.js';
import { ConfigMap, Secret } from '../objects/kinds/core-v1.js';
import type { KubeObject } from '../objects/object.js';
import type { RenderPool } from '../render/pool/render-pool.js';
import { AppProject, Application, APPLICATION_NAMESPACES } from './applications/application.js';
import { ApplicationReconciler } from './applications/application-controller.js';
import { ARGOCD_SETTINGS, kustomizeBuildOf } from './applications/argocd-settings.js';
import { bootstrapOperator } from './applications/bootstrap.js';
import { DesiredStates } from './applications/desired-state.js';
import { KeptManifests } from './applications/kept-manifests.js';
import { findProject } from './applications/project-rules.js';
import { addApplicationIndexes, applicationWatches, Triggers } from './applications/triggers.js';
import { LiveObjects } from './compare/live-objects.js';
import type { MaintenanceReport } from './maintenance.js';
import { maintainOperator } from './maintenance.js';
import { Charts } from './sources/charts.js';
import { isRepositorySecret } from './sources/credentials.js';
import type { RemoteLimits } from './sources/remote-backend.js';
import { RemoteFiles } from './sources/remote-files.js';
import { RemoteFolders } from './sources/remote-folders.js';
import type { PollSchedule } from './sources/repositories.js';
import { Repositories } from './sources/repositories.js';

export interface OperatorOptions {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly renderPool: RenderPool;
  /** Fetched repositories and the manifests of healthy revisions are kept in here. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Version of the destination cluster, for charts: `v1.35.2`. */
  readonly kubeVersion: string;
  readonly poll?: Partial<PollSchedule>;
  readonly limits?: Partial<RemoteLimits>;
  /** How long a repository may be out of reach before its applications say so. Default 180,000 ms. */
  readonly sourceGraceMs?: number;
  /** Applications that are reconciled at the same time. Default 16. */
  readonly concurrency?: number;
  /** Milliseconds on a clock that never jumps; for tests. */
  readonly elapsed?: () => number;
}

/** A running operator. */
export interface Operator {
  /** Asks a repository for its refs now, as after a push. Resolves when what moved is fetched. */
  poke(repoURL: string): Promise<void>;
  /** Frees what is kept on disk and not needed any more. Never rejects: each step reports its own failure. */
  maintain(signal: AbortSignal): Promise<MaintenanceReport>;
  /** Resolves when the operator has stopped; rejects when it could not go on. */
  readonly stopped: Promise<void>;
}

const DEFAULT_SOURCE_GRACE_MS = 180_000;
const DEFAULT_CONCURRENCY = 16;

/** Makes the parts and tells them of each other; nothing runs yet. */
const assemble = (options: OperatorOptions) => {
  const { client, informers, clock, log } = options;
  addApplicationIndexes(informers);
  const live = new LiveObjects({ client, informers, log });
  const sourceGraceMs = options.sourceGraceMs ?? DEFAULT_SOURCE_GRACE_MS;
  const kept = new KeptManifests(join(options.dataDir, 'manifests'));
  let triggers: Triggers | undefined;
  const secrets = (): readonly KubeObject[] =>
    APPLICATION_NAMESPACES.flatMap((namespace) => informers.informer(Secret).list(namespace)).filter(
      isRepositorySecret,
    );
  const repositories = new Repositories({
    folder: join(options.dataDir, 'repositories'),
    clock,
    log,
    secrets,
    onEvent: (repoURL, event) => triggers?.repositoryChanged(repoURL, event),
    ...(options.poll === undefined ? {} : { schedule: options.poll }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const charts = new Charts({ folder: join(options.dataDir, 'charts'), secrets });
  const projects = informers.informer(AppProject);
  const settings = informers.informer(ConfigMap);
  const desired = new DesiredStates({
    client,
    live,
    repositories,
    charts,
    folders: new RemoteFolders(repositories),
    files: new RemoteFiles(secrets),
    clock,
    renderPool: options.renderPool,
    projectOf: (application) => findProject(application, (key) => projects.get(key)),
    kubeVersion: () => options.kubeVersion,
    apiVersions: () => live.apiVersions,
    kustomizeBuild: () => kustomizeBuildOf(settings.get(ARGOCD_SETTINGS)),
  });
  const events = createEventRecorder(client, { component: 'fairlead-application-controller', clock, log });
  const elapsed = options.elapsed ?? (() => performance.now());
  const shared = { client, informers, clock, elapsed, log, events, live, repositories, desired, kept, sourceGraceMs };
  const reconciler = new ApplicationReconciler(shared);
  triggers = new Triggers({ ...shared, memories: reconciler.memories });
  informers.informer(Application);
  informers.informer(Secret);
  return { reconciler, triggers, live, repositories, kept, charts, events };
};

/**
 * Starts the operator: makes its kinds, namespaces and default project, then reconciles every Application in the
 * namespaces `argocd` and `fairlead` until the signal fires. Resolves when it watches.
 */
export const startOperator = async (options: OperatorOptions, signal: AbortSignal): Promise<Operator> => {
  const { client, informers, clock, log } = options;
  await mkdir(options.dataDir, { recursive: true });
  await bootstrapOperator(client, clock, signal);
  const { reconciler, triggers, live, repositories, kept, charts, events } = assemble(options);
  await live.start(signal);
  const controller: Controller = {
    name: 'application',
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    watches: applicationWatches(informers),
    source: async (enqueue, stop) => {
      await triggers.run(enqueue, stop);
    },
    reconcile: async (key, stop) => await reconciler.reconcile(key, stop),
  };
  const stopped = (async (): Promise<void> => {
    try {
      await runControllers([controller], { informers, clock, log }, signal);
    } finally {
      await repositories.close();
      await events.flush();
    }
  })();
  return {
    poke: async (repoURL) => await repositories.poke(repoURL),
    maintain: async (stop) => await maintainOperator({ client, clock, repositories, kept, charts }, stop),
    stopped,
  };
};
