import type { FSWatcher } from 'node:fs';
import fs, { existsSync, readFileSync, statSync, watch } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import git from 'isomorphic-git';
import { GitObjects } from '../../render/files/git-objects.js';
import { SourceError } from './errors.js';
import type { GitBackend } from './git-backend.js';
import type { Refs } from './revision.js';

/** A repository in a folder of this machine, bare or with a work tree. Only what is committed counts. */
export const createFolderBackend = (path: string): GitBackend => {
  const gitdir = (): string => {
    const found = findGitdir(path);
    if (found === undefined) throw new SourceError('not-found', `Cannot read ${path}: it is not a Git repository`);
    return found;
  };
  let lastGitdir = path;
  return {
    get gitdir() {
      return lastGitdir;
    },
    refs: async () => {
      lastGitdir = gitdir();
      return await readRefs(lastGitdir);
    },
    obtain: async (commit) => {
      lastGitdir = gitdir();
      const objects = new GitObjects(lastGitdir);
      try {
        objects.read(commit, 'commit');
      } catch (error) {
        throw new SourceError('revision-not-found', `Cannot find commit ${commit} in ${path}`, { cause: error });
      } finally {
        objects.close();
      }
    },
    watch: (changed) => watchRefs(gitdir(), changed),
  };
};

/** `.git` may be a folder, or a file that names one (a linked work tree). */
const findGitdir = (path: string): string | undefined => {
  const inside = join(path, '.git');
  if (existsSync(inside)) {
    if (statSync(inside).isDirectory()) return inside;
    const target = /^gitdir: (.+)$/m.exec(readFileSync(inside, 'utf8'))?.[1];
    return target === undefined ? undefined : isAbsolute(target) ? target : join(path, target);
  }
  return existsSync(join(path, 'objects')) && existsSync(join(path, 'HEAD')) ? path : undefined;
};

const readRefs = async (gitdir: string): Promise<Refs> => {
  const refs = new Map<string, string>();
  const commit = async (ref: string): Promise<string | undefined> => {
    try {
      const oid = await git.resolveRef({ fs, gitdir, ref });
      return (await git.readCommit({ fs, gitdir, oid })).oid;
    } catch {
      return undefined;
    }
  };
  const add = async (name: string): Promise<void> => {
    const oid = await commit(name);
    if (oid !== undefined) refs.set(name, oid);
  };
  await add('HEAD');
  for (const branch of await git.listBranches({ fs, gitdir })) await add(`refs/heads/${branch}`);
  for (const tag of await git.listTags({ fs, gitdir })) await add(`refs/tags/${tag}`);
  return refs;
};

const watchRefs = (gitdir: string, changed: () => void): (() => void) => {
  const watchers: FSWatcher[] = [];
  const follow = (path: string, recursive: boolean): void => {
    if (!existsSync(path)) return;
    const watcher = watch(path, { recursive, persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    watchers.push(watcher);
  };
  follow(gitdir, false);
  follow(join(gitdir, 'refs'), true);
  return () => {
    for (const watcher of watchers) watcher.close();
  };
};
