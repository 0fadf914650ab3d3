import { randomUUID } from 'node:crypto';
import fs, { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HttpClient } from 'isomorphic-git';
import git, { Errors } from 'isomorphic-git';
import { GitObjects } from '../../render/files/git-objects.js';
import type { RepositoryAccess } from './credentials.js';
import { SourceError } from './errors.js';
import type { GitBackend } from './git-backend.js';
import { gitHttpClient } from './git-http.js';
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
}

interface Transport {
  readonly http: HttpClient;
  readonly headers: Record<string, string>;
}

/** Every fetch adds a pack; past this many the cache is fetched anew, alone, and the old one removed. */
const MAX_PACKS = 50;

/** A repository on a server, kept as a shallow bare repository that holds the commits asked for and nothing else. */
export const createRemoteBackend = (options: RemoteBackendOptions): GitBackend => {
  let generation = newestGeneration(options.folder);
  let newest = fetchedCommit(generation);
  const transport = (signal: AbortSignal, onBodyFailure: (error: SourceError) => void): Transport => {
    const access = options.access();
    const http = gitHttpClient({
      ...options.limits,
      signal,
      onBodyFailure,
      ...(access.tls === undefined ? {} : { tls: access.tls }),
    });
    return { http, headers: access.bearerToken === undefined ? {} : { Authorization: `Bearer ${access.bearerToken}` } };
  };
  const onAuth = (): { username?: string; password?: string; cancel?: boolean } => {
    const { username, password } = options.access();
    if (password === undefined) return { cancel: true };
    // Token servers accept any user name, but not an empty one.
    return { username: username === undefined || username === '' ? 'git' : username, password };
  };
  const refs = async (signal: AbortSignal): Promise<Refs> =>
    await explained(options.url, async (onBodyFailure) => {
      const listed = await git.listServerRefs({
        ...transport(signal, onBodyFailure),
        url: options.url,
        onAuth,
        symrefs: true,
        peelTags: true,
        prefix: undefined as unknown as string,
      });
      return new Map(listed.filter(({ ref }) => isWanted(ref)).map(({ ref, oid, peeled }) => [ref, peeled ?? oid]));
    });
  const fetchInto = async (gitdir: string, commit: string, signal: AbortSignal): Promise<void> => {
    await explained(options.url, async (onBodyFailure) => {
      const { http, headers } = transport(signal, onBodyFailure);
      await git.fetch({
        // Only what builds on what is here may be thin.
        http: newest === undefined ? http : withThinPacks(http),
        headers,
        fs,
        gitdir,
        url: options.url,
        onAuth,
        // The commit that is there already tells the server what need not be sent again.
        ref: newest ?? commit,
        remoteRef: commit,
        depth: 1,
        singleBranch: true,
        tags: false,
      });
    });
    if (!holds(gitdir, commit)) {
      throw new SourceError('revision-not-found', `Cannot find commit ${commit} in ${withoutCredentials(options.url)}`);
    }
  };
  return {
    get gitdir() {
      return generation;
    },
    refs,
    obtain: async (commit, signal) => {
      if (holds(generation, commit)) {
        newest = commit;
        return;
      }
      if (existsSync(generation) && packCount(generation) < MAX_PACKS) {
        try {
          await fetchInto(generation, commit, signal);
          newest = commit;
          return;
        } catch (error) {
          // Only a cache that is damaged is worth starting again.
          if (!(error instanceof SourceError) || error.code !== 'corrupt') throw error;
        }
      }
      newest = undefined;
      const fresh = join(options.folder, randomUUID());
      try {
        mkdirSync(fresh, { recursive: true });
        await git.init({ fs, gitdir: fresh, bare: true });
        await git.addRemote({ fs, gitdir: fresh, remote: 'origin', url: options.url });
        await fetchInto(fresh, commit, signal);
      } catch (error) {
        rmSync(fresh, { recursive: true, force: true });
        throw error;
      }
      generation = fresh;
      newest = commit;
      removeOthers(options.folder, fresh);
    },
  };
};

const isWanted = (ref: string): boolean =>
  ref === 'HEAD' || ref.startsWith('refs/heads/') || ref.startsWith('refs/tags/');

const newestGeneration = (folder: string): string => {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return join(folder, names[0] ?? 'none');
};

/** A commit that an earlier process has fetched: every one of a shallow repository is in its list of boundaries. */
const fetchedCommit = (gitdir: string): string | undefined => {
  const boundaries = join(gitdir, 'shallow');
  const commits = existsSync(boundaries) ? readFileSync(boundaries, 'utf8').trim().split('\n') : [];
  return commits.findLast((commit) => isCommit(commit) && holds(gitdir, commit));
};

/** Readers of an older generation have their packs open: the files stay readable until they are closed. */
const removeOthers = (folder: string, kept: string): void => {
  for (const name of readdirSync(folder)) {
    if (join(folder, name) !== kept) rmSync(join(folder, name), { recursive: true, force: true });
  }
};

const packCount = (gitdir: string): number => {
  const packs = join(gitdir, 'objects', 'pack');
  return existsSync(packs) ? readdirSync(packs).filter((name) => name.endsWith('.pack')).length : 0;
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
