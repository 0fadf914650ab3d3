import { Lexer, Parser } from 'yaml';

/** Deeper YAML is refused: reading it recurses, and no object is that deep. */
const LIMIT = 200;

/**
 * True when a text nests deeper than the limit. Follows the tokens of the text, which are found without recursion, and
 * stops at the first that is too deep; counting brackets would not do, as they may stand in strings.
 */
export const nestsTooDeep = (text: string): boolean => {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    // Documents that are complete come out here; only how deep they are on the way matters.
    Array.from(parser.next(lexeme));
    if (parser.stack.length > LIMIT) return true;
  }
  return false;
};
