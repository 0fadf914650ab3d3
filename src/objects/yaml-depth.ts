import { Lexer, Parser } from 'yaml';

/** Deeper YAML is refused: reading it recurses, and no object is that deep. */
const LIMIT = 200;

/**
 * True when a text nests deeper than the limit, which must be asked before it is parsed: the parser recurses, and a stack
 * that overflows within V8's own code ends the whole process. Follows the tokens of the text, which are found without
 * recursion, and stops at the first that is too deep; texts that cannot be that deep are not followed.
 */
export const nestsTooDeep = (text: string, limit = LIMIT): boolean => {
  if (!mayNest(text, limit)) return false;
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    // Documents that are complete come out here; only how deep they are on the way matters.
    Array.from(parser.next(lexeme));
    if (parser.stack.length > limit) return true;
  }
  return false;
};

/** Every level of the parser's stack needs a bracket, a dash or a column of indentation of its own, or two of them. */
const mayNest = (text: string, limit: number): boolean => {
  const enough = Math.floor(limit / 4);
  let openers = 0;
  let column = 0;
  let inIndent = true;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === NEWLINE) {
      column = 0;
      inIndent = true;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      openers += 1;
      inIndent = false;
      if (openers > enough) return true;
    } else if (inIndent && (code === SPACE || code === DASH || code === QUESTION)) {
      column += 1;
      if (column > enough) return true;
    } else inIndent = false;
  }
  return false;
};

const NEWLINE = 10;
const SPACE = 32;
const DASH = 45;
const QUESTION = 63;
const OPEN_BRACKET = 91;
const OPEN_BRACE = 123;
