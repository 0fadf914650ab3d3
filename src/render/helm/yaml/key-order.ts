const LETTER = /\p{L}/u;
const DIGIT = /\p{Nd}/u;

const isLetter = (c: string): boolean => {
  const code = c.charCodeAt(0);
  if (code < 128) return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return LETTER.test(c);
};

const isDigit = (c: string): boolean => {
  const code = c.charCodeAt(0);
  return code < 128 ? code >= 48 && code <= 57 : DIGIT.test(c);
};

/** Sorts keys as go-yaml writes them: letters after everything else, digits by the number that they spell. */
export const sortKeys = (keys: readonly string[]): string[] => [...keys].sort((a, b) => (isLess(a, b) ? -1 : 1));

interface Run {
  readonly value: bigint;
  readonly end: number;
}

const numberAt = (text: readonly string[], from: number, start: bigint): Run => {
  let end = from;
  let value = start;
  for (let c = text[end]; c !== undefined && isDigit(c); c = text[end]) {
    value = BigInt.asIntN(64, value * 10n + BigInt((c.codePointAt(0) ?? 0) - 48));
    end += 1;
  }
  return { value, end };
};

/** Whether the digits before `at` have one that is not zero: then a zero here is part of a larger number. */
const followsNumber = (text: readonly string[], at: number): boolean => {
  for (let i = at - 1; i >= 0 && isDigit(text[i] as string); i--) if (text[i] !== '0') return true;
  return false;
};

const isLess = (a: string, b: string): boolean => {
  if (a === b) return false;
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  const [p, q] = [a.charCodeAt(at), b.charCodeAt(at)];
  // Keys that differ in a digit, or in something else than ASCII, need a closer look; one that goes on is the larger.
  if (Number.isNaN(p) || Number.isNaN(q)) return a.length < b.length;
  if (p >= 128 || q >= 128 || isDigitCode(p) || isDigitCode(q)) return isLessByNumbers(a, b);
  return isLetterCode(p) === isLetterCode(q) ? p < q : isLetterCode(q);
};

const isDigitCode = (code: number): boolean => code >= 48 && code <= 57;
const isLetterCode = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

const isLessByNumbers = (a: string, b: string): boolean => {
  const x = Array.from(a);
  const y = Array.from(b);
  for (let i = 0; i < x.length && i < y.length; i++) {
    const p = x[i] as string;
    const q = y[i] as string;
    if (p === q) continue;
    const pLetter = isLetter(p);
    const qLetter = isLetter(q);
    if (pLetter && qLetter) return (p.codePointAt(0) ?? 0) < (q.codePointAt(0) ?? 0);
    if (pLetter || qLetter) return qLetter;
    const start = (p === '0' || q === '0') && followsNumber(x, i) ? 1n : 0n;
    const m = numberAt(x, i, start);
    const n = numberAt(y, i, start);
    if (m.value !== n.value) return m.value < n.value;
    if (m.end !== n.end) return m.end < n.end;
    return (p.codePointAt(0) ?? 0) < (q.codePointAt(0) ?? 0);
  }
  return x.length < y.length;
};
