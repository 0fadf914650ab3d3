/** A submodule as `.gitmodules` has it. */
export interface Submodule {
  readonly path: string;
  /** Relative ones are resolved. */
  readonly url: string;
}

const SECTION = /^\s*\[\s*submodule\s+"((?:[^"\\]|\\.)*)"\s*\]/;
const SETTING = /^\s*([a-z][a-z0-9-]*)\s*=\s*(.*)$/i;

/**
 * Reads a `.gitmodules` file. `repoURL` is where it was found: relative URLs begin there. Submodules that say
 * `update = none` are left out, as git does.
 */
export const readSubmodules = (text: string, repoURL: string): readonly Submodule[] => {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*\[/.test(line)) {
      const name = SECTION.exec(line)?.[1];
      section = name === undefined ? undefined : (sections.get(name) ?? new Map());
      if (name !== undefined && section !== undefined) sections.set(name, section);
      continue;
    }
    const [, key, value] = SETTING.exec(line) ?? [];
    if (key !== undefined) section?.set(key.toLowerCase(), unquoted(value ?? ''));
  }
  return [...sections.values()].flatMap((settings) => {
    const path = settings.get('path');
    const url = settings.get('url');
    if (path === undefined || url === undefined || settings.get('update') === 'none') return [];
    return [{ path: path.replace(/\/+$/, ''), url: absoluteUrl(url, repoURL) }];
  });
};

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b' };

/** A value without its comment, quotes and escapes. */
const unquoted = (value: string): string => {
  let result = '';
  let kept = 0;
  let isQuoted = false;
  for (let at = 0; at < value.length; at++) {
    const c = value.charAt(at);
    if (c === '"') isQuoted = !isQuoted;
    else if (c === '\\') {
      at += 1;
      result += ESCAPES[value.charAt(at)] ?? value.charAt(at);
    } else if (!isQuoted && (c === '#' || c === ';')) break;
    else result += c;
    // Blanks at the end count in quotes only.
    if (isQuoted || !/\s/.test(c)) kept = result.length;
  }
  return result.slice(0, kept);
};

/** `./x` and `../x` start from the URL of the repository that has the submodule. */
const absoluteUrl = (url: string, repoURL: string): string => {
  if (!/^\.\.?\//.test(url)) return url;
  let base = repoURL.replace(/\/+$/, '');
  let rest = url;
  for (;;) {
    if (rest.startsWith('./')) rest = rest.slice(2);
    else if (rest.startsWith('../')) {
      rest = rest.slice(3);
      base = base.slice(0, Math.max(base.lastIndexOf('/'), 0));
    } else return `${base}/${rest.replace(/\/+$/, '')}`;
  }
};
