import type { Logger } from 'pino';
import type { Client } from '../../cluster/client/client.js';
import type { Outcome } from '../../cluster/client/controller.js';
import { DONE } from '../../cluster/client/controller.js';
import type { EventRecorder } from '../../cluster/client/event-recorder.js';
import type { Informer, InformerSet } from '../../cluster/client/informer.js';
import type { Clock } from '../../objects/clock.js';
import { isApiError } from '../../objects/api-error.js';
import type { ObjectKey } from '../../objects/object.js';
import { keyOf, keyText } from '../../objects/object.js';
import type { Compared } from '../compare/compare.js';
import type { LiveObjects } from '../compare/live-objects.js';
import { sameValue } from '../compare/field-paths.js';
import type { Target } from '../compare/targets.js';
import { timeText } from '../execute/run-operation.js';
import type { Repositories } from '../sources/repositories.js';
import { Application, instanceName, REFRESH_ANNOTATION, SKIP_RECONCILE_ANNOTATION, sourcesOf } from './application.js';
import type { ApplicationMemory, Deployable } from './application-memory.js';
import { ApplicationMemories, deployableOf } from './application-memory.js';
import { attemptOf } from './automation.js';
import type { ConditionReason, Finding } from './conditions.js';
import { conditionsOf, isError } from './conditions.js';
import { deleteApplication } from './delete-application.js';
import { wantedFinalizers } from './deletion-hooks.js';
import type { DesiredStates } from './desired-state.js';
import type { KeptManifests } from './kept-manifests.js';
import type { Round } from './status.js';
import { finalStatus, writeApplication } from './status.js';
import { validateSpec } from './validate-spec.js';
import { ApplicationViews } from './application-views.js';
import { OperationControl } from './operation-control.js';

export interface ApplicationControllerDeps {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly clock: Clock;
  /** Milliseconds on a clock that never jumps. */
  readonly elapsed: () => number;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly live: LiveObjects;
  readonly repositories: Repositories;
  readonly desired: DesiredStates;
  readonly kept: KeptManifests;
  /** How long a repository may be out of reach before its applications say so, in milliseconds. */
  readonly sourceGraceMs: number;
}

/** Makes every Application what its sources say, and keeps it so. */
export class ApplicationReconciler {
  readonly memories = new ApplicationMemories();
  readonly #deps: ApplicationControllerDeps;
  readonly #applications: Informer<Application>;
  readonly #views: ApplicationViews;
  readonly #operations: OperationControl;

  constructor(deps: ApplicationControllerDeps) {
    this.#deps = deps;
    this.#applications = deps.informers.informer(Application);
    this.#views = new ApplicationViews(deps);
    const findApplication = (key: ObjectKey): Application | undefined => this.#applications.get(key);
    this.#operations = new OperationControl({ ...deps, findApplication }, this.#views);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const started = this.#deps.elapsed();
    const memory = this.memories.of(key);
    const application = this.#read(key, memory);
    if (application === undefined) return this.#forget(key);
    if (application.metadata.deletionTimestamp !== undefined) return await this.#delete(application, key, signal);
    if (application.metadata.annotations?.[SKIP_RECONCILE_ANNOTATION] === 'true') return DONE;
    await this.#refresh(application, key, memory);
    const round: Round = { application, findings: [] };
    try {
      const outcome = await this.#look(round, memory, signal);
      memory.lastCostMs = this.#deps.elapsed() - started;
      return outcome;
    } catch (error) {
      await this.#explain(round, memory, error, signal);
      throw error;
    }
  }

  /** The path of a commit, step by step. */
  async #look(round: Round, memory: ApplicationMemory, signal: AbortSignal): Promise<Outcome> {
    const { application } = round;
    const project = this.#views.projectOf(application);
    round.findings.push(...validateSpec(application, project));
    const desired = round.findings.some(isError) ? undefined : await this.#views.desired(round, signal);
    const isValid = !round.findings.some(({ reason }) => SPEC_REASONS.has(reason));
    const deployable = isValid ? await this.#views.deployable(round, desired) : undefined;
    const targets = deployable === undefined ? undefined : this.#views.targets(round, deployable, project, memory);
    if (targets !== undefined) await this.#keepForHooks(round, targets, memory);
    let compared = targets === undefined ? undefined : await this.#views.compare(round, targets, memory);

    const operation = await this.#operations.operate(round, { desired, deployable, targets, compared }, memory, signal);
    if (operation?.acted === true && targets !== undefined)
      compared = await this.#views.compare(round, targets, memory);

    const status = finalStatus(round, { desired, compared, live: this.#deps.live, now: timeText(this.#deps.clock) });
    const kept = await this.#keepHealthy(round, status, deployable, compared);
    await writeApplication(round, kept, memory, this.#deps);
    return operation?.requeueAfterMs === undefined
      ? this.#nextLook(round)
      : { requeueAfterMs: operation.requeueAfterMs };
  }

  /** What stopped a reconcile becomes visible; it is tried again with backoff. Two writers that met need no words. */
  async #explain(round: Round, memory: ApplicationMemory, error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted || isApiError(error, 'Conflict')) return;
    const why = (error as { readonly message?: string } | undefined)?.message ?? JSON.stringify(error);
    const message = `the application could not be compared or synced, and is tried again: ${why}`;
    const findings = [...round.findings, { reason: 'ComparisonFailed', message } as const];
    const before = round.application.status ?? {};
    const conditions = conditionsOf(findings, before.conditions ?? [], timeText(this.#deps.clock));
    try {
      const { sync = { status: 'Unknown' }, health = { status: 'Unknown' } } = before;
      await writeApplication({ ...round, findings }, { ...before, sync, health, conditions }, memory, this.#deps);
    } catch (failure) {
      this.#deps.log.warn({ err: failure, application: keyText(round.application.metadata) }, 'condition not written');
    }
  }

  /** The newest state that is known: that of the informer, or the answer to the operator's own last write. */
  #read(key: ObjectKey, memory: ApplicationMemory): Application | undefined {
    const informed = this.#applications.get(key);
    const { written } = memory;
    if (informed === undefined || written === undefined) return informed;
    if (written.metadata.uid !== informed.metadata.uid) return informed;
    return Number(written.metadata.resourceVersion) > Number(informed.metadata.resourceVersion) ? written : informed;
  }

  #forget(key: ObjectKey): Outcome {
    this.memories.forget(key);
    this.#deps.desired.forget(key);
    return DONE;
  }

  async #delete(application: Application, key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const memory = this.memories.of(key);
    const targets = async (): Promise<readonly Target[] | Finding> =>
      await this.#lastTargets(application, memory, signal);
    const deletion = await deleteApplication(application, { ...this.#deps, targets }, instanceName(key));
    if (deletion.done) return this.#forget(key);
    if (deletion.moved === true) return DONE;
    const { finding, requeueAfterMs } = deletion;
    const before = application.status ?? {};
    const findings = finding === undefined ? [] : [finding];
    const conditions = conditionsOf(findings, before.conditions ?? [], timeText(this.#deps.clock));
    await writeApplication({ application, findings }, { ...before, conditions }, memory, this.#deps);
    return requeueAfterMs === undefined ? DONE : { requeueAfterMs };
  }

  /** What an application that is being deleted deploys: by its sources, or, where they are gone, what was kept. */
  async #lastTargets(
    application: Application,
    memory: ApplicationMemory,
    signal: AbortSignal,
  ): Promise<readonly Target[] | Finding> {
    const round: Round = { application, findings: [] };
    const desired = await this.#views.desired(round, signal);
    const { revision = '', revisions, manifests } = application.status?.operationState?.syncResult ?? {};
    const deployable =
      desired === undefined
        ? await this.#views.findRevision(round, { revision, revisions, digest: manifests }, signal)
        : deployableOf(desired);
    const targets =
      deployable === undefined
        ? undefined
        : this.#views.targets(round, deployable, this.#views.projectOf(application), memory);
    if (targets !== undefined) return targets;
    const why = [...new Set(round.findings.map(({ message }) => message))].join('; ');
    return { reason: 'DeletionFailed', message: `the hooks of the deletion cannot be found out: ${why}` };
  }

  /** Hooks that run when the application is deleted need it to stay until they have run. */
  async #keepForHooks({ application }: Round, targets: readonly Target[], memory: ApplicationMemory): Promise<void> {
    const finalizers = wantedFinalizers(application, targets);
    if (finalizers === undefined) return;
    const body = { metadata: { finalizers, resourceVersion: application.metadata.resourceVersion } };
    memory.written = await this.#deps.client.patch(Application, keyOf(application), { type: 'merge', body });
  }

  /** A refresh that was asked for: the repository is asked at once, and `hard` forgets what is known. */
  async #refresh(application: Application, key: ObjectKey, memory: ApplicationMemory): Promise<void> {
    const wanted = application.metadata.annotations?.[REFRESH_ANNOTATION];
    if (wanted === undefined) return;
    this.#deps.desired.unpin(key);
    if (wanted === 'hard') memory.comparison.clear();
    const based = this.#deps.desired.repositoriesOf(key);
    const repositories = new Set([...sourcesOf(application.spec).map(({ repoURL }) => repoURL), ...based]);
    for (const repoURL of repositories) await this.#deps.repositories.poke(repoURL);
  }

  /** A state that is deployed, in sync and healthy is kept, and enters the history. */
  async #keepHealthy(
    round: Round,
    status: Application['status'] & object,
    deployable: Deployable | undefined,
    compared: readonly Compared[] | undefined,
  ): Promise<Application['status'] & object> {
    const { application } = round;
    const state = status.operationState;
    if (deployable === undefined || compared === undefined || state === undefined || state.phase === 'Running')
      return status;
    if (attemptOf(state) !== deployable.digest || round.quarantined !== undefined) return status;
    const history = application.status?.history ?? [];
    const newest = history.at(-1);
    const isSame = newest?.revision === deployable.revision && sameValue(newest.revisions, deployable.revisions);
    if (isSame && newest.manifests === deployable.digest) return status;
    const isWell = status.health?.status === 'Healthy' || status.health?.status === 'Suspended';
    const succeeded = state.phase === 'Succeeded' || isWell;
    if (!succeeded || status.sync?.status !== 'Synced') return status;
    const manifests = await this.#deps.kept.keep(deployable.manifests);
    const sources = sourcesOf(application.spec);
    const [source] = sources;
    const metadata =
      source === undefined ? undefined : this.#deps.repositories.find(source.repoURL)?.metadata(deployable.revision);
    const entry = {
      id: (history.at(-1)?.id ?? -1) + 1,
      revision: deployable.revision,
      ...(deployable.revisions === undefined ? {} : { revisions: deployable.revisions }),
      ...(sources.length > 1 ? { sources } : source === undefined ? {} : { source }),
      deployStartedAt: state.startedAt,
      deployedAt: state.finishedAt ?? timeText(this.#deps.clock),
      ...(state.operation.initiatedBy === undefined ? {} : { initiatedBy: state.operation.initiatedBy }),
      manifests,
      ...metadata,
    };
    const limit = Math.max(1, application.spec.revisionHistoryLimit ?? 10);
    return { ...status, history: [...history, entry].slice(-limit) };
  }

  /** When to look again without being told: a repository that is out of reach becomes a condition after a while. */
  #nextLook({ application, findings }: Round): Outcome {
    const failure = this.#deps.desired.failureOf(application);
    const expires = this.#deps.desired.expiresInMs(keyOf(application));
    // A spec that is not looked at any further has nothing that could expire.
    const waits = expires !== undefined && !findings.some(({ reason }) => SPEC_REASONS.has(reason));
    if (failure === undefined) return waits ? { requeueAfterMs: expires } : DONE;
    const due = failure.since + this.#deps.sourceGraceMs - this.#deps.clock.now();
    return due > 0 ? { requeueAfterMs: due } : DONE;
  }
}

/** Reasons for which an application is not looked at any further. */
const SPEC_REASONS = new Set<ConditionReason>(['InvalidSpec', 'UnknownProject', 'NotPermitted', 'UnknownDestination']);
