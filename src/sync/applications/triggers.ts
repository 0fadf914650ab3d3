import type { Logger } from 'pino';
import type { Watch } from '../../cluster/client/controller.js';
import type { InformerSet } from '../../cluster/client/informer.js';
import type { Clock } from '../../objects/clock.js';
import { ConfigMap, Secret } from '../../objects/kinds/core-v1.js';
import type { KubeObject, ObjectKey } from '../../objects/object.js';
import { keyOf, keyText } from '../../objects/object.js';
import { sameValue } from '../compare/field-paths.js';
import type { LiveObjects, ManagedChange } from '../compare/live-objects.js';
import { isRepositorySecret } from '../sources/credentials.js';
import type { Repositories } from '../sources/repositories.js';
import { repositoryIdentity } from '../sources/repository-url.js';
import type { RepositoryEvent } from '../sources/repository.js';
import { DEFAULT_REVISION } from '../sources/revision.js';
import { AppProject, Application, APPLICATION_NAMESPACES, instanceKey, sourcesOf } from './application.js';
import type { ApplicationMemories } from './application-memory.js';
import { ARGOCD_SETTINGS } from './argocd-settings.js';
import { dependenciesOf } from './dependencies.js';
import type { DesiredStates } from './desired-state.js';

export interface TriggerDeps {
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly log: Logger;
  readonly live: LiveObjects;
  readonly repositories: Repositories;
  readonly desired: DesiredStates;
  readonly memories: ApplicationMemories;
  readonly sourceGraceMs: number;
}

const SOURCE_INDEX = 'fairlead.dev/source';
const DEPENDENCY_INDEX = 'fairlead.dev/dependency';
const PROJECT_INDEX = 'fairlead.dev/project';
/** How often what nobody uses any more is let go. */
const TIDY_MS = 600_000;
/** A status that changes is looked at again only after this many times what the last look cost. */
const COST_FACTOR = 10;
const LONGEST_DELAY_MS = 2000;
/** What a chart has looked up makes it render again at most so often: its own sync may be what changes it. */
const LOOKUP_PAUSE_MS = 30_000;

const sourceKeys = (application: Application): readonly string[] =>
  sourcesOf(application.spec).flatMap(({ repoURL, targetRevision }) => {
    const identity = repositoryIdentity(repoURL);
    return [
      identity,
      `${identity}\n${targetRevision === undefined || targetRevision === '' ? DEFAULT_REVISION : targetRevision}`,
    ];
  });

/** Indexes by which the applications that an event concerns are found without looking at all of them. */
export const addApplicationIndexes = (informers: InformerSet): void => {
  const applications = informers.informer(Application);
  applications.addIndex(SOURCE_INDEX, sourceKeys);
  applications.addIndex(DEPENDENCY_INDEX, (application) => dependenciesOf(application).map(keyText));
  applications.addIndex(PROJECT_INDEX, ({ spec }) => [spec.project]);
};

const isSettings = ({ metadata }: KubeObject): boolean =>
  metadata.namespace === ARGOCD_SETTINGS.namespace && metadata.name === ARGOCD_SETTINGS.name;

const isServed = (key: ObjectKey): boolean =>
  (APPLICATION_NAMESPACES as readonly string[]).includes(key.namespace ?? '');

/** Whether somebody else than the operator may have changed an Application: its own writes to the status do not count. */
export const isForeignChange = (application: Application, previous: Application | undefined): boolean => {
  if (previous === undefined || application.metadata.uid !== previous.metadata.uid) return true;
  const { annotations, labels, finalizers, deletionTimestamp } = application.metadata;
  const before = previous.metadata;
  return (
    application.status?.operationState?.phase === 'Terminating' ||
    deletionTimestamp !== before.deletionTimestamp ||
    !sameValue(application.operation, previous.operation) ||
    !sameValue(application.spec, previous.spec) ||
    !sameValue([annotations, labels, finalizers], [before.annotations, before.labels, before.finalizers])
  );
};

export const applicationWatches = (informers: InformerSet): readonly Watch[] => {
  const applications = informers.informer(Application);
  return [
    {
      kind: Application,
      keys: (object, previous) => {
        const application = object as Application;
        const key = keyOf(application);
        const own = isServed(key) && isForeignChange(application, previous as Application | undefined) ? [key] : [];
        return [...own, ...applications.byIndex(DEPENDENCY_INDEX, keyText(key)).map(keyOf)];
      },
    },
    {
      kind: AppProject,
      keys: ({ metadata }) => applications.byIndex(PROJECT_INDEX, metadata.name).map(keyOf),
    },
  ];
};

/** Turns what happens in the cluster and in repositories into the applications that have to be looked at. */
export class Triggers {
  readonly #deps: TriggerDeps;
  readonly #delayed = new Set<string>();
  /** When an application may be rendered again because of what it has looked up, in milliseconds since 1970. */
  readonly #lookupPauses = new Map<string, number>();
  #enqueue: (key: ObjectKey) => void = () => undefined;
  #signal: AbortSignal = AbortSignal.abort();

  constructor(deps: TriggerDeps) {
    this.#deps = deps;
  }

  /** Runs until the signal fires. */
  async run(enqueue: (key: ObjectKey) => void, signal: AbortSignal): Promise<void> {
    const { informers, live, log } = this.#deps;
    this.#enqueue = enqueue;
    this.#signal = signal;
    const stops = [
      live.onChange((change) => this.#managedChanged(change)),
      live.onNewKind(() => this.#kindsChanged()),
      live.onObject((object) => this.#objectChanged(object)),
      informers.informer(ConfigMap).onEvent(({ object, previous }) => {
        if (!isSettings(object) || sameValue(object.data, previous?.data)) return;
        for (const application of informers.informer(Application).list()) this.#enqueue(keyOf(application));
      }),
      informers.informer(Secret).onEvent(({ object, previous }) => {
        const isConfiguration = isRepositorySecret(object) || (previous !== undefined && isRepositorySecret(previous));
        if (!isConfiguration || !isServed(keyOf(object)) || sameValue(object.data, previous?.data)) return;
        this.#deps.repositories.lookAtFailed().catch((error: unknown) => log.warn({ err: error }, 'look failed'));
      }),
    ];
    try {
      await this.#tidyNowAndThen(signal);
    } finally {
      for (const stop of stops) stop();
    }
  }

  /** Something happened to a repository in use. */
  repositoryChanged(repoURL: string, event: RepositoryEvent): void {
    const identity = repositoryIdentity(repoURL);
    const target = event.target;
    const applications = this.#deps.informers.informer(Application);
    const sourced = applications.byIndex(SOURCE_INDEX, target === undefined ? identity : `${identity}\n${target}`);
    const based = new Set(this.#deps.desired.basedOn(identity, target));
    for (const application of sourced) based.delete(keyText(application.metadata));
    const users =
      based.size === 0
        ? sourced
        : [...sourced, ...applications.list().filter(({ metadata }) => based.has(keyText(metadata)))];
    if (event.type === 'moved') {
      for (const application of users) {
        const key = keyOf(application);
        if (!this.#deps.desired.isTouched(key, repoURL, event.target, event.changed)) continue;
        this.#deps.desired.unpin(key);
        this.#enqueue(key);
      }
      return;
    }
    const { error } = event;
    this.#deps.log.info(
      { repository: repoURL, target, err: error },
      error === undefined ? 'repository is back' : 'repository failed',
    );
    if (error === undefined) for (const application of users) this.#enqueue(keyOf(application));
    else this.#after(this.#deps.sourceGraceMs, () => users.forEach((application) => this.#enqueue(keyOf(application))));
  }

  /** An object that a chart has looked up: the render may come out differently. */
  #objectChanged(object: KubeObject): void {
    for (const key of this.#deps.desired.lookersOf(object)) {
      const id = keyText(key);
      const now = this.#deps.clock.now();
      const pausedUntil = this.#lookupPauses.get(id) ?? 0;
      if (pausedUntil > now + LOOKUP_PAUSE_MS) continue;
      const refresh = (): void => {
        this.#deps.desired.unpin(key);
        this.#enqueue(key);
      };
      // One that waits already sees this change too.
      this.#lookupPauses.set(id, Math.max(now, pausedUntil) + LOOKUP_PAUSE_MS);
      if (pausedUntil <= now) refresh();
      else this.#after(pausedUntil - now, refresh);
    }
  }

  #managedChanged({ instance, isDrift }: ManagedChange): void {
    const key = instanceKey(instance);
    if (isDrift) {
      this.#enqueue(key);
      return;
    }
    // The status of one of many objects changed: worth a look, but not one for each of a storm of them.
    const id = keyText(key);
    if (this.#delayed.has(id)) return;
    const delayMs = Math.min(this.#deps.memories.of(key).lastCostMs * COST_FACTOR, LONGEST_DELAY_MS);
    if (delayMs < 1) {
      this.#enqueue(key);
      return;
    }
    this.#delayed.add(id);
    this.#after(delayMs, () => {
      this.#delayed.delete(id);
      this.#enqueue(key);
    });
  }

  /** Applications that wait for a kind may go on. */
  #kindsChanged(): void {
    for (const application of this.#deps.informers.informer(Application).list()) {
      const waits = (application.status?.conditions ?? []).some(({ reason }) => reason === 'UnknownKind');
      if (waits) this.#enqueue(keyOf(application));
    }
  }

  #after(ms: number, act: () => void): void {
    this.#deps.clock.sleep(ms, this.#signal).then(act, (error: unknown) => {
      if (!this.#signal.aborted) this.#deps.log.error({ err: error }, 'timer failed');
    });
  }

  async #tidyNowAndThen(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        await this.#deps.clock.sleep(TIDY_MS, signal);
        this.#tidy();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #tidy(): void {
    const applications = this.#deps.informers.informer(Application);
    const { desired } = this.#deps;
    const inUse = (key: string): boolean => applications.byIndex(SOURCE_INDEX, key).length > 0;
    this.#deps.repositories.keepOnly(
      (identity) => inUse(identity) || desired.basedOn(identity).length > 0,
      (identity, target) => inUse(`${identity}\n${target}`) || desired.basedOn(identity, target).length > 0,
    );
    const there = new Set(applications.list().map(({ metadata }) => keyText(metadata)));
    for (const id of this.#lookupPauses.keys()) if (!there.has(id)) this.#lookupPauses.delete(id);
  }
}
