import { qualifiedName } from '../names.js';
import {
  requirement,
  SelectorError,
  sortByKey,
  type LabelSelector,
  type Requirement,
  type SelectorOperator,
} from './label-selector.js';

interface Token {
  readonly kind: 'symbol' | 'word' | 'end';
  readonly text: string;
}

const SYMBOLS: ReadonlySet<string> = new Set(['(', ')', ',', '!', '=', '==', '!=', '>', '<']);
const SYMBOL_CHARACTERS = '=!(),><';
const END: Token = { kind: 'end', text: '' };

const OPERATORS: ReadonlyMap<string, SelectorOperator> = new Map<string, SelectorOperator>([
  ['in', 'in'],
  ['notin', 'notin'],
  ['=', '='],
  ['==', '=='],
  ['!=', '!='],
  ['>', 'gt'],
  ['<', 'lt'],
]);

const longestSymbol = (text: string, start: number): string => {
  const two = text.slice(start, start + 2);
  return two.length === 2 && SYMBOLS.has(two) ? two : text.slice(start, start + 1);
};

const tokenize = (text: string): Token[] => {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const character = text.charAt(position);
    if (' \t\r\n'.includes(character)) {
      position += 1;
    } else if (SYMBOL_CHARACTERS.includes(character)) {
      const symbol = longestSymbol(text, position);
      tokens.push({ kind: 'symbol', text: symbol });
      position += symbol.length;
    } else {
      const word = /^[^=!(),><\s]+/.exec(text.slice(position))?.[0] ?? character;
      tokens.push({ kind: 'word', text: word });
      position += word.length;
    }
  }
  return tokens;
};

/** Reads tokens one after the other. One instance reads one selector. */
class SelectorParser {
  private position = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const token = this.peek();
      if (token.kind === 'end') return requirements;
      if (token.kind !== 'word' && token.text !== '!') {
        throw new SelectorError(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.oneRequirement());
      const separator = this.next();
      if (separator.kind === 'end') return requirements;
      if (separator.text !== ',') {
        throw new SelectorError(`found '${separator.text}', expected: ',' or 'end of string'`);
      }
      const following = this.peek();
      if (following.kind !== 'word' && following.text !== '!') {
        throw new SelectorError(`found '${following.text}', expected: identifier after ','`);
      }
    }
  }

  private peek(): Token {
    return this.tokens[this.position] ?? END;
  }

  private next(): Token {
    const token = this.peek();
    this.position += 1;
    return token;
  }

  private oneRequirement(): Requirement {
    try {
      return this.readRequirement();
    } catch (error) {
      if (error instanceof SelectorError) throw new SelectorError(`unable to parse requirement: ${error.message}`);
      throw error;
    }
  }

  private readRequirement(): Requirement {
    const isNegated = this.peek().text === '!' && this.peek().kind === 'symbol';
    if (isNegated) this.next();
    const name = this.next();
    if (name.kind !== 'word') throw new SelectorError(`found '${name.text}', expected: identifier`);
    const wrong = qualifiedName(name.text);
    if (wrong.length > 0) {
      throw new SelectorError(`<nil>: Invalid value: ${JSON.stringify(name.text)}: ${wrong.join('; ')}`);
    }
    if (isNegated) return requirement(name.text, '!', []);
    const after = this.peek();
    if (after.kind === 'end' || after.text === ',') return requirement(name.text, 'exists', []);
    this.next();
    const operator = OPERATORS.get(after.text);
    if (operator === undefined) {
      throw new SelectorError(`found '${after.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
    const isSet = operator === 'in' || operator === 'notin';
    return requirement(name.text, operator, isSet ? this.setOfValues() : [this.exactValue()]);
  }

  private exactValue(): string {
    const token = this.peek();
    if (token.kind === 'end' || token.text === ',') return '';
    this.next();
    if (token.kind !== 'word') throw new SelectorError(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  private setOfValues(): string[] {
    const open = this.next();
    if (open.text !== '(') throw new SelectorError(`found '${open.text}' expected: '('`);
    const values = new Set<string>();
    let previous = '(';
    for (;;) {
      const token = this.next();
      if (token.kind === 'word') {
        if (previous !== '(' && previous !== ',') {
          throw new SelectorError(`found '${token.text}', expected: ',' or ')'`);
        }
        values.add(token.text);
        previous = 'word';
      } else if (token.text === ',' || token.text === ')') {
        if (previous === ',' || previous === '(') values.add('');
        if (token.text === ')') return [...values];
        previous = ',';
      } else {
        const expected = previous === 'word' ? "',' or ')'" : "',', ')' or identifier";
        throw new SelectorError(`found '${token.text}', expected: ${expected}`);
      }
    }
  }
}

/** Reads kubectl's syntax: `app=web,tier in (a, b),!legacy`. Throws a SelectorError in Kubernetes' words. */
export const parseLabelSelector = (text: string): LabelSelector =>
  sortByKey(new SelectorParser(tokenize(text)).parse());
