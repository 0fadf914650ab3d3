import { matchesRe2, re2Problem } from '../functions/regex.js';

/** Patterns that mean the same to RE2 and to JavaScript and that neither takes long over. */
const SIMPLE =
  /^(?:[\^$A-Za-z0-9 _\-:/@,=!#%&~'"<>]|\\[d./\-_+*?()[\]{}|^$]|\[\^?(?:[A-Za-z0-9 _:/@,=+*.#-]|\\[d./-])+\]|[*+?]|\{\d{1,3}(?:,\d{0,3})?\}|\((?!\?)|\)(?![*+{])|\|)*$/;
const MAX_QUANTIFIERS = 4;
const MAX_TEXT = 2000;
const MAX_CACHED = 1000;

const compiled = new Map<string, RegExp | undefined>();

const simple = (pattern: string): RegExp | undefined => {
  if (compiled.has(pattern)) return compiled.get(pattern);
  if (compiled.size >= MAX_CACHED) compiled.clear();
  const isSimple = SIMPLE.test(pattern) && (pattern.match(/[*+{]/g) ?? []).length <= MAX_QUANTIFIERS;
  let made: RegExp | undefined;
  try {
    made = isSimple ? new RegExp(pattern, 'u') : undefined;
  } catch {
    made = undefined;
  }
  compiled.set(pattern, made);
  return made;
};

/** Whether a text matches a pattern in RE2's syntax. RE2 itself is loaded for the patterns that need it. */
export const matchesPattern = (pattern: string, text: string): boolean => {
  const known = text.length <= MAX_TEXT ? simple(pattern) : undefined;
  return known === undefined ? matchesRe2(pattern, text) : known.test(text);
};

/** What RE2 says against a pattern. */
export const patternProblem = (pattern: string): string | undefined =>
  simple(pattern) === undefined ? re2Problem(pattern) : undefined;
