import { runes } from '../template/go-string.js';

/** unicode.IsSpace of a character. */
export const isGoSpace = (c: string): boolean =>
  /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/.test(c);

const isUpper = (c: string): boolean => /^\p{Lu}/u.test(c);
const isLower = (c: string): boolean => /^\p{Ll}/u.test(c);
const isConnector = (c: string): boolean => c === '-' || c === '_' || isGoSpace(c);
const isPunctuation = (c: string): boolean => /^\p{P}/u.test(c);
const isNumber = (c: string): boolean => /^\p{N}/u.test(c);
/** xstrings: what has an upper or lower case. */
const isAlphabet = (c: string): boolean => /^\p{L}/u.test(c) && (c.toUpperCase() !== c || c.toLowerCase() !== c);

export const swapCase = (text: string): string =>
  runes(text)
    .map((c) => (isUpper(c) ? c.toLowerCase() : isLower(c) ? c.toUpperCase() : c))
    .join('');

/** xstrings.ToPascalCase: `some_words` gives `SomeWords`. */
export const camelCase = (text: string): string => {
  const all = runes(text);
  let out = '';
  let at = 0;
  while (at < all.length && isConnector(all[at] as string)) {
    out += all[at];
    at += 1;
  }
  const first = all[at];
  if (first === undefined) return out + (all.at(-1) ?? '');
  let isUpperRun = isUpper(first);
  let current = first.toUpperCase();
  for (at += 1; at < all.length; at++) {
    const previous = current;
    current = all[at] as string;
    if (isConnector(current) && isConnector(previous)) {
      out += previous;
    } else if (isConnector(previous)) {
      isUpperRun = isUpper(current);
      current = current.toUpperCase();
    } else {
      if (isUpperRun && isUpper(current)) current = current.toLowerCase();
      else isUpperRun = false;
      out += previous;
    }
  }
  return out + current;
};

type WordKind = 'none' | 'number' | 'upper' | 'alphabet' | 'connector' | 'punctuation' | 'other';

interface Word {
  readonly kind: WordKind;
  readonly text: readonly string[];
}

const NONE: Word = { kind: 'none', text: [] };

/** Reads words off a text, one after the other. */
class Words {
  private at = 0;

  constructor(private readonly all: readonly string[]) {}

  get isAtEnd(): boolean {
    return this.at >= this.all.length;
  }

  next(): Word {
    const start = this.at;
    const first = this.all[start];
    if (first === undefined) return NONE;
    this.at += 1;
    const kind = this.read(first);
    return { kind, text: this.all.slice(start, this.at) };
  }

  private while(test: (c: string) => boolean): void {
    for (let c = this.all[this.at]; c !== undefined && test(c); c = this.all[this.at]) this.at += 1;
  }

  private read(first: string): WordKind {
    const isSmall = (c: string): boolean => isAlphabet(c) && !isUpper(c);
    if (isConnector(first)) {
      this.while(isConnector);
      return 'connector';
    }
    if (isPunctuation(first)) {
      this.while(isPunctuation);
      return 'punctuation';
    }
    if (isUpper(first)) {
      const next = this.all[this.at];
      if (next !== undefined && isUpper(next)) {
        this.while(isUpper);
        const after = this.all[this.at];
        // The last capital begins the next word: HTTPServer is HTTP and Server.
        if (after !== undefined && isAlphabet(after)) this.at -= 1;
      } else {
        this.while(isSmall);
      }
      return 'upper';
    }
    if (isAlphabet(first)) {
      this.while(isSmall);
      return 'alphabet';
    }
    if (isNumber(first)) {
      this.while(isNumber);
      return 'number';
    }
    this.while((c) => !isConnector(c) && !isAlphabet(c) && !isNumber(c) && !isPunctuation(c));
    return 'other';
  }
}

const lowered = (word: Word, connector: string): string => {
  const text = word.text.join('');
  if (word.kind === 'connector') return connector.repeat(word.text.length);
  return word.kind === 'upper' || word.kind === 'alphabet' ? text.toLowerCase() : text;
};

const isWordLike = (word: Word): boolean => word.kind !== 'connector' && word.kind !== 'punctuation';

/** xstrings' snake and kebab case: words in lower case with a connector between them. */
export const wordsToLowerCase = (text: string, connector: string): string => {
  const words = new Words(runes(text));
  let out = '';
  let word = words.next();
  const takeRun = (): void => {
    while (word.kind === 'alphabet' || word.kind === 'number') {
      out += lowered(word, connector);
      word = words.next();
    }
    if (word.kind !== 'none' && isWordLike(word)) out += connector;
  };
  while (!words.isAtEnd) {
    const previous = word;
    if (previous.kind !== 'connector') out += lowered(previous, connector);
    word = words.next();
    if (previous.kind === 'number') {
      takeRun();
    } else if (previous.kind === 'connector') {
      out += lowered(previous, connector);
    } else if (previous.kind !== 'punctuation') {
      if (word.kind !== 'number') {
        if (isWordLike(word)) out += connector;
      } else if (!words.isAtEnd) {
        const number = word;
        word = words.next();
        if (word.kind === 'alphabet') {
          out += connector + lowered(number, connector);
          takeRun();
        } else {
          out += lowered(number, connector);
          if (isWordLike(word)) out += connector;
        }
      }
    }
  }
  return out + lowered(word, connector);
};
