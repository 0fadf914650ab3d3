/**
 * How plain scalars get their types. `manifests` is what Kubernetes' own tools do with YAML before they send it (YAML
 * 1.1 booleans, dates stay strings); `overlays` is what Kustomize does (`yes` and `on` stay strings, dates are dates).
 * Both know octal numbers with a leading zero, `0x`, `0b` and `_` between digits.
 */
export type ScalarRules = 'manifests' | 'overlays';

export type ScalarTag = '!!null' | '!!bool' | '!!int' | '!!float' | '!!timestamp' | '!!str' | '!!merge';

export interface ResolvedScalar {
  readonly tag: ScalarTag;
  /** A bigint where a number would lose digits; a timestamp keeps its text. */
  readonly value: string | number | bigint | boolean | null;
}

const WORDS = new Map<string, ResolvedScalar>();
const words = (tag: ScalarTag, value: ResolvedScalar['value'], ...texts: string[]): void => {
  for (const text of texts) WORDS.set(text, { tag, value });
};
words('!!bool', true, 'true', 'True', 'TRUE');
words('!!bool', false, 'false', 'False', 'FALSE');
words('!!null', null, '', '~', 'null', 'Null', 'NULL');
words('!!float', Number.NaN, '.nan', '.NaN', '.NAN');
words('!!float', Number.POSITIVE_INFINITY, '.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF');
words('!!float', Number.NEGATIVE_INFINITY, '-.inf', '-.Inf', '-.INF');
words('!!merge', '<<', '<<');

const OLD_BOOLEANS = new Map<string, ResolvedScalar>();
for (const text of ['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON']) {
  OLD_BOOLEANS.set(text, { tag: '!!bool', value: true });
}
for (const text of ['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF']) {
  OLD_BOOLEANS.set(text, { tag: '!!bool', value: false });
}

/** Longest word in the tables above; most plain scalars are longer and skip them. */
const LONGEST_WORD = 5;

/** The type and value of a plain (unquoted, untagged) scalar. */
export const resolvePlainScalar = (text: string, rules: ScalarRules): ResolvedScalar => {
  if (text.length <= LONGEST_WORD) {
    const word = WORDS.get(text) ?? (rules === 'manifests' ? OLD_BOOLEANS.get(text) : undefined);
    if (word !== undefined) return word;
  }
  const first = text.charCodeAt(0);
  if (isDigit(first) || first === PLUS || first === MINUS) return resolveNumber(text) ?? { tag: '!!str', value: text };
  if (first === DOT && /^\.\d+([eE][-+]?\d+)?$/.test(text)) return { tag: '!!float', value: Number(text) };
  return { tag: '!!str', value: text };
};

const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
const INTEGER = /^([-+]?)(?:0[xX]([\da-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/;

const resolveNumber = (text: string): ResolvedScalar | undefined => {
  if (isTimestamp(text)) return { tag: '!!timestamp', value: text };
  const digits = text.includes('_') ? text.replaceAll('_', '') : text;
  const integer = INTEGER.exec(digits);
  if (integer !== null) {
    const value = integerValue(integer);
    if (value !== undefined) return { tag: '!!int', value };
  }
  if (!FLOAT.test(digits)) return undefined;
  const value = Number(digits);
  return Number.isFinite(value) ? { tag: '!!float', value } : undefined;
};

const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);

const integerValue = ([, sign, hex, binary, octal, decimal]: RegExpExecArray): number | bigint | undefined => {
  const magnitude =
    decimal !== undefined
      ? decimal
      : hex !== undefined
        ? `0x${hex}`
        : binary !== undefined
          ? `0b${binary}`
          : `0o${octal ?? ''}`;
  const small = Number(magnitude);
  if (Number.isSafeInteger(small)) return sign === '-' && small !== 0 ? -small : small;
  const large = sign === '-' ? -BigInt(magnitude) : BigInt(magnitude);
  return large <= MAX_UINT64 && large >= MIN_INT64 && !(sign === '+' && large >= 2n ** 63n) ? large : undefined;
};

const TIMESTAMP =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[-+]\d{2}:\d{2}))| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?)?$/;

/** `2024-01-31`, `2024-01-31T10:00:00Z`, `2024-01-31 10:00:00`: a real date, not just the shape of one. */
export const isTimestamp = (text: string): boolean => {
  if (text.charCodeAt(4) !== MINUS) return false;
  const match = TIMESTAMP.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [match[4] ?? match[7], match[5] ?? match[8], match[6] ?? match[9]].map(Number);
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate())
    return false;
  return !((hour ?? 0) > 23 || (minute ?? 0) > 59 || (second ?? 0) > 59);
};
