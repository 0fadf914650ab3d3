import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createApi } from '../../src/cluster/api/api.js';
import type { Client } from '../../src/cluster/client/client.js';
import { runControllers } from '../../src/cluster/client/controller-runner.js';
import { createEventRecorder } from '../../src/cluster/client/event-recorder.js';
import { createInformerSet } from '../../src/cluster/client/informer-set.js';
import { builtinControllers } from '../../src/cluster/controllers/builtin-controllers.js';
import type { Store } from '../../src/cluster/store/store.js';
import { createMemoryStore } from '../../src/cluster/store/memory-store.js';
import { systemClock } from '../../src/objects/clock.js';
import type { KindOf } from '../../src/objects/kind.js';
import { Pod } from '../../src/objects/kinds/core-v1.js';
import type { KubeObject, ObjectKey } from '../../src/objects/object.js';
import { createRenderPool } from '../../src/render/pool/render-pool.js';
import type { RenderPool } from '../../src/render/pool/render-pool.js';
import { Application } from '../../src/sync/applications/application.js';
import type { ApplicationSpec } from '../../src/sync/applications/application.js';
import type { Operator, OperatorOptions } from '../../src/sync/operator.js';
import { startOperator } from '../../src/sync/operator.js';

/** An operator on an API server in memory with its controllers, and a player in the place of nodes. */
export interface OperatorRig {
  readonly client: Client;
  readonly operator: Operator;
  readonly renderPool: RenderPool;
  readonly dataDir: string;
  /** Stops the operator as a crash would, between any two steps, and starts another one on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
  /** Makes an Application in `argocd`. */
  application(name: string, spec: Partial<ApplicationSpec> & Pick<ApplicationSpec, 'source'>): Promise<Application>;
  /** Resolves with the object when it is as wanted; looks at every change. */
  until<T extends KubeObject>(
    kind: KindOf<T>,
    key: ObjectKey,
    wanted: (object: T | undefined) => boolean,
    what?: string,
  ): Promise<T | undefined>;
  /** Resolves with the Application when it is as wanted. */
  untilApplication(name: string, wanted: (application: Application) => boolean, what?: string): Promise<Application>;
}

/** Longer than any test's health timeout by far: what is waited for happens, also on a machine that is busy. */
const WAIT_MS = 18_000;

export interface OperatorRigOptions extends Partial<OperatorOptions> {
  /** How long one render may take; long enough for a machine that is busy. */
  readonly renderTimeoutMs?: number;
}

export const startOperatorRig = async ({
  renderTimeoutMs = 15_000,
  ...options
}: OperatorRigOptions = {}): Promise<OperatorRig> => {
  const log = pino({ level: process.env['RIG_LOG'] ?? 'silent' });
  const dataDir = await mkdtemp(join(tmpdir(), 'fairlead-operator-'));
  const store: Store = createMemoryStore();
  const stopApi = new AbortController();
  const api = createApi({ store, log, disabledPlugins: ['ServiceAccount'] });
  await api.start(stopApi.signal);
  const client = api.client();
  const renderPool = createRenderPool({ maxThreads: 1, timeoutMs: renderTimeoutMs, memoryMb: 256 });
  const start = async () => {
    const stop = new AbortController();
    const informers = createInformerSet(client, { clock: systemClock, log });
    const operator = await startOperator(
      {
        client,
        informers,
        renderPool,
        dataDir,
        clock: systemClock,
        log,
        kubeVersion: 'v1.35.2',
        sourceGraceMs: 0,
        ...options,
      },
      stop.signal,
    );
    return { stop, operator };
  };
  const informers = createInformerSet(client, { clock: systemClock, log });
  const recorder = (component: string) => createEventRecorder(client, { component, clock: systemClock, log });
  const controllers = builtinControllers({ client, informers, clock: systemClock, log, recorder });
  const cluster = Promise.all([
    runControllers(controllers, { informers, clock: systemClock, log }, stopApi.signal),
    playPods(client, stopApi.signal),
  ]);
  let running = await start();
  const stop = async (): Promise<void> => {
    running.stop.abort();
    await running.operator.stopped;
  };
  const until: OperatorRig['until'] = async (kind, key, wanted, what = wanted.toString()) => {
    const stopWatch = new AbortController();
    const timer = setTimeout(() => stopWatch.abort(), WAIT_MS);
    try {
      const now = await client.get(kind, key);
      if (wanted(now)) return now;
      let last: KubeObject | undefined = now;
      for await (const event of client.watch(
        kind,
        key.namespace === undefined ? {} : { namespace: key.namespace },
        stopWatch.signal,
      )) {
        if (event.type === 'bookmark' || event.object.metadata.name !== key.name) continue;
        last = event.object;
        if (wanted(event.type === 'deleted' ? undefined : event.object))
          return event.type === 'deleted' ? undefined : event.object;
      }
      throw new Error(
        `${kind.kind} ${key.name} did not become as wanted (${what}): ${JSON.stringify(last, undefined, 1)}`,
      );
    } finally {
      clearTimeout(timer);
      stopWatch.abort();
    }
  };
  return {
    client,
    renderPool,
    dataDir,
    get operator() {
      return running.operator;
    },
    restart: async () => {
      await stop();
      running = await start();
    },
    close: async () => {
      await stop();
      stopApi.abort();
      await cluster;
      await renderPool.close();
      await rm(dataDir, { recursive: true, force: true });
    },
    application: async (name, spec) =>
      await client.create<Application>({
        ...Application,
        metadata: { name, namespace: 'argocd' },
        spec: {
          project: 'default',
          destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
          syncPolicy: { automated: { prune: true, selfHeal: true } },
          ...spec,
        },
      }),
    until,
    untilApplication: async (name, wanted, what = wanted.toString()) => {
      const found = await until(
        Application,
        { namespace: 'argocd', name },
        (application) => application !== undefined && wanted(application),
        what,
      );
      if (found === undefined) throw new Error(`application ${name} is gone`);
      return found;
    },
  };
};

/**
 * Plays nodes: pods run and are ready at once, those of Jobs succeed. An image tagged `bad` cannot be pulled, a Job's
 * pod whose image is tagged `fail` fails, and one tagged `hang` runs without ever being ready.
 */
const playPods = async (client: Client, signal: AbortSignal): Promise<void> => {
  try {
    for await (const event of client.watch(Pod, {}, signal)) {
      if (event.type === 'bookmark' || event.type === 'deleted') continue;
      const { metadata, spec, status } = event.object;
      const key = { namespace: metadata.namespace ?? '', name: metadata.name };
      if (metadata.deletionTimestamp !== undefined) await client.delete(Pod, key, { gracePeriodSeconds: 0 });
      else if (status?.phase === undefined || (status.phase === 'Pending' && status.startTime === undefined)) {
        const body = { status: playedStatus(spec?.containers[0]?.image ?? '', spec?.restartPolicy !== 'Always') };
        await client.patch(Pod, key, { type: 'merge', body }, { subresource: 'status' }).catch(() => undefined);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};

const playedStatus = (image: string, isJob: boolean): Readonly<Record<string, unknown>> => {
  const tag = image.split(':')[1] ?? '';
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const ready = tag !== 'bad' && tag !== 'hang';
  const base = { name: 'c', image, imageID: '', restartCount: 0, ready };
  const conditions = ['Ready', 'ContainersReady', 'PodScheduled', 'Initialized'].map((type) => ({
    type,
    status: ready || type === 'PodScheduled' || type === 'Initialized' ? 'True' : 'False',
    lastTransitionTime: now,
  }));
  const of = (phase: string, state: Readonly<Record<string, unknown>>) => ({
    phase,
    conditions,
    startTime: now,
    containerStatuses: [{ ...base, state }],
  });
  if (tag === 'bad') return of('Pending', { waiting: { reason: 'ImagePullBackOff', message: `no image ${image}` } });
  if (isJob && tag === 'fail')
    return of('Failed', { terminated: { exitCode: 3, reason: 'Error', startedAt: now, finishedAt: now } });
  if (isJob && tag !== 'hang') {
    return of('Succeeded', { terminated: { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now } });
  }
  return of('Running', { running: { startedAt: now } });
};

/** The application is in sync and healthy, and nothing is under way. */
export const isSettled = ({ status }: Application): boolean =>
  status?.sync?.status === 'Synced' &&
  status.health?.status === 'Healthy' &&
  status.operationState?.phase === 'Succeeded';
