/**
 * Replaces `$(NAME)` by the value of the variable. `$$` is a literal `$`; a reference to an unknown variable stays as
 * it is written. As Kubernetes does for env, command and args.
 */
export const expandReferences = (text: string, lookup: (name: string) => string | undefined): string => {
  let result = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    const next = text.charAt(index + 1);
    if (character !== '$' || next === '') {
      result += character;
    } else if (next === '$') {
      result += '$';
      index += 1;
    } else if (next === '(' && text.includes(')', index + 2)) {
      const end = text.indexOf(')', index + 2);
      const name = text.slice(index + 2, end);
      result += lookup(name) ?? `$(${name})`;
      index = end;
    } else {
      result += character;
    }
  }
  return result;
};
