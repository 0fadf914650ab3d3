import { randomUUID } from 'node:crypto';
import fs, { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { HttpClient } from 'isomorphic-git';
import git, { Errors } from 'isomorphic-git';
import { GitObjects } from '../../render/files/git-objects.js';
import { copyCommit } from './copy-commit.js';
import type { RepositoryAccess } from './credentials.js';
import { SourceError } from './errors.js';
import type { GitBackend } from './git-backend.js';
import { gitHttpClient } from './git-http.js';
import { DEFAULT_PACK_LIMITS, installPack } from './pack/index-pack.js';
import { indexPackInThread } from './pack/index-pool.js';
import { receivePack } from './pack/receive-pack.js';
import { withoutCredentials } from './repository-url.js';
import { withThinPacks } from './thin-pack.js';
import type { Refs } from './revision.js';
import { isCommit } from './revision.js';

export interface RemoteLimits {
  /** Milliseconds without a byte until a request counts as lost. Default 30,000. */
  readonly idleTimeoutMs: number;
  /** Milliseconds for one request. Default 10 minutes. */
  readonly totalTimeoutMs: number;
  /** Bytes of one answer: the largest pack that is fetched. Default 512 MiB. */
  readonly maxBytes: number;
}

export const DEFAULT_REMOTE_LIMITS: RemoteLimits = {
  idleTimeoutMs: 30_000,
  totalTimeoutMs: 600_000,
  maxBytes: 512 * 1024 * 1024,
};

export interface RemoteBackendOptions {
  readonly url: string;
  /** The cache folder of this repository; each generation of it is a bare repository inside. */
  readonly folder: string;
  /** Asked before every request, so that a changed Secret counts at once. */
  readonly access: () => RepositoryAccess;
  readonly limits: RemoteLimits;
  /** Packs beyond those of the commits in use at which the cache starts again. */
  readonly maxPacks?: number;
}

interface Transport {
  readonly http: HttpClient;
  readonly headers: Record<string, string>;
}

/** Every fetch adds a pack; past this many and two for each commit in use the cache is fetched anew. */
const MAX_PACKS = 50;

/** A pack that was fetched and indexed, on its way into the repository. */
interface IncomingPack {
  readonly file: string;
  checksum?: string;
}

/**
 * Takes packs out of the answers: they are written to disk as they arrive and indexed in a thread of their own, within
 * limits. isomorphic-git, which would do that here and with the whole pack in memory, gets an empty one instead.
 */
const withIndexedPacks = (http: HttpClient, { file }: IncomingPack, index: () => Promise<void>): HttpClient => ({
  request: async (request) => {
    const response = await http.request(request);
    if (request.method !== 'POST' || response.statusCode !== 200 || response.body === undefined) return response;
    const { rest, hasPack } = await receivePack(response.body, file);
    if (hasPack) await index();
    return { ...response, body: [rest] as unknown as AsyncIterableIterator<Uint8Array> };
  },
});

/** Asks the server, with the credentials as they are now. */
class RemoteRequests {
  readonly #options: RemoteBackendOptions;

  constructor(options: RemoteBackendOptions) {
    this.#options = options;
  }

  async refs(signal: AbortSignal): Promise<Refs> {
    const { url } = this.#options;
    return await explained(url, async (onBodyFailure) => {
      const listed = await git.listServerRefs({
        ...this.#transport(signal, onBodyFailure),
        url,
        onAuth: () => this.#credentials(),
        symrefs: true,
        peelTags: true,
        prefix: undefined as unknown as string,
      });
      return new Map(listed.filter(({ ref }) => isWanted(ref)).map(({ ref, oid, peeled }) => [ref, peeled ?? oid]));
    });
  }

  /** Fetches one commit. `known` is one that is there already: what it holds need not be sent again. */
  async fetch(gitdir: string, commit: string, known: string | undefined, signal: AbortSignal): Promise<void> {
    const { url } = this.#options;
    const name = withoutCredentials(url);
    const pack: IncomingPack = { file: join(gitdir, `incoming-${randomUUID()}`) };
    try {
      try {
        await this.#fetchPack(pack, gitdir, commit, known, signal);
      } catch (error) {
        // A server whose HEAD names no branch: the library looks for it when all has been sent.
        const isHead = error instanceof SourceError && error.cause instanceof Errors.NotFoundError;
        if (!isHead || pack.checksum === undefined) throw error;
      }
      if (pack.checksum !== undefined) installPack(pack.file, gitdir, pack.checksum);
    } finally {
      for (const left of [pack.file, `${pack.file}.idx`]) rmSync(left, { force: true });
    }
    if (!holds(gitdir, commit)) throw new SourceError('revision-not-found', `Cannot find commit ${commit} in ${name}`);
  }

  async #fetchPack(
    pack: IncomingPack,
    gitdir: string,
    commit: string,
    known: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { url } = this.#options;
    const input = { file: pack.file, gitdir, limits: DEFAULT_PACK_LIMITS, name: withoutCredentials(url) };
    await explained(url, async (onBodyFailure) => {
      const { http, headers } = this.#transport(signal, onBodyFailure);
      await git.fetch({
        // Only what builds on what is here may be thin.
        http: withIndexedPacks(known === undefined ? http : withThinPacks(http), pack, async () => {
          pack.checksum = await indexPackInThread(input, signal);
        }),
        headers,
        fs,
        gitdir,
        url,
        onAuth: () => this.#credentials(),
        ref: known ?? commit,
        remoteRef: commit,
        depth: 1,
        singleBranch: true,
        tags: false,
      });
    });
  }

  #transport(signal: AbortSignal, onBodyFailure: (error: SourceError) => void): Transport {
    const { tls, bearerToken } = this.#options.access();
    const http = gitHttpClient({
      ...this.#options.limits,
      signal,
      onBodyFailure,
      ...(tls === undefined ? {} : { tls }),
    });
    return { http, headers: bearerToken === undefined ? {} : { Authorization: `Bearer ${bearerToken}` } };
  }

  #credentials(): { readonly username?: string; readonly password?: string; readonly cancel?: boolean } {
    const { username, password } = this.#options.access();
    if (password === undefined) return { cancel: true };
    // Token servers accept any user name, but not an empty one.
    return { username: username === undefined || username === '' ? 'git' : username, password };
  }
}

/** A repository on a server, kept as a shallow bare repository that holds the commits asked for and nothing else. */
export const createRemoteBackend = (options: RemoteBackendOptions): GitBackend => new RemoteBackend(options);

class RemoteBackend implements GitBackend {
  readonly #options: RemoteBackendOptions;
  readonly #requests: RemoteRequests;
  #generation: string;
  #newest: string | undefined;
  /** Folders that are being filled: new ones, not left ones. */
  readonly #filling = new Set<string>();
  /** What was asked for since a renewal began. */
  #askedMeanwhile: Set<string> | undefined;

  constructor(options: RemoteBackendOptions) {
    this.#options = options;
    this.#requests = new RemoteRequests(options);
    this.#generation = newestGeneration(options.folder);
    this.#newest = fetchedCommit(this.#generation);
  }

  get gitdir(): string {
    return this.#generation;
  }

  async refs(signal: AbortSignal): Promise<Refs> {
    return await this.#requests.refs(signal);
  }

  async obtain(commit: string, signal: AbortSignal, inUse: () => readonly string[] = () => []): Promise<void> {
    this.#askedMeanwhile?.add(commit);
    await this.#obtain(commit, signal, inUse);
    this.#newest = commit;
  }

  isGrown(commits: number): boolean {
    return isGrown(packSizes(this.#generation), commits);
  }

  async renew(commits: () => readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const asked = new Set<string>();
    this.#askedMeanwhile = asked;
    try {
      await this.#fill((there) => [...commits(), ...asked].find((commit) => !there.has(commit)), signal);
    } finally {
      this.#askedMeanwhile = undefined;
    }
    return this.#leftFolders();
  }

  async #obtain(commit: string, signal: AbortSignal, inUse: () => readonly string[]): Promise<void> {
    if (holds(this.#generation, commit)) return;
    // Every commit in use has brought a pack at some time: only what is beyond them can be spared.
    const limit = (this.#options.maxPacks ?? MAX_PACKS) + 2 * inUse().length;
    if (existsSync(this.#generation) && packSizes(this.#generation).length < limit) {
      try {
        await this.#requests.fetch(this.#generation, commit, this.#newest, signal);
        return;
      } catch (error) {
        if (!(error instanceof SourceError) || error.code !== 'corrupt') throw error;
      }
    }
    await this.#startAgain(commit, inUse, signal);
  }

  /** A cache that is none, is damaged or has grown starts again in a folder of its own, with what is in use. */
  async #startAgain(commit: string, inUse: () => readonly string[], signal: AbortSignal): Promise<void> {
    const before = this.#generation;
    const wanted = (): readonly string[] => [commit, ...inUse().filter((one) => holds(before, one))];
    await this.#fill((there) => wanted().find((one) => !there.has(one)), signal);
    // Readers of an older generation have their packs open: the files stay readable until they are closed.
    for (const folder of this.#leftFolders()) rmSync(folder, { recursive: true, force: true });
  }

  /** Fetches commits into a new folder until `missing` names none, and takes it as the generation. */
  async #fill(missing: (there: ReadonlySet<string>) => string | undefined, signal: AbortSignal): Promise<void> {
    const fresh = join(this.#options.folder, randomUUID());
    const there = new Set<string>();
    this.#filling.add(fresh);
    try {
      mkdirSync(fresh, { recursive: true });
      await git.init({ fs, gitdir: fresh, bare: true });
      await git.addRemote({ fs, gitdir: fresh, remote: 'origin', url: this.#options.url });
      let last: string | undefined;
      for (let commit = missing(there); commit !== undefined; commit = missing(there)) {
        await this.#fetchOrCopy(fresh, commit, last, signal);
        last = commit;
        there.add(commit);
      }
      this.#generation = fresh;
      this.#newest = last;
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      throw error;
    } finally {
      this.#filling.delete(fresh);
    }
  }

  /** The server may have no branch any more that leads to a commit in use: then it is taken from what is here. */
  async #fetchOrCopy(fresh: string, commit: string, last: string | undefined, signal: AbortSignal): Promise<void> {
    try {
      await this.#requests.fetch(fresh, commit, last, signal);
    } catch (error) {
      const isGone = error instanceof SourceError && (error.code === 'revision-not-found' || error.code === 'corrupt');
      if (!isGone || !holds(this.#generation, commit)) throw error;
      copyCommit(this.#generation, fresh, commit);
    }
  }

  #leftFolders(): readonly string[] {
    return readdirSync(this.#options.folder)
      .map((name) => join(this.#options.folder, name))
      .filter((folder) => folder !== this.#generation && !this.#filling.has(folder));
  }
}

/** Packs beyond one for each commit in use at which a cache is renewed, before `obtain` has to do it in a deployment. */
const RENEW_PACKS = MAX_PACKS / 2;
const RENEW_BYTES = 512 * 1024 * 1024;

/**
 * Whether packs of these sizes hold much that `commits` commits do not need. A repository that is large by itself is
 * not grown: what one fetch brings, another would bring again.
 */
export const isGrown = (packs: readonly number[], commits: number): boolean => {
  const bytes = packs.reduce((sum, size) => sum + size, 0);
  return packs.length > commits + RENEW_PACKS || (bytes > RENEW_BYTES && bytes > 2 * Math.max(...packs));
};

const isWanted = (ref: string): boolean =>
  ref === 'HEAD' || ref.startsWith('refs/heads/') || ref.startsWith('refs/tags/');

/** The one that was written last, where an earlier process has left several. */
const newestGeneration = (folder: string): string => {
  const folders = (existsSync(folder) ? readdirSync(folder) : []).map((name) => join(folder, name));
  const [newest] = folders.sort((left, right) => statSync(right).mtimeMs - statSync(left).mtimeMs);
  return newest ?? join(folder, 'none');
};

/** A commit that an earlier process has fetched: every one of a shallow repository is in its list of boundaries. */
const fetchedCommit = (gitdir: string): string | undefined => {
  const boundaries = join(gitdir, 'shallow');
  const commits = existsSync(boundaries) ? readFileSync(boundaries, 'utf8').trim().split('\n') : [];
  return commits.findLast((commit) => isCommit(commit) && holds(gitdir, commit));
};

/** Bytes of every pack. */
const packSizes = (gitdir: string): readonly number[] => {
  const packs = join(gitdir, 'objects', 'pack');
  const names = existsSync(packs) ? readdirSync(packs).filter((name) => name.endsWith('.pack')) : [];
  return names.map((name) => statSync(join(packs, name)).size);
};

const holds = (gitdir: string, commit: string): boolean => {
  if (!existsSync(gitdir)) return false;
  const objects = new GitObjects(gitdir);
  try {
    objects.read(commit, 'commit');
    return true;
  } catch {
    return false;
  } finally {
    objects.close();
  }
};

/** Runs a request and turns what isomorphic-git throws into a SourceError. */
const explained = async <T>(
  repoURL: string,
  request: (onBodyFailure: (error: SourceError) => void) => Promise<T>,
): Promise<T> => {
  const failures: SourceError[] = [];
  const url = withoutCredentials(repoURL);
  const fail = (code: SourceError['code'], why: string, cause: unknown): SourceError =>
    new SourceError(code, `Cannot read ${url}: ${why}`, { cause });
  try {
    const result = await request((failure) => failures.push(failure));
    // What was cut off is not an answer, even where the library takes it for one.
    if (failures[0] !== undefined) throw failures[0];
    return result;
  } catch (error) {
    if (failures[0] !== undefined) throw failures[0];
    if (error instanceof SourceError) throw error;
    if (error instanceof Errors.UserCanceledError) {
      throw fail('unauthorised', 'the server asks for credentials; add a Secret labelled as repository for it', error);
    }
    if (error instanceof Errors.HttpError) {
      const { statusCode } = error.data;
      if (statusCode === 401 || statusCode === 403) {
        throw fail('unauthorised', `the server refuses the credentials (HTTP ${statusCode})`, error);
      }
      if (statusCode === 404 || statusCode === 410) {
        throw fail('not-found', `the server has no such repository (HTTP ${statusCode})`, error);
      }
      throw fail('unreachable', `the server answered HTTP ${statusCode}`, error);
    }
    if (error instanceof Errors.SmartHttpError || error instanceof Errors.ParseError) {
      throw fail('corrupt', 'the answer is not that of a Git server', error);
    }
    if (error instanceof Errors.NotFoundError) throw fail('revision-not-found', error.message, error);
    if ((error as Error).name === 'AbortError') throw error;
    throw fail('corrupt', (error as Error).message, error);
  }
};
