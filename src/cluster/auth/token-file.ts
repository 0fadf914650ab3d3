import { staticToken, type TokenCheck } from './authenticator.js';
import { AUTHENTICATED } from './user.js';

/** A file of tokens that cannot be read, with the line that is wrong. */
export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
}

const FIELD = /\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(?:,|$)/y;

/** The fields of one line of CSV; undefined when it is none. */
const fieldsOf = (line: string): string[] | undefined => {
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  for (;;) {
    const found = FIELD.exec(line);
    if (found === null) return undefined;
    fields.push(found[1]?.replaceAll('""', '"') ?? (found[2] ?? '').trim());
    if (FIELD.lastIndex === line.length) return line.endsWith(',') ? [...fields, ''] : fields;
  }
};

/**
 * Tokens and whose they are, in the form of the API server's `--token-auth-file`: `token,user,uid,"group1,group2"` a
 * line, the groups may be left out. Throws a TokenFileError.
 */
export const tokensOfFile = (text: string): readonly TokenCheck[] =>
  text.split('\n').flatMap((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const fields = fieldsOf(trimmed);
    if (fields === undefined || fields.length < 3) {
      throw new TokenFileError(`line ${index + 1} is not of the form token,user,uid,"group1,group2"`);
    }
    const [token = '', name = '', uid = '', groups = ''] = fields;
    if (token === '' || name === '') throw new TokenFileError(`line ${index + 1} has no token or no user`);
    const named = groups
      .split(',')
      .map((group) => group.trim())
      .filter((group) => group !== '');
    const user = { name, groups: [...new Set([...named, AUTHENTICATED])], ...(uid === '' ? {} : { uid }) };
    return [staticToken(token, user)];
  });
