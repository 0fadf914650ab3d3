import { type Family, fn } from './define.js';

/** path.Clean: the shortest equal path. */
export const cleanPath = (path: string): string => {
  if (path === '') return '.';
  const isRooted = path.startsWith('/');
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!isRooted) kept.push('..');
  }
  const joined = kept.join('/');
  return isRooted ? `/${joined}` : joined || '.';
};

/** path.Base: the last element. */
export const basePath = (path: string): string => {
  if (path === '') return '.';
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1);
};

const dirPath = (path: string): string => cleanPath(path.slice(0, path.lastIndexOf('/') + 1));

const extension = (path: string): string => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot);
};

const base = fn(['string'], basePath);
const dir = fn(['string'], dirPath);
const clean = fn(['string'], cleanPath);
const ext = fn(['string'], extension);
const isAbs = fn(['string'], (path) => path.startsWith('/'));

/** Sprig's functions on paths; those of the system's paths are those of Linux. */
export const paths: Family = {
  base,
  dir,
  clean,
  ext,
  isAbs,
  osBase: base,
  osDir: dir,
  osClean: clean,
  osExt: ext,
  osIsAbs: isAbs,
};
