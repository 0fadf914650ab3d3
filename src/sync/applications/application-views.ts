import type { Client } from '../../cluster/client/client.js';
import type { Informer, InformerSet } from '../../cluster/client/informer.js';
import type { Clock } from '../../objects/clock.js';
import { RenderError } from '../../render/render.js';
import type { Compared } from '../compare/compare.js';
import { compareObjects } from '../compare/compare.js';
import { sameValue } from '../compare/field-paths.js';
import type { LiveObjects } from '../compare/live-objects.js';
import { resourceName } from '../compare/resource-id.js';
import type { Target } from '../compare/targets.js';
import { buildTargets } from '../compare/targets.js';
import { trackedBy } from '../compare/tracking.js';
import { SourceError } from '../sources/errors.js';
import type { Application } from './application.js';
import { AppProject, instanceName, sourcesOf } from './application.js';
import type { ApplicationMemory, Deployable } from './application-memory.js';
import { deployableOf } from './application-memory.js';
import { attemptOf } from './automation.js';
import type { DesiredStates } from './desired-state.js';
import type { DesiredState } from './source-parts.js';
import type { KeptManifests } from './kept-manifests.js';
import { plainTargets, withoutHooks } from './operation-step.js';
import { findProject, refuseObject } from './project-rules.js';
import { lastHealthy, quarantineOf } from './quarantine.js';
import type { Round } from './status.js';

/** What is known of an application in this reconcile; what could not be found out is undefined. */
export interface View {
  readonly desired: DesiredState | undefined;
  readonly deployable: Deployable | undefined;
  readonly targets: readonly Target[] | undefined;
  readonly compared: readonly Compared[] | undefined;
}

/** The same, with all that an operation needs. */
export interface RunView extends View {
  readonly deployable: Deployable;
  readonly targets: readonly Target[];
  readonly compared: readonly Compared[];
}

/** What is asked for by its revision, or by its revisions where there are several sources. */
export interface WantedDeployment {
  readonly revision: string;
  readonly revisions?: readonly string[] | undefined;
  /** Of its manifests, where that is known. */
  readonly digest?: string | undefined;
}

export interface ViewDeps {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly live: LiveObjects;
  readonly desired: DesiredStates;
  readonly kept: KeptManifests;
  /** How long a repository may be out of reach before its applications say so, in milliseconds. */
  readonly sourceGraceMs: number;
}

/** Finds out what an application should be and what of it is there. What is wrong becomes a finding of the round. */
export class ApplicationViews {
  readonly #deps: ViewDeps;
  readonly #projects: Informer<AppProject>;

  constructor(deps: ViewDeps) {
    this.#deps = deps;
    this.#projects = deps.informers.informer(AppProject);
  }

  projectOf(application: Application): AppProject | undefined {
    return findProject(application, (key) => this.#projects.get(key));
  }

  async desired(round: Round, signal: AbortSignal): Promise<DesiredState | undefined> {
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
  async deployable(round: Round, desired: DesiredState | undefined): Promise<Deployable | undefined> {
    const { application } = round;
    const last = application.status?.operationState;
    const digest = desired?.digest ?? (last === undefined ? undefined : attemptOf(last));
    if (digest === undefined) return undefined;
    const quarantined = quarantineOf(application, digest);
    if (quarantined === undefined) {
      if (desired !== undefined) {
        return deployableOf(desired);
      }
      return last?.phase === 'Succeeded' ? await this.#kept(last.syncResult?.revision ?? '', digest) : undefined;
    }
    const healthy = lastHealthy(application, digest);
    const kept = healthy?.manifests === undefined ? undefined : await this.#kept(healthy.revision, healthy.manifests);
    // A sync that failed has a beginning; what a person took back has none.
    const isByHand = quarantined.deployStartedAt === undefined;
    const name = `revision ${quarantined.revision.slice(0, 7)}`;
    const text = isByHand
      ? `${name} was ${quarantined.reason}`
      : `${name} failed and is quarantined: ${quarantined.reason}`;
    if (kept === undefined) {
      const message = `${text}; the manifests of an earlier healthy revision are not there to return to`;
      round.findings.push({ reason: 'RevisionQuarantined', message });
      return undefined;
    }
    round.quarantined = quarantined;
    const advice = isByHand
      ? 'push another commit, or sync by hand to deploy it again'
      : 'push a fix, or sync by hand to try it again';
    const message = `${text}; revision ${kept.revision.slice(0, 7)} stays deployed: ${advice}`;
    round.findings.push({ reason: 'RevisionQuarantined', message });
    return kept;
  }

  async #kept(revision: string, digest: string): Promise<Deployable | undefined> {
    const manifests = await this.#deps.kept.read(digest);
    return manifests === undefined ? undefined : { revision, digest, manifests };
  }

  targets(
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

  async compare(round: Round, targets: readonly Target[], memory: ApplicationMemory): Promise<readonly Compared[]> {
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

  /** The manifests of a revision: kept ones before those of the repository, which may be gone. */
  async findRevision(
    round: Round,
    { revision, revisions, digest }: WantedDeployment,
    signal: AbortSignal,
  ): Promise<Deployable | undefined> {
    const { application } = round;
    const entry = (application.status?.history ?? []).findLast(
      (one) => one.revision === revision && (revisions === undefined || sameValue(one.revisions, revisions)),
    );
    const wanted = digest ?? entry?.manifests;
    const kept = wanted === undefined ? undefined : await this.#kept(revision, wanted);
    const all = revisions ?? entry?.revisions;
    if (kept !== undefined) return { ...kept, ...(all === undefined ? {} : { revisions: all }) };
    try {
      return deployableOf(await this.#deps.desired.of(application, all ?? [revision], signal));
    } catch (error) {
      if (error instanceof SourceError) round.findings.push({ reason: 'SourceFailed', message: error.message });
      else if (error instanceof RenderError) round.findings.push({ reason: 'RenderFailed', message: error.message });
      else throw error;
      return undefined;
    }
  }
}
