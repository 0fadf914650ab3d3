import type { Library } from '../environment.js';
import { pattern } from '../patterns.js';

const find = (text: string, expression: string): string => {
  const matcher = pattern(expression).matcher(text);
  return matcher.find() ? (matcher.group() ?? '') : '';
};

const findAll = (text: string, expression: string, limit = -1n): string[] => {
  const matcher = pattern(expression).matcher(text);
  const found: string[] = [];
  const most = limit < 0n ? Infinity : Number(limit);
  while (found.length < most && matcher.find()) found.push(matcher.group() ?? '');
  return found;
};

export const REGEX: Library = {
  find: { 'string_find_string string.(string) -> string': find },
  findAll: {
    'string_find_all_string string.(string) -> list(string)': (text: string, expression: string) =>
      findAll(text, expression),
    'string_find_all_string_int string.(string, int) -> list(string)': findAll,
  },
};
