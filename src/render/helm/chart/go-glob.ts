/** filepath.Match: `*` and `?` within one name, `[a-z]`, `\` before a character that is meant literally. */
export const matchesGlob = (pattern: string, name: string): boolean => compile(pattern)?.test(name) === true;

/** Whether a pattern is well formed. */
export const isGlob = (pattern: string): boolean => compile(pattern) !== undefined;

const cache = new Map<string, RegExp | undefined>();

const compile = (pattern: string): RegExp | undefined => {
  if (cache.has(pattern)) return cache.get(pattern);
  const source = translate(pattern);
  const compiled = source === undefined ? undefined : new RegExp(`^${source}$`, 'su');
  if (cache.size > 1000) cache.clear();
  cache.set(pattern, compiled);
  return compiled;
};

const escape = (c: string): string => c.replace(/[\\^$.*+?()[\]{}|/]/u, '\\$&');
/** Within a set a hyphen means something. */
const escapeMember = (c: string): string => (c === '-' ? '\\-' : escape(c));

const translate = (pattern: string): string | undefined => {
  let out = '';
  const characters = Array.from(pattern);
  for (let i = 0; i < characters.length; i++) {
    const c = characters[i] as string;
    if (c === '*') {
      // Runs of stars would only cost time.
      if (!out.endsWith('[^/]*')) out += '[^/]*';
    } else if (c === '?') {
      out += '[^/]';
    } else if (c === '\\') {
      i += 1;
      const escaped = characters[i];
      if (escaped === undefined) return undefined;
      out += escape(escaped);
    } else if (c === '[') {
      const set = readSet(characters, i + 1);
      if (set === undefined) return undefined;
      out += set.source;
      i = set.end;
    } else {
      out += escape(c);
    }
  }
  return out;
};

const readSet = (characters: readonly string[], from: number): { source: string; end: number } | undefined => {
  let at = from;
  const isNegated = characters[at] === '^';
  if (isNegated) at += 1;
  let body = '';
  const member = (): string | undefined => {
    const c = characters[at];
    if (c === undefined || c === '-' || c === ']') return undefined;
    at += 1;
    if (c !== '\\') return c;
    const escaped = characters[at];
    at += 1;
    return escaped;
  };
  for (let isFirst = true; isFirst || characters[at] !== ']'; isFirst = false) {
    const low = member();
    if (low === undefined) return undefined;
    let high = low;
    if (characters[at] === '-') {
      at += 1;
      const end = member();
      if (end === undefined) return undefined;
      high = end;
    }
    if (low <= high) body += low === high ? escapeMember(low) : `${escapeMember(low)}-${escapeMember(high)}`;
  }
  const source = body === '' ? (isNegated ? '[^/]' : '(?!)') : `(?!/)[${isNegated ? '^' : ''}${body}]`;
  return { source, end: at };
};
