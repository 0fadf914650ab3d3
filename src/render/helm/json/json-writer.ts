import { compareStrings, isAscii, isValidUtf8 } from '../template/go-string.js';
import { shortestDigits } from '../template/numbers.js';
import { Integer, isNilSlice, sliceItems, Struct, TypedMap, typeName, type Value } from '../template/values.js';

/** encoding/json's refusal of a value. */
export class UnsupportedValue extends Error {
  override readonly name = 'UnsupportedValue';

  constructor(value: Value) {
    super(
      typeof value === 'number'
        ? `json: unsupported value: ${Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`
        : `json: unsupported type: ${typeName(value)}`,
    );
  }
}

export interface JsonOptions {
  /** encoding/json writes `<`, `>` and `&` as escapes unless told not to. */
  readonly escapeHtml: boolean;
  /** One level of indentation; none writes everything on one line. */
  readonly indent?: string;
}

/** How encoding/json writes a float64. */
export const jsonNumber = (value: number): string => {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e21)) {
    const { digits, point } = shortestDigits(value);
    const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
    return `${value < 0 ? '-' : ''}${mantissa}e${point > 0 ? '+' : '-'}${Math.abs(point - 1)}`;
  }
  return Object.is(value, -0) ? '-0' : decimalText(value);
};

/** JavaScript writes numbers in this range without an exponent, with the same digits. */
const decimalText = (value: number): string => String(value);

const PLAIN = /^[ !#-%'-;=?-[\]-~]*$/;
// oxlint-disable-next-line no-control-regex
const SPECIAL = /["\\\0-\x1f\u2028\u2029\ud800-\udfff]|[<>&]/gu;

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

export const jsonString = (text: string, escapeHtml: boolean): string => {
  if (PLAIN.test(text)) return `"${text}"`;
  const valid = isAscii(text) || isValidUtf8(text) ? text : text.replace(/[\udc80-\udcff]/gu, '\ufffd');
  const escaped = valid.replace(SPECIAL, (c) => {
    const short = SHORT[c];
    if (short !== undefined) return short;
    if (c === '<' || c === '>' || c === '&') return escapeHtml ? `\\u00${c.charCodeAt(0).toString(16)}` : c;
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
};

/** `json.Marshal` of a value. Throws UnsupportedValue. */
export const writeJson = (value: Value, options: JsonOptions): string => writeValue(value, options, '\n');

const writeValue = (value: Value, options: JsonOptions, newline: string): string => {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'string':
      return jsonString(value, options.escapeHtml);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isFinite(value)) throw new UnsupportedValue(value);
      return jsonNumber(value);
    default:
  }
  if (value instanceof Integer) return value.value.toString();
  if (value instanceof TypedMap && value.isNil) return 'null';
  if (value instanceof Map) return writeMap(value, options, newline);
  if (value instanceof Struct) return writeStruct(value, options, newline);
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`;
  const items = sliceItems(value) ?? [];
  if (items.length === 0 && isNilSlice(value)) return 'null';
  return wrap(
    '[',
    items.map((item) => writeValue(item, options, newline + (options.indent ?? ''))),
    ']',
    options,
    newline,
  );
};

const writeMap = (map: ReadonlyMap<string, Value>, options: JsonOptions, newline: string): string => {
  const keys = [...map.keys()].sort(compareStrings);
  return writePairs(
    keys.map((key) => [key, map.get(key)]),
    options,
    newline,
  );
};

const writePairs = (pairs: readonly (readonly [string, Value])[], options: JsonOptions, newline: string): string => {
  const colon = options.indent === undefined ? ':' : ': ';
  const inner = newline + (options.indent ?? '');
  const members = pairs.map(
    ([key, item]) => jsonString(key, options.escapeHtml) + colon + writeValue(item, options, inner),
  );
  return wrap('{', members, '}', options, newline);
};

const writeStruct = (value: Struct, options: JsonOptions, newline: string): string =>
  value.json === undefined
    ? writePairs([...value.fields], options, newline)
    : writeValue(value.json(), options, newline);

const wrap = (
  open: string,
  members: readonly string[],
  close: string,
  options: JsonOptions,
  newline: string,
): string => {
  if (members.length === 0) return open + close;
  if (options.indent === undefined) return open + members.join(',') + close;
  const inner = newline + options.indent;
  return open + inner + members.join(`,${inner}`) + newline + close;
};
