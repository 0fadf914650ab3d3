import type { Logger } from 'pino';
import type { Client } from '../../cluster/client/client.js';
import type { EventRecorder } from '../../cluster/client/event-recorder.js';
import type { Clock } from '../../objects/clock.js';
import type { ObjectKey } from '../../objects/object.js';
import { keyText } from '../../objects/object.js';
import { sameValue } from '../compare/field-paths.js';
import type { LiveObjects } from '../compare/live-objects.js';
import { timeText } from '../execute/run-operation.js';
import type { Application, Operation, OperationState } from './application.js';
import { instanceName, sourcesOf } from './application.js';
import type { ApplicationMemory, Deployable } from './application-memory.js';
import { deployableOf } from './application-memory.js';
import type { ApplicationViews, RunView, View } from './application-views.js';
import { attemptOf, decideAutomation } from './automation.js';
import { isError } from './conditions.js';
import { findUnready } from './dependencies.js';
import type { KeptManifests } from './kept-manifests.js';
import type { OperationOutcome } from './operation-step.js';
import { attemptId, beginOperation, stepOperation } from './operation-step.js';
import { withoutQuarantine, withQuarantine } from './quarantine.js';
import type { Round } from './status.js';
import { judgeWindows } from './sync-windows.js';
import { writeApplication } from './status.js';

export interface OperationControlDeps {
  readonly client: Client;
  readonly clock: Clock;
  /** Milliseconds on a clock that never jumps. */
  readonly elapsed: () => number;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly live: LiveObjects;
  readonly kept: KeptManifests;
  readonly findApplication: (key: ObjectKey) => Application | undefined;
}

/** What became of an application's operations in one reconcile. */
export interface Operated {
  /** Objects may have been written: what was compared before is old. */
  readonly acted: boolean;
  readonly requeueAfterMs?: number;
}

/** Starts, continues and ends the operations of applications. */
export class OperationControl {
  readonly #deps: OperationControlDeps;
  readonly #views: ApplicationViews;

  constructor(deps: OperationControlDeps, views: ApplicationViews) {
    this.#deps = deps;
    this.#views = views;
  }

  /** One step: of the operation that runs, of one that was requested, or of one that the application needs. */
  async operate(
    round: Round,
    view: View,
    memory: ApplicationMemory,
    signal: AbortSignal,
  ): Promise<Operated | undefined> {
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
      ...(deployable.revisions === undefined ? {} : { revisions: deployable.revisions }),
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
      round.quarantined === undefined ? findUnready(application, (other) => this.#deps.findApplication(other)) : [];
    round.findings.push(...unready);
    if (unready.length > 0) return undefined;
    // A rollback waits for no window: what runs is broken.
    const closed = round.quarantined === undefined ? this.#closedWindow(round, false) : undefined;
    if (closed !== undefined) return closed;
    this.#deps.events.event(application, 'Normal', 'OperationStarted', `Initiated automated ${decision.reason}`);
    const state = beginOperation(application, decision.operation, deployable, this.#deps.clock);
    return await this.#run(round, state, { ...view, deployable, targets, compared }, memory, signal);
  }

  async #startRequested(
    round: Round,
    view: View,
    memory: ApplicationMemory,
    signal: AbortSignal,
  ): Promise<Operated | undefined> {
    const { application } = round;
    const { operation } = application;
    if (operation?.sync === undefined) return undefined;
    const isManual = operation.initiatedBy?.automated !== true;
    if (this.#closedWindow(round, isManual) !== undefined) return this.#refuse(round, operation);
    const requested = await this.#requested(round, view, memory, signal);
    if (requested === undefined) return this.#refuse(round, operation);
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

  /** Ends a requested operation before it begins, with what stands against it. */
  #refuse(round: Round, operation: Operation): Operated {
    const why = round.findings
      .filter((finding) => isError(finding) || finding.reason === 'SyncWindowClosed')
      .map(({ message }) => message)
      .join('; ');
    round.operationState = {
      operation,
      phase: 'Error',
      message: why === '' ? 'there is nothing to sync' : why,
      startedAt: timeText(this.#deps.clock),
      finishedAt: timeText(this.#deps.clock),
    };
    round.clearOperation = true;
    return { acted: false };
  }

  /** Says which window of the project is in the way, and when to look again; undefined when none is. */
  #closedWindow(round: Round, isManual: boolean): Operated | undefined {
    const { application } = round;
    const now = this.#deps.clock.now();
    const verdict = judgeWindows(this.#views.projectOf(application)?.spec, application, now, isManual);
    if (verdict.mayStart) return undefined;
    const message = `cannot sync: blocked by sync window of project "${application.spec.project}": ${verdict.reason ?? ''}`;
    round.findings.push({ reason: 'SyncWindowClosed', message });
    const { changesAt } = verdict;
    return { acted: false, ...(changesAt === undefined ? {} : { requeueAfterMs: Math.max(changesAt - now, 1000) }) };
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
    const sources = sourcesOf(application.spec);
    const revisions = sync?.revisions ?? (sync?.revision === undefined ? [] : [sync.revision]);
    const isPresent = revisions.every(
      (revision, at) =>
        revision === '' || revision === sources[at]?.targetRevision || revision === desired?.revisions[at],
    );
    if (isPresent && revisions.length <= sources.length) {
      return desired === undefined ? undefined : await this.#runView(round, deployableOf(desired), view, memory);
    }
    const wanted = { revision: revisions[0] ?? '', revisions: sync?.revisions };
    const deployable = await this.#views.findRevision(round, wanted, signal);
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
    const targets = this.#views.targets(round, deployable, this.#views.projectOf(round.application), memory);
    if (targets === undefined) return undefined;
    return { ...view, deployable, targets, compared: await this.#views.compare(round, targets, memory) };
  }

  async #continue(
    round: Round,
    state: OperationState,
    view: View,
    memory: ApplicationMemory,
    signal: AbortSignal,
  ): Promise<Operated | undefined> {
    const { revision = '', revisions } = state.syncResult ?? {};
    const digest = attemptOf(state);
    const { desired } = view;
    const attempt = memory.attempt?.id === attemptId(state) ? memory.attempt : undefined;
    const isDesired =
      desired !== undefined && (digest === undefined ? desired.revisions[0] === revision : digest === desired.digest);
    const deployable: Deployable | undefined =
      attempt?.deployable ??
      (isDesired
        ? { ...deployableOf(desired), revision }
        : view.deployable !== undefined && view.deployable.digest === digest
          ? view.deployable
          : await this.#views.findRevision(round, { revision, revisions, digest }, signal));
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
  ): Promise<Operated> {
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
}

const isRollback = (state: OperationState): boolean =>
  state.operation.initiatedBy?.automated === true &&
  (state.operation.info ?? []).some(({ name, value }) => name === 'Reason' && value.startsWith('rollback'));
