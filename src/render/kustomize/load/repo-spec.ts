import { parseDurationMs } from '../../../objects/duration.js';

/** What a URL of a kustomization says about a folder of a Git repository. */
export interface RepoSpec {
  /** For git: `https://github.com/org/repo`, `git@host:org/repo`, `file:///path`. */
  readonly repoURL: string;
  /** The folder in the repository; empty for its root. */
  readonly path: string;
  /** Branch, tag or commit; undefined for the default branch. */
  readonly ref: string | undefined;
  readonly timeoutMs: number;
  readonly submodules: boolean;
}

const DEFAULT_TIMEOUT_MS = 27_000;
/** `org/repo`, where nothing in a URL says how long the path of its repository is. */
const SEGMENTS = 2;

/** Reads a URL by Kustomize's rules; undefined when it is none, but a path. */
export const parseRepoSpec = (text: string): RepoSpec | undefined => {
  if (text.startsWith('/')) return undefined;
  const mark = text.indexOf('?');
  const query = mark < 0 ? '' : text.slice(mark + 1);
  const host = splitHost((mark < 0 ? text : text.slice(0, mark)).replace(/^git::/i, ''));
  if (host === undefined) return undefined;
  const parts = splitPath(host.rest, host.isFile);
  if (parts === undefined || parts.repository === '') return undefined;
  const path = parts.path.replace(/^\//, '');
  if (leavesRoot(path)) return undefined;
  return { repoURL: host.host + parts.repository, path, ...readQuery(query) };
};

interface SplitHost {
  readonly host: string;
  readonly rest: string;
  readonly isFile: boolean;
}

const splitHost = (text: string): SplitHost | undefined => {
  const scheme = /^(?:ssh|https?|file):\/\//i.exec(text)?.[0] ?? '';
  let rest = text.slice(scheme.length);
  const user = /^[a-z][a-z0-9-]*@/i.exec(rest)?.[0] ?? '';
  rest = rest.slice(user.length);
  if (scheme.toLowerCase() === 'file://') return { host: 'file://', rest: user + rest, isFile: true };
  const isGithub = /^github\.com[/:]/i.test(rest);
  const isScp = scheme === '' && (user !== '' || isGithub);
  if (scheme === '' && !isScp) return undefined;
  const end = separatorOf(rest, isScp);
  const name = end < 0 ? rest : rest.slice(0, end + 1);
  const path = end < 0 ? '' : rest.slice(end + 1);
  if (isGithub) {
    const isSsh = scheme.toLowerCase() === 'ssh://' || user !== '';
    return { host: isSsh ? `${user}github.com:` : 'https://github.com/', rest: path, isFile: false };
  }
  return name === '' ? undefined : { host: scheme.toLowerCase() + user + name, rest: path, isFile: false };
};

/** Where the host ends; the colon of `user@host:path` counts before the first slash only. */
const separatorOf = (text: string, isScp: boolean): number => {
  const slash = text.indexOf('/');
  const colon = text.indexOf(':');
  return isScp && (slash < 0 || (colon > 0 && colon < slash)) ? colon : slash;
};

/** `_git/name`, `//` and `.git` say where the repository ends; else it has two segments, or is all of a file URL. */
const splitPath = (
  text: string,
  isFile: boolean,
): { readonly repository: string; readonly path: string } | undefined => {
  const azure = text.indexOf('_git/');
  if (azure >= 0) {
    const start = azure + '_git/'.length;
    const [name = '', ...path] = text.slice(start).split('/');
    return { repository: text.slice(0, start) + name, path: path.join('/') };
  }
  const double = text.indexOf('//');
  if (double >= 0) return { repository: text.slice(0, double), path: text.slice(double + 2) };
  const suffix = text.indexOf('.git');
  if (suffix >= 0) {
    const end = suffix + '.git'.length;
    return { repository: text.slice(0, end), path: text.slice(end) };
  }
  if (isFile) return { repository: text, path: '' };
  const segments = text.split('/');
  if (segments.length < SEGMENTS) return undefined;
  return { repository: segments.slice(0, SEGMENTS).join('/'), path: segments.slice(SEGMENTS).join('/') };
};

const leavesRoot = (path: string): boolean => {
  let depth = 0;
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    depth += segment === '..' ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
};

const readQuery = (query: string): Pick<RepoSpec, 'ref' | 'timeoutMs' | 'submodules'> => {
  const values = new URLSearchParams(query);
  const ref = values.get('ref') || values.get('version');
  const submodules = values.get('submodules') ?? '';
  return {
    ref: ref === null || ref === '' ? undefined : ref,
    timeoutMs: timeoutOf(values.get('timeout') ?? ''),
    submodules: !/^(?:0|f|false)$/i.test(submodules),
  };
};

const timeoutOf = (text: string): number => {
  if (/^\+?\d+$/.test(text)) return Number(text) > 0 ? Number(text) * 1000 : DEFAULT_TIMEOUT_MS;
  try {
    const ms = parseDurationMs(text);
    return ms > 0 ? ms : DEFAULT_TIMEOUT_MS;
  } catch {
    return DEFAULT_TIMEOUT_MS;
  }
};
