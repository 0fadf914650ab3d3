import { goJson } from '../../objects/go-json.js';
import { writeJson } from '../../objects/lossless-json.js';

/** Reasons of causes in the details of an `Invalid` status. */
export type FieldReason =
  | 'FieldValueInvalid'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueNotFound'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

/** One thing that is wrong with one field, worded as Kubernetes words it. `message` is the part after the path. */
export interface FieldError {
  readonly reason: FieldReason;
  /** `spec.containers[0].name` */
  readonly field: string;
  readonly message: string;
}

/** A value as messages show it: strings quoted, numbers and booleans plain, anything else as JSON. */
const showValue = (value: unknown): string => {
  if (value === undefined) return 'null';
  if (typeof value === 'string') return goQuote(value);
  return typeof value === 'object' ? goJson(value) : writeJson(value);
};

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': '\\\\',
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\t': String.raw`\t`,
  '\n': String.raw`\n`,
  '\u000b': String.raw`\v`,
  '\f': String.raw`\f`,
  '\r': String.raw`\r`,
};

/** A character that is not shown as it is. */
const escapedRune = (character: string): string => {
  const named = NAMED_ESCAPES[character];
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return String.raw`\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff
    ? String.raw`\U${code.toString(16).padStart(8, '0')}`
    : String.raw`\u${code.toString(16).padStart(4, '0')}`;
};

/** A string in Go's quotes. */
export const goQuote = (text: string): string =>
  `"${text.replaceAll(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, escapedRune)}"`;

const withDetail = (text: string, detail: string): string => (detail === '' ? text : `${text}: ${detail}`);

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: withDetail(`Invalid value: ${showValue(value)}`, detail),
});

export const required = (field: string, detail = ''): FieldError => ({
  reason: 'FieldValueRequired',
  field,
  message: withDetail('Required value', detail),
});

export const duplicate = (field: string, value: unknown): FieldError => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${showValue(value)}`,
});

/** Values are listed as they are given: most rules of Kubernetes sort them, some have an order of their own. */
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  reason: 'FieldValueNotSupported',
  field,
  message: withDetail(
    `Unsupported value: ${showValue(value)}`,
    supported.length === 0 ? '' : `supported values: ${supported.map(goQuote).join(', ')}`,
  ),
});

export const forbidden = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueForbidden',
  field,
  message: withDetail('Forbidden', detail),
});

export const tooLong = (field: string, limit: number): FieldError => ({
  reason: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${limit} bytes`,
});

export const tooMany = (field: string, actual: number, limit: number): FieldError => ({
  reason: 'FieldValueTooMany',
  field,
  message: `Too many: ${actual}: must have at most ${limit} ${limit === 1 ? 'item' : 'items'}`,
});

export const notFound = (field: string, value: unknown): FieldError => ({
  reason: 'FieldValueNotFound',
  field,
  message: `Not found: ${showValue(value)}`,
});

export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  reason: 'FieldValueTypeInvalid',
  field,
  message: withDetail(`Invalid value: ${showValue(value)}`, detail),
});

/** A wrong value that the message does not show. */
export const invalidUnshown = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${detail}`,
});

/** The errors of a rule that gives messages, all for one field and value. */
export const invalidEach = (field: string, value: unknown, messages: readonly string[]): FieldError[] =>
  messages.map((message) => invalid(field, value, message));

/** `spec.selector` in `a`, `a.b` and `a[0]`. */
export const child = (parent: string, name: string): string => (parent === '' ? name : `${parent}.${name}`);
export const item = (parent: string, index: number): string => `${parent}[${index}]`;
export const keyed = (parent: string, key: string): string => `${parent}[${key}]`;
