import type { Logger } from 'pino';
import type { Client } from '../../cluster/client/client.js';
import type { Outcome } from '../../cluster/client/controller.js';
import { DONE } from '../../cluster/client/controller.js';
import type { EventRecorder } from '../../cluster/client/event-recorder.js';
import type { Informer, InformerSet } from '../../cluster/client/informer.js';
import type { Clock } from '../../objects/clock.js';
import type { ObjectKey } from '../../objects/object.js';
import { keyText } from '../../objects/object.js';
import { RenderError } from '../../render/render.js';
import type { Compared } from '../compare/compare.js';
import { compareObjects } from '../compare/compare.js';
import { sameValue } from '../compare/field-paths.js';
import type { LiveObjects } from '../compare/live-objects.js';
import type { Target } from '../compare/targets.js';
import { buildTargets } from '../compare/targets.js';
import { trackedBy } from '../compare/tracking.js';
import { resourceName } from '../compare/resource-id.js';
import { timeText } from '../execute/run-operation.js';
import { SourceError } from '../sources/errors.js';
import type { Repositories } from '../sources/repositories.js';
import {
  AppProject,
  Application,
  instanceName,
  REFRESH_ANNOTATION,
  SKIP_RECONCILE_ANNOTATION,
  sourcesOf,
} from './application.js';
import type { OperationState } from './application.js';
import type { ApplicationMemory, Deployable } from './application-memory.js';
import { ApplicationMemories } from './application-memory.js';
import { attemptOf, decideAutomation } from './automation.js';
import type { ConditionReason } from './conditions.js';
import { isError } from './conditions.js';
import { deleteApplication } from './delete-application.js';
import { findUnready } from './dependencies.js';
import type { DesiredState, DesiredStates } from './desired-state.js';
import type { KeptManifests } from './kept-manifests.js';
import type { OperationOutcome } from './operation-step.js';
import { attemptId, beginOperation, plainTargets, stepOperation, withoutHooks } from './operation-step.js';
import { refuseObject } from './project-rules.js';
import { lastHealthy, quarantineOf, withQuarantine, withoutQuarantine } from './quarantine.js';
import type { Round } from './status.js';
import { finalStatus, writeApplication } from './status.js';
import { validateSpec } from './validate-spec.js';

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
  readonly #projects: Informer<AppProject>;

  constructor(deps: ApplicationControllerDeps) {
    this.#deps = deps;
    this.#applications = deps.informers.informer(Application);
    this.#projects = deps.informers.informer(AppProject);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Outcome> {
    const started = this.#deps.elapsed();
    const memory = this.memories.of(key);
    const application = this.#read(key, memory);
    if (application === undefined) return this.#forget(key);
    if (application.metadata.deletionTimestamp !== undefined) return await this.#delete(application, key);
    if (application.metadata.annotations?.[SKIP_RECONCILE_ANNOTATION] === 'true') return DONE;
    await this.#refresh(application, key, memory);

    const round: Round = { application, findings: [] };
    const project = this.#projectOf(application);
    round.findings.push(...validateSpec(application, project));
    const desired = round.findings.some(isError) ? undefined : await this.#desired(round, signal);
    const isValid = !round.findings.some(({ reason }) => SPEC_REASONS.has(reason));
    const deployable = isValid ? await this.#deployable(round, desired) : undefined;
    const targets = deployable === undefined ? undefined : this.#targets(round, deployable, project, memory);
    let compared = targets === undefined ? undefined : await this.#compare(round, targets, memory);

    const operation = await this.#operate(round, { desired, deployable, targets, compared }, memory, signal);
    if (operation?.acted === true && targets !== undefined) compared = await this.#compare(round, targets, memory);

    const status = finalStatus(round, { desired, compared, live: this.#deps.live, now: timeText(this.#deps.clock) });
    const kept = await this.#keepHealthy(round, status, deployable, compared);
    await writeApplication(round, kept, memory, this.#deps);
    memory.lastCostMs = this.#deps.elapsed() - started;
    return operation?.requeueAfterMs === undefined
      ? this.#nextLook(round)
      : { requeueAfterMs: operation.requeueAfterMs };
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
    this.#deps.desired.unpin(key);
    return DONE;
  }

  async #delete(application: Application, key: ObjectKey): Promise<Outcome> {
    const { done } = await deleteApplication(application, this.#deps, instanceName(key));
    if (done) return this.#forget(key);
    return DONE;
  }

  /** A refresh that was asked for: the repository is asked at once, and `hard` forgets what is known. */
  async #refresh(application: Application, key: ObjectKey, memory: ApplicationMemory): Promise<void> {
    const wanted = application.metadata.annotations?.[REFRESH_ANNOTATION];
    if (wanted === undefined) return;
    this.#deps.desired.unpin(key);
    if (wanted === 'hard') memory.comparison.clear();
    for (const { repoURL } of sourcesOf(application.spec)) await this.#deps.repositories.poke(repoURL);
  }

  #projectOf({ metadata, spec }: Application): AppProject | undefined {
    const { namespace = '' } = metadata;
    return (
      this.#projects.get({ namespace: 'argocd', name: spec.project }) ??
      this.#projects.get({ namespace, name: spec.project })
    );
  }

  async #desired(round: Round, signal: AbortSignal): Promise<DesiredState | undefined> {
    try {
      const desired = await this.#deps.desired.of(round.application, undefined, signal);
      const failure = this.#deps.desired.failureOf(round.application);
      if (failure !== undefined && this.#deps.clock.now() - failure.since >= this.#deps.sourceGraceMs) {
        round.findings.push({ reason: 'SourceFailed', message: failure.error.message });
      }
      for (const message of desired.warnings) round.findings.push({ reason: 'RenderWarning', message });
      return desired;
    } catch (error) {
      if (error instanceof SourceError) round.findings.push({ reason: 'SourceFailed', message: error.message });
      else if (error instanceof RenderError) round.findings.push({ reason: 'RenderFailed', message: error.message });
      else throw error;
      return undefined;
    }
  }

  /**
   * What to deploy: the desired state, or that of the last healthy revision while the desired one is quarantined. When
   * the desired state cannot be found out, what was deployed last stays what is wanted.
   */
  async #deployable(round: Round, desired: DesiredState | undefined): Promise<Deployable | undefined> {
    const { application } = round;
    const last = application.status?.operationState;
    const digest = desired?.digest ?? (last === undefined ? undefined : attemptOf(last));
    if (digest === undefined) return undefined;
    const quarantined = quarantineOf(application, digest);
    if (quarantined === undefined) {
      if (desired !== undefined) {
        return { revision: desired.revisions[0] ?? '', digest, manifests: desired.manifests };
      }
      return last?.phase === 'Succeeded' ? await this.#kept(last.syncResult?.revision ?? '', digest) : undefined;
    }
    const healthy = lastHealthy(application, digest);
    const kept = healthy?.manifests === undefined ? undefined : await this.#kept(healthy.revision, healthy.manifests);
    const text = `revision ${quarantined.revision.slice(0, 7)} failed and is quarantined: ${quarantined.reason}`;
    if (kept === undefined) {
      const message = `${text}; the manifests of an earlier healthy revision are not there to return to`;
      round.findings.push({ reason: 'RevisionQuarantined', message });
      return undefined;
    }
    round.quarantined = quarantined;
    const advice = 'push a fix, or sync by hand to try it again';
    const message = `${text}; revision ${kept.revision.slice(0, 7)} stays deployed: ${advice}`;
    round.findings.push({ reason: 'RevisionQuarantined', message });
    return kept;
  }

  async #kept(revision: string, digest: string): Promise<Deployable | undefined> {
    const manifests = await this.#deps.kept.read(digest);
    return manifests === undefined ? undefined : { revision, digest, manifests };
  }

  #targets(
    round: Round,
    deployable: Deployable,
    project: AppProject | undefined,
    memory: ApplicationMemory,
  ): readonly Target[] | undefined {
    const { application } = round;
    const { spec } = application;
    const { manifests } = deployable;
    const { scopeOf } = this.#deps.live;
    let known = memory.targets.find(
      (made) =>
        made.manifests === manifests &&
        made.scopeOf === scopeOf &&
        made.spec === spec &&
        made.project === project?.spec,
    );
    if (known === undefined) {
      const made = buildTargets(manifests, {
        instance: instanceName(application.metadata),
        namespace: spec.destination.namespace,
        scopeOf,
        refuse: (id, scope) =>
          project === undefined ? undefined : refuseObject(project.spec, spec.destination, id, scope),
        syncOptions: spec.syncPolicy?.syncOptions ?? [],
      });
      known = { manifests, scopeOf, spec, project: project?.spec, made };
      memory.targets = [known, ...memory.targets.slice(0, 1)];
    }
    const { targets, problems, repeated } = known.made;
    round.findings.push(...problems);
    for (const message of repeated) round.findings.push({ reason: 'RepeatedObject', message });
    if (targets.length === 0 && problems.length === 0 && spec.syncPolicy?.automated?.allowEmpty !== true) {
      const [source] = sourcesOf(spec);
      const message = `${source?.path ?? '.'} holds no manifests; nothing is deployed or removed because of that`;
      round.findings.push({ reason: 'NoManifests', message });
      return undefined;
    }
    return problems.length > 0 ? undefined : targets;
  }

  async #compare(round: Round, targets: readonly Target[], memory: ApplicationMemory): Promise<readonly Compared[]> {
    const { spec, metadata } = round.application;
    const instance = instanceName(metadata);
    const compared = await compareObjects(this.#deps.client, {
      targets: plainTargets(targets),
      liveOf: ({ id }) => this.#deps.live.get(id),
      managed: withoutHooks(this.#deps.live.managed(instance)),
      ignoreDifferences: spec.ignoreDifferences ?? [],
      syncOptions: spec.syncPolicy?.syncOptions ?? [],
      memory: memory.comparison,
    });
    round.findings = round.findings.filter(({ reason }) => reason !== 'SharedObject');
    for (const { target, live } of compared) {
      const owner = target === undefined || live === undefined ? undefined : trackedBy(live);
      if (target === undefined || owner === undefined || owner === instance) continue;
      const message = `${resourceName(target.id)} is deployed by application "${owner}" too`;
      round.findings.push({ reason: 'SharedObject', message });
    }
    return compared;
  }

  /** Starts, continues and ends operations. */
  async #operate(
    round: Round,
    view: View,
    memory: ApplicationMemory,
    signal: AbortSignal,
  ): Promise<{ readonly acted: boolean; readonly requeueAfterMs?: number } | undefined> {
    const { application } = round;
    const running = application.status?.operationState;
    const isRunning = running?.phase === 'Running' || running?.phase === 'Terminating';
    if (isRunning) return await this.#continue(round, running, view, memory, signal);
    if (application.operation !== undefined) return await this.#startRequested(round, view, memory, signal);
    const { deployable, targets, compared } = view;
    if (deployable === undefined || targets === undefined || compared === undefined) return undefined;
    const decision = decideAutomation({
      application,
      now: this.#deps.clock.now(),
      revision: deployable.revision,
      digest: deployable.digest,
      compared,
      hasHooks: targets.some(({ hooks }) => hooks.length > 0),
      quarantined: round.quarantined,
      instance: instanceName(application.metadata),
    });
    if (decision.type === 'none') {
      round.findings.push(...(decision.findings ?? []));
      const { requeueAfterMs } = decision;
      return requeueAfterMs === undefined ? undefined : { acted: false, requeueAfterMs };
    }
    const unready =
      round.quarantined === undefined ? findUnready(application, (other) => this.#applications.get(other)) : [];
    round.findings.push(...unready);
    if (unready.length > 0) return undefined;
    this.#deps.events.event(application, 'Normal', 'OperationStarted', `Initiated automated ${decision.reason}`);
    const state = beginOperation(application, decision.operation, deployable, this.#deps.clock);
    return await this.#run(round, state, { ...view, deployable, targets, compared }, memory, signal);
  }

  async #startRequested(
    round: Round,
    view: View,
    memory: ApplicationMemory,
    signal: AbortSignal,
  ): Promise<{ readonly acted: boolean; readonly requeueAfterMs?: number } | undefined> {
    const { application } = round;
    const { operation } = application;
    if (operation?.sync === undefined) return undefined;
    const requested = await this.#requested(round, view, memory, signal);
    if (requested === undefined) {
      const why = round.findings
        .filter(isError)
        .map(({ message }) => message)
        .join('; ');
      const state: OperationState = {
        operation,
        phase: 'Error',
        message: why === '' ? 'there is nothing to sync' : why,
        startedAt: timeText(this.#deps.clock),
        finishedAt: timeText(this.#deps.clock),
      };
      round.operationState = state;
      round.clearOperation = true;
      return { acted: false };
    }
    // A person who syncs by hand wants it tried again.
    round.quarantine = withoutQuarantine(application, requested.deployable.digest);
    this.#deps.events.event(
      application,
      'Normal',
      'OperationStarted',
      `Initiated sync to ${requested.deployable.revision}`,
    );
    const state = beginOperation(application, operation, requested.deployable, this.#deps.clock);
    return await this.#run(round, state, requested, memory, signal);
  }

  /** What a requested operation deploys: the sources' present state, or another revision of them. */
  async #requested(
    round: Round,
    view: View,
    memory: ApplicationMemory,
    signal: AbortSignal,
  ): Promise<RunView | undefined> {
    const { application } = round;
    const sync = application.operation?.sync;
    const { desired } = view;
    const revision = sync?.revision ?? sync?.revisions?.[0];
    const names =
      revision === undefined || revision === '' || revision === sourcesOf(application.spec)[0]?.targetRevision;
    if (names || revision === desired?.revisions[0]) {
      if (desired === undefined) return undefined;
      const wanted = { revision: desired.revisions[0] ?? '', digest: desired.digest, manifests: desired.manifests };
      return await this.#runView(round, wanted, view, memory);
    }
    const deployable = await this.#findRevision(round, revision, undefined, signal);
    return deployable === undefined ? undefined : await this.#runView(round, deployable, view, memory);
  }

  async #runView(
    round: Round,
    deployable: Deployable,
    view: View,
    memory: ApplicationMemory,
  ): Promise<RunView | undefined> {
    const same = view.deployable?.digest === deployable.digest;
    if (same && view.targets !== undefined && view.compared !== undefined) {
      return { ...view, deployable, targets: view.targets, compared: view.compared };
    }
    const targets = this.#targets(round, deployable, this.#projectOf(round.application), memory);
    if (targets === undefined) return undefined;
    return { ...view, deployable, targets, compared: await this.#compare(round, targets, memory) };
  }

  /** The manifests of a revision: kept ones before those of the repository, which may be gone. */
  async #findRevision(
    round: Round,
    revision: string,
    digest: string | undefined,
    signal: AbortSignal,
  ): Promise<Deployable | undefined> {
    const { application } = round;
    const entry = (application.status?.history ?? []).findLast((one) => one.revision === revision);
    const wanted = digest ?? entry?.manifests;
    const kept = wanted === undefined ? undefined : await this.#kept(revision, wanted);
    if (kept !== undefined) return kept;
    try {
      const state = await this.#deps.desired.of(application, revision, signal);
      return { revision: state.revisions[0] ?? revision, digest: state.digest, manifests: state.manifests };
    } catch (error) {
      if (error instanceof SourceError) round.findings.push({ reason: 'SourceFailed', message: error.message });
      else if (error instanceof RenderError) round.findings.push({ reason: 'RenderFailed', message: error.message });
      else throw error;
      return undefined;
    }
  }

  async #continue(
    round: Round,
    state: OperationState,
    view: View,
    memory: ApplicationMemory,
    signal: AbortSignal,
  ): Promise<{ readonly acted: boolean; readonly requeueAfterMs?: number } | undefined> {
    const revision = state.syncResult?.revision ?? '';
    const digest = attemptOf(state);
    const { desired } = view;
    const attempt = memory.attempt?.id === attemptId(state) ? memory.attempt : undefined;
    const isDesired =
      desired !== undefined && (digest === undefined ? desired.revisions[0] === revision : digest === desired.digest);
    const deployable: Deployable | undefined =
      attempt?.deployable ??
      (isDesired
        ? { revision, digest: desired.digest, manifests: desired.manifests }
        : view.deployable !== undefined && view.deployable.digest === digest
          ? view.deployable
          : await this.#findRevision(round, revision, digest, signal));
    const run = deployable === undefined ? undefined : await this.#runView(round, deployable, view, memory);
    if (run === undefined) {
      const message = `cannot go on with the sync to ${revision}: its manifests are no longer there`;
      round.operationState = { ...state, phase: 'Error', message, finishedAt: timeText(this.#deps.clock) };
      round.clearOperation = true;
      return { acted: false };
    }
    return await this.#run(round, state, run, memory, signal);
  }

  async #run(
    round: Round,
    state: OperationState,
    view: RunView,
    memory: ApplicationMemory,
    signal: AbortSignal,
  ): Promise<{ readonly acted: boolean; readonly requeueAfterMs?: number }> {
    const { application } = round;
    const pruneSince = (application.status?.quarantine ?? []).find(
      ({ deployStartedAt }) => deployStartedAt !== undefined && isRollback(state),
    )?.deployStartedAt;
    const hasHooks = view.targets.some(({ hooks }) => hooks.length > 0);
    const isNew = application.status?.operationState?.id !== state.id;
    // From here on a crash, a repository that goes away and a rollback find the manifests again.
    if (isNew && state.syncResult?.manifests !== undefined) await this.#deps.kept.keep(view.deployable.manifests);
    const persist = async (next: OperationState): Promise<void> => {
      // One step that needs no second one is written once, with its result.
      const steps = new Set(view.targets.map(({ wave }) => wave)).size;
      if (!hasHooks && steps <= 1) return;
      await writeApplication({ ...round, operationState: next }, application.status ?? {}, memory, this.#deps);
    };
    if (hasHooks && isNew) await persist(state);
    const outcome = await stepOperation(
      {
        application,
        state,
        deployable: view.deployable,
        targets: view.targets,
        compared: view.compared,
        memory,
        instance: instanceName(application.metadata),
        pruneSince,
        persist,
      },
      this.#deps,
      signal,
    );
    const superseded = this.#superseded(round, outcome, view);
    this.#settle(round, superseded ?? outcome, view);
    const { requeueAfterMs } = superseded ?? outcome;
    const isOver = round.operationState?.phase !== 'Running';
    return {
      acted: true,
      ...(isOver ? { requeueAfterMs: 0 } : requeueAfterMs === undefined ? {} : { requeueAfterMs }),
    };
  }

  /** A newer revision does not wait for an older one that only has to become healthy. */
  #superseded(round: Round, outcome: OperationOutcome, { desired, deployable }: RunView): OperationOutcome | undefined {
    const { state } = outcome;
    if (state.phase !== 'Running' || !outcome.isHealthWait || desired === undefined) return undefined;
    if (state.operation.initiatedBy?.automated !== true || round.quarantined !== undefined) return undefined;
    if (desired.digest === deployable.digest || desired.revisions[0] === deployable.revision) return undefined;
    const message = `revision ${desired.revisions[0] ?? ''} took its place: ${state.message ?? ''}`;
    return {
      state: { ...state, phase: 'Failed', message, finishedAt: timeText(this.#deps.clock) },
      isHealthWait: false,
    };
  }

  /** Takes in what an operation came to. */
  #settle(round: Round, { state, failure }: OperationOutcome, { deployable }: RunView): void {
    const { application } = round;
    round.operationState = state;
    if (state.phase === 'Running') {
      if (state.finishedAt !== undefined) round.findings.push({ reason: 'SyncFailed', message: state.message ?? '' });
      return;
    }
    round.clearOperation = sameValue(application.operation, state.operation);
    const message = `Sync operation to ${deployable.revision} ${state.phase === 'Succeeded' ? 'succeeded' : 'failed'}: ${state.message ?? ''}`;
    const type = state.phase === 'Succeeded' ? 'Normal' : 'Warning';
    this.#deps.events.event(application, type, 'OperationCompleted', message);
    this.#deps.log.info({ application: keyText(application.metadata), phase: state.phase }, message);
    if (failure === undefined || failure === 'terminated' || failure === 'prune') return;
    const quarantine = withQuarantine(application, state, deployable, timeText(this.#deps.clock));
    if (quarantine === undefined) return;
    round.quarantine = quarantine;
    const text = `Revision ${deployable.revision} is quarantined and the last healthy one comes back: ${state.message ?? ''}`;
    this.#deps.events.event(application, 'Warning', 'RolledBack', text);
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
    if (history.at(-1)?.manifests === deployable.digest && history.at(-1)?.revision === deployable.revision)
      return status;
    const isWell = status.health?.status === 'Healthy' || status.health?.status === 'Suspended';
    const succeeded = state.phase === 'Succeeded' || isWell;
    if (!succeeded || status.sync?.status !== 'Synced') return status;
    const manifests = await this.#deps.kept.keep(deployable.manifests);
    const [source] = sourcesOf(application.spec);
    const metadata =
      source === undefined ? undefined : this.#deps.repositories.find(source.repoURL)?.metadata(deployable.revision);
    const entry = {
      id: (history.at(-1)?.id ?? -1) + 1,
      revision: deployable.revision,
      ...(source === undefined ? {} : { source }),
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
  #nextLook({ application }: Round): Outcome {
    const failure = this.#deps.desired.failureOf(application);
    if (failure === undefined) return DONE;
    const due = failure.since + this.#deps.sourceGraceMs - this.#deps.clock.now();
    return due > 0 ? { requeueAfterMs: due } : DONE;
  }
}

/** What is known of an application in this reconcile; what could not be found out is undefined. */
interface View {
  readonly desired: DesiredState | undefined;
  readonly deployable: Deployable | undefined;
  readonly targets: readonly Target[] | undefined;
  readonly compared: readonly Compared[] | undefined;
}

interface RunView extends View {
  readonly deployable: Deployable;
  readonly targets: readonly Target[];
  readonly compared: readonly Compared[];
}

/** Reasons for which an application is not looked at any further. */
const SPEC_REASONS = new Set<ConditionReason>(['InvalidSpec', 'UnknownProject', 'NotPermitted', 'UnknownDestination']);

const isRollback = (state: OperationState): boolean =>
  state.operation.initiatedBy?.automated === true &&
  (state.operation.info ?? []).some(({ name, value }) => name === 'Reason' && value.startsWith('rollback'));
