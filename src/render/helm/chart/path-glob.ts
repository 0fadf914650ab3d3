type Matcher = (path: string) => boolean;

const cache = new Map<string, Matcher | undefined>();

/**
 * gobwas/glob with `/` as the separator: `*` and `?` within a name, `**` across names, `[abc]`, `[!a-z]`, `{a,b}`.
 * Undefined when the pattern is malformed.
 */
export const compilePathGlob = (pattern: string): Matcher | undefined => {
  if (cache.has(pattern)) return cache.get(pattern);
  const source = new Translator(pattern).run();
  const regex = source === undefined ? undefined : new RegExp(`^(?:${source})$`, 'su');
  const matcher = regex === undefined ? undefined : (path: string): boolean => regex.test(path);
  if (cache.size > 1000) cache.clear();
  cache.set(pattern, matcher);
  return matcher;
};

const escape = (c: string): string => c.replace(/[\\^$.*+?()[\]{}|/]/u, '\\$&');
/** Within a set a hyphen means something. */
const escapeMember = (c: string): string => (c === '-' ? '\\-' : escape(c));

class Translator {
  private at = 0;
  private readonly characters: readonly string[];

  constructor(pattern: string) {
    this.characters = Array.from(pattern);
  }

  run(): string | undefined {
    return this.sequence(0);
  }

  private sequence(depth: number): string | undefined {
    let out = '';
    for (let c = this.characters[this.at]; c !== undefined; c = this.characters[this.at]) {
      if (depth > 0 && (c === ',' || c === '}')) return out;
      this.at += 1;
      const part = this.part(c, depth);
      if (part === undefined) return undefined;
      // Repeated stars mean what one means.
      if (!((part === '.*' || part === '[^/]*') && out.endsWith(part))) out += part;
    }
    return depth > 0 ? undefined : out;
  }

  private part(c: string, depth: number): string | undefined {
    switch (c) {
      case '*':
        if (this.characters[this.at] !== '*') return '[^/]*';
        while (this.characters[this.at] === '*') this.at += 1;
        return '.*';
      case '?':
        return '[^/]';
      case '\\': {
        const escaped = this.characters[this.at];
        this.at += 1;
        return escaped === undefined ? undefined : escape(escaped);
      }
      case '[':
        return this.set();
      case '{':
        return this.alternatives(depth);
      default:
        return escape(c);
    }
  }

  private set(): string | undefined {
    const close = this.characters.indexOf(']', this.at + 1);
    if (close < 0) return undefined;
    let members = this.characters.slice(this.at, close);
    this.at = close + 1;
    const isNegated = members[0] === '!';
    if (isNegated) members = members.slice(1);
    if (members.length === 0) return undefined;
    const isRange = members.length === 3 && members[1] === '-';
    const [low = '', , high = ''] = members;
    if (isRange && low > high) return undefined;
    const body = isRange ? `${escapeMember(low)}-${escapeMember(high)}` : members.map(escapeMember).join('');
    return `[${isNegated ? '^' : ''}${body}]`;
  }

  private alternatives(depth: number): string | undefined {
    const options: string[] = [];
    for (;;) {
      const option = this.sequence(depth + 1);
      if (option === undefined) return undefined;
      options.push(option);
      const end = this.characters[this.at];
      this.at += 1;
      if (end === '}') return `(?:${options.join('|')})`;
      if (end !== ',') return undefined;
    }
  }
}
