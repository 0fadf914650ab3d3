import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SourceError } from './errors.js';

/** Where a repository is: on a server, or in a folder of this machine. */
export type RepositoryLocation =
  | { readonly type: 'http'; readonly url: string }
  | { readonly type: 'folder'; readonly path: string };

/**
 * Reads a repository URL: `http(s)://...`, `file://...` or an absolute path. Anything else is refused by name, so that
 * no URL can ever reach a command or another protocol.
 */
export const locateRepository = (repoURL: string): RepositoryLocation => {
  if (isAbsolute(repoURL)) return { type: 'folder', path: resolve(repoURL) };
  if (!URL.canParse(repoURL)) throw unsupported(repoURL);
  const url = new URL(repoURL);
  if (url.protocol === 'file:') return { type: 'folder', path: fileURLToPath(url) };
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw unsupported(repoURL);
  if (url.username !== '' || url.password !== '') {
    throw new SourceError(
      'invalid',
      `Cannot use repository ${withoutCredentials(repoURL)}: credentials belong in a repository Secret, not in the URL`,
    );
  }
  return { type: 'http', url: repoURL };
};

/** Whether a repository is a folder of this machine. */
export const isOnMachine = (repoURL: string): boolean => isAbsolute(repoURL) || /^file:/i.test(repoURL);

const unsupported = (repoURL: string): SourceError =>
  new SourceError(
    'invalid',
    `Cannot use repository "${withoutCredentials(repoURL)}": only http://, https://, file:// and absolute paths are supported`,
  );

/** One name for all spellings of a repository: lower-case host, no `.git`, no slash at the end. */
export const repositoryIdentity = (repoURL: string): string => {
  const trimmed = repoURL.replace(/\/+$/, '').replace(/\.git$/, '');
  if (isAbsolute(repoURL) || !URL.canParse(trimmed)) return trimmed;
  const url = new URL(trimmed);
  url.username = '';
  url.password = '';
  return url.toString().replace(/\/+$/, '');
};

/** A URL as it may appear in messages. */
export const withoutCredentials = (repoURL: string): string => repoURL.replace(/(:\/\/)[^/@]*@/, '$1');
