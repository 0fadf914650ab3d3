import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { GitObjects } from '../../render/files/git-objects.js';
import type { GitObject } from '../../render/files/git-pack.js';
import { treeOf } from './changed-paths.js';
import { FOLDER_MODE, SUBMODULE_MODE } from '../../render/files/git-modes.js';

/**
 * Copies a commit with all its files, without its history, from one Git folder to another: what is not there yet is
 * written as loose objects, the commit itself last, so that a commit that is there is whole.
 */
export const copyCommit = (from: string, to: string, commit: string): void => {
  const source = new GitObjects(from);
  const target = new GitObjects(to);
  try {
    const copy = (id: string): void => {
      const object = source.object(id);
      if (object === undefined) throw new Error(`${from}: object ${id} is not there`);
      writeLoose(to, id, object);
    };
    const copyTree = (id: string): void => {
      if (target.object(id) !== undefined) return;
      for (const entry of source.tree(id)) {
        if (entry.mode === FOLDER_MODE) copyTree(entry.id);
        else if (entry.mode !== SUBMODULE_MODE && target.object(entry.id) === undefined) copy(entry.id);
      }
      copy(id);
    };
    copyTree(treeOf(source, commit));
    copy(commit);
    addBoundary(to, commit);
  } finally {
    source.close();
    target.close();
  }
};

const writeLoose = (gitdir: string, id: string, { type, content }: GitObject): void => {
  const folder = join(gitdir, 'objects', id.slice(0, 2));
  const file = join(folder, id.slice(2));
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.new`, deflateSync(Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content])));
  renameSync(`${file}.new`, file);
};

/** A commit without its parents is a boundary of a shallow repository. */
const addBoundary = (gitdir: string, commit: string): void => {
  const file = join(gitdir, 'shallow');
  const boundaries = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  if (boundaries.includes(commit)) return;
  writeFileSync(file, [...boundaries, commit, ''].join('\n'));
};
