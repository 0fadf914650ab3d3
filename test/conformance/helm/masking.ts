/**
 * Compares outputs of which some values are random. Only what differs between runs of helm itself is left out of the
 * comparison: single words, and within base64 the words of the decoded text.
 */

/** A word is what a random value can be: letters, digits and the characters of base64. */
const WORDS = /[A-Za-z0-9+/=]+|[^A-Za-z0-9+/=]+/g;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const PEM = /-----BEGIN ([A-Z ]+)-----(?:[A-Za-z0-9+/=\s]|\\n)+-----END \1-----/g;

const decoded = (word: string): string | undefined => {
  if (word.length < 8 || !BASE64.test(word)) return undefined;
  const bytes = Buffer.from(word, 'base64');
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : undefined;
};

/** One position of the text: the words that the runs of helm have there, and ours. */
const isEqualWord = (runs: readonly string[], ours: string): boolean => {
  if (runs.includes(ours)) return true;
  if (runs.every((word) => word === runs[0])) return false;
  const inner = [...runs, ours].map(decoded);
  const texts = inner.filter((text) => text !== undefined);
  const isReadable = texts.length === inner.length && texts.every((text) => /\n| /.test(text));
  return isReadable ? areEqualMasked(texts.slice(0, -1), texts.at(-1) ?? '') : true;
};

const isEqualLine = (runs: readonly string[], ours: string): boolean => {
  if (runs.every((line) => line === ours)) return true;
  if (runs.every((line) => line === runs[0])) return false;
  const words = runs.map((line) => line.match(WORDS) ?? []);
  const own = ours.match(WORDS) ?? [];
  // Random values of several words: there is nothing to hold on to.
  if (words.some((each) => each.length !== words[0]?.length)) return true;
  return (
    own.length === words[0]?.length &&
    own.every((word, i) =>
      isEqualWord(
        words.map((each) => each[i] ?? ''),
        word,
      ),
    )
  );
};

/** Keys and certificates that not every run of helm has are not always of the same length. */
const withoutRandomBlocks = (texts: readonly string[]): string[] => {
  const [first = '', ...rest] = texts;
  const common = new Set((first.match(PEM) ?? []).filter((block) => rest.every((text) => text.includes(block))));
  return texts.map((text) =>
    text.replaceAll(PEM, (block, name: string) => (common.has(block) ? block : `PEM ${name}`)),
  );
};

/** Whether our output is that of helm but for the values in which runs of helm differ from each other. */
export const areEqualMasked = (runs: readonly string[], ours: string): boolean => {
  const texts = withoutRandomBlocks([...runs, ours]).map((text) => text.split('\n'));
  const own = texts.pop() ?? [];
  return (
    texts.every((lines) => lines.length === own.length) &&
    own.every((line, i) =>
      isEqualLine(
        texts.map((lines) => lines[i] ?? ''),
        line,
      ),
    )
  );
};
