import type { KubeObject, ObjectKey } from '../../objects/object.js';
import { keyText } from '../../objects/object.js';
import type { ChangedPaths } from '../sources/changed-paths.js';
import { SourceError } from '../sources/errors.js';
import { repositoryIdentity } from '../sources/repository-url.js';
import type { Failure } from '../sources/repository.js';
import { DEFAULT_REVISION } from '../sources/revision.js';
import type { AppProject, Application, ApplicationSource } from './application.js';
import { sourcesOf } from './application.js';
import { LookupIndex } from './lookup-index.js';
import { Inquiries } from './render-answers.js';
import type { DesiredState, Part, SourcePartsDeps, SourceUse } from './source-parts.js';
import { BELIEVED_MS, joinParts, NEVER, SourceParts } from './source-parts.js';

/** When a render that failed over what it asked for is tried again. */
const RETRY_MS = 30_000;

interface Pinned {
  readonly sources: string;
  readonly state: DesiredState;
  readonly uses: readonly SourceUse[];
}

export interface DesiredStatesDeps extends SourcePartsDeps {
  readonly projectOf: (application: Application) => AppProject | undefined;
}

/**
 * Resolves and renders applications, and remembers for each what it came to and what it read and asked. A commit that
 * touches nothing that an application has read leaves it at the revision it has: its state is the same at both.
 */
export class DesiredStates {
  readonly #deps: DesiredStatesDeps;
  readonly #parts: SourceParts;
  readonly #pinned = new Map<string, Pinned>();
  /** When what is known has to be found out again, in milliseconds since 1970, also where it could not be. */
  readonly #expires = new Map<string, number>();
  /** How often an application was unpinned. */
  readonly #unpins = new Map<string, number>();
  /** What the newest render of an application has asked, while it runs and afterwards. */
  readonly #inquiries = new Map<string, Inquiries>();
  readonly #lookups = new LookupIndex();

  constructor(deps: DesiredStatesDeps) {
    this.#deps = deps;
    this.#parts = new SourceParts(deps);
  }

  /** Throws SourceError and RenderError. `revisions` asks for others than the spec's, one a source. */
  async of(
    application: Application,
    revisions: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<DesiredState> {
    const key = keyText(application.metadata);
    const project = this.#deps.projectOf(application);
    const sources = sourcesOf(application.spec);
    const place = [application.spec.destination, project?.metadata.resourceVersion, this.#deps.kustomizeBuild()];
    const wanted = JSON.stringify([sources, place]);
    const pinned = this.#pinned.get(key);
    if (revisions === undefined && pinned?.sources === wanted && !this.#isExpired(key)) return pinned.state;
    if (sources.length === 0) throw new SourceError('invalid', 'Cannot render: there is no source');
    const inquiries = new Inquiries();
    const request = { application, project, sources: atRevisions(sources, revisions), inquiries };
    if (revisions !== undefined) return joinParts(await this.#partsOf(request, signal));
    const unpins = this.#unpins.get(key) ?? 0;
    const before = this.#inquiries.get(key);
    // Also while it is not known what comes of it, the repositories of the last render are in use.
    inquiries.repositories.push(...(before?.repositories ?? []));
    const inherited = inquiries.repositories.length;
    this.#inquiries.set(key, inquiries);
    let expires = this.#deps.clock.now() + RETRY_MS;
    try {
      const parts = await this.#partsOf(request, signal);
      expires = Math.min(
        ...parts.map((part) => part.expires),
        inquiries.isUnwatched ? this.#deps.clock.now() + BELIEVED_MS : NEVER,
      );
      const state = joinParts(parts);
      inquiries.repositories.splice(0, inherited);
      // What was pushed while this was rendered has asked for another look: that must not find the older state pinned.
      if ((this.#unpins.get(key) ?? 0) === unpins) {
        const uses = [...parts.flatMap((part) => part.uses), ...inquiries.repositories.map(useOfRepository)];
        this.#pinned.set(key, { sources: wanted, state, uses });
      }
      return state;
    } catch (error) {
      // What the source alone decides changes with a push; what was asked may change without one.
      if (!inquiries.isAny) expires = NEVER;
      throw error;
    } finally {
      this.#expires.set(key, expires);
      this.#lookups.set(application.metadata, inquiries.lookups);
    }
  }

  async #partsOf(request: Parameters<SourceParts['part']>[0], signal: AbortSignal): Promise<readonly Part[]> {
    const parts: Part[] = [];
    for (const source of request.sources) parts.push(await this.#parts.part(request, source, signal));
    return parts;
  }

  #isExpired(key: string): boolean {
    return this.#deps.clock.now() >= (this.#expires.get(key) ?? NEVER);
  }

  /** Why the newest state of a source is not known, while the last one is. */
  failureOf(application: Application): Failure | undefined {
    for (const source of sourcesOf(application.spec)) {
      const failure = this.#deps.repositories.find(source.repoURL)?.failureOf(source.targetRevision);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /** Forgets what is known of an application, so that it is resolved and rendered again. */
  unpin(key: ObjectKey): void {
    const id = keyText(key);
    this.#pinned.delete(id);
    this.#unpins.set(id, (this.#unpins.get(id) ?? 0) + 1);
  }

  /** The application is gone. */
  forget(key: ObjectKey): void {
    const id = keyText(key);
    for (const known of [this.#pinned, this.#expires, this.#unpins, this.#inquiries]) known.delete(id);
    this.#lookups.delete(key);
  }

  /** Whether a push to a revision changes something that the application has read. */
  isTouched(key: ObjectKey, repoURL: string, target: string, changed: ChangedPaths): boolean {
    const pinned = this.#pinned.get(keyText(key));
    if (pinned === undefined) return true;
    const identity = repositoryIdentity(repoURL);
    return pinned.uses.some(
      (use) =>
        use.repository === identity &&
        (use.target ?? DEFAULT_REVISION) === target &&
        (use.anywhere || use.reads.some((path) => changed.has(path))),
    );
  }

  /** In how many milliseconds an application has to be looked at again by itself; undefined when it has not. */
  expiresInMs(key: ObjectKey): number | undefined {
    const expires = this.#expires.get(keyText(key)) ?? NEVER;
    return Number.isFinite(expires) ? Math.max(0, expires - this.#deps.clock.now()) : undefined;
  }

  /** The applications that have looked an object up. */
  lookersOf(object: KubeObject): readonly ObjectKey[] {
    return this.#lookups.usersOf(object);
  }

  /** Texts of the keys of applications whose kustomizations name a repository, or one revision of it. */
  basedOn(identity: string, target?: string): readonly string[] {
    const isUsed = ({ repositories }: Inquiries): boolean =>
      repositories.some(
        (used) => plainIdentity(used.identity) === plainIdentity(identity) && (target ?? used.target) === used.target,
      );
    return [...this.#inquiries].filter(([, inquiries]) => isUsed(inquiries)).map(([key]) => key);
  }

  /** The repositories that an application's kustomizations name. */
  repositoriesOf(key: ObjectKey): readonly string[] {
    return (this.#inquiries.get(keyText(key))?.repositories ?? []).map(({ identity }) => plainIdentity(identity));
  }
}

/** Without the mark of those that are read without credentials. */
const plainIdentity = (identity: string): string => identity.split('\n')[0] ?? identity;

const useOfRepository = ({ identity, target }: Inquiries['repositories'][number]): SourceUse => ({
  repository: plainIdentity(identity),
  target,
  reads: [],
  anywhere: true,
});

/** The sources with their revisions replaced, but for those that are empty. Throws SourceError when there are others. */
const atRevisions = (
  sources: readonly ApplicationSource[],
  revisions: readonly string[] | undefined,
): readonly ApplicationSource[] => {
  if (revisions === undefined) return sources;
  if (revisions.length !== sources.length) {
    const message = `Cannot render: there are ${sources.length} sources, and a revision for ${revisions.length}; give one for each`;
    throw new SourceError('invalid', message);
  }
  return sources.map((source, at) => {
    const revision = revisions[at] ?? '';
    return revision === '' ? source : { ...source, targetRevision: revision };
  });
};
