import { ChartError } from './chart-error.js';
import { matchesGlob, isGlob } from './go-glob.js';

interface Rule {
  readonly pattern: string;
  readonly isNegated: boolean;
  readonly folderOnly: boolean;
  /** Whether the pattern is matched against the whole path instead of the last name. */
  readonly isPath: boolean;
}

/** `.helmignore`: which files of a folder are no part of the chart. */
export class HelmIgnore {
  private constructor(private readonly rules: readonly Rule[]) {}

  /** Throws ChartError for a rule with `**` or a malformed pattern. */
  static parse(text: string): HelmIgnore {
    const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
    return new HelmIgnore([...lines, 'templates/.?*'].flatMap(parseRule));
  }

  ignores(path: string, isFolder: boolean): boolean {
    if (path === '' || path === '.' || path === './') return false;
    for (const rule of this.rules) {
      const matches = matchesGlob(rule.pattern, rule.isPath ? path : path.slice(path.lastIndexOf('/') + 1));
      if (rule.isNegated) {
        if ((rule.folderOnly && !isFolder) || !matches) return true;
      } else if (matches && !(rule.folderOnly && !isFolder)) {
        return true;
      }
    }
    return false;
  }
}

const parseRule = (line: string): Rule[] => {
  let pattern = line.trim();
  if (pattern === '' || pattern.startsWith('#')) return [];
  if (pattern.includes('**')) throw new ChartError('double-star (**) syntax is not supported');
  if (!isGlob(pattern)) throw new ChartError('syntax error in pattern');
  const isNegated = pattern.startsWith('!');
  if (isNegated) pattern = pattern.slice(1);
  const folderOnly = pattern.endsWith('/');
  if (folderOnly) pattern = pattern.slice(0, -1);
  const isRooted = pattern.startsWith('/');
  if (isRooted) pattern = pattern.slice(1);
  return [{ pattern, isNegated, folderOnly, isPath: isRooted || pattern.includes('/') }];
};
