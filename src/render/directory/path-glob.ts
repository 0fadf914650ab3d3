/**
 * Compiles a glob as Argo CD reads `include` and `exclude`: `*` and `**` match any text, folders included, `?` one
 * character, `[a-z]` and `[!a-z]` a class, `{a,b}` alternatives, `\` the next character as it is. The whole path must
 * match. Returns undefined for a glob that is not well formed; it matches nothing.
 */
export const compilePathGlob = (glob: string): ((path: string) => boolean) | undefined => {
  const pattern = globPattern(glob);
  if (pattern === undefined) return undefined;
  const expression = new RegExp(`^(?:${pattern})$`, 'su');
  return (path) => expression.test(path);
};

const globPattern = (glob: string): string | undefined => {
  let pattern = '';
  let depth = 0;
  for (let at = 0; at < glob.length; at++) {
    const character = glob.charAt(at);
    if (character === '*') {
      while (glob[at + 1] === '*') at++;
      pattern += '.*';
    } else if (character === '?') pattern += '.';
    else if (character === '{') {
      depth += 1;
      pattern += '(?:';
    } else if (character === '}' && depth > 0) {
      depth -= 1;
      pattern += ')';
    } else if (character === ',' && depth > 0) pattern += '|';
    else if (character === '[') {
      const end = glob.indexOf(']', at + 2);
      if (end < 0) return undefined;
      pattern += characterClass(glob.slice(at + 1, end));
      at = end;
    } else if (character === '\\') {
      if (at + 1 >= glob.length) return undefined;
      at += 1;
      pattern += quote(glob.charAt(at));
    } else pattern += quote(character);
  }
  return depth === 0 ? pattern : undefined;
};

const characterClass = (body: string): string => {
  const negated = body.startsWith('!');
  const members = (negated ? body.slice(1) : body).replaceAll(/[\\\]^[]/g, String.raw`\$&`);
  return `[${negated ? '^' : ''}${members}]`;
};

const quote = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
