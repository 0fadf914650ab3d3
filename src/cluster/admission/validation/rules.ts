import { isRecord, jsonEquals } from '../../../objects/json.js';
import { percentOf } from '../../../objects/int-or-string.js';
import { dns1123Subdomain, outOfRange, type NameRule, validPercent } from '../../../objects/names.js';
import { duplicate, invalid, item, invalidEach, notSupported, required, type FieldError } from '../field-errors.js';

/** The small rules that validation of every kind is made of. Each returns the errors it finds. */
export const IMMUTABLE = 'field is immutable';

export const nonNegative = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : [];

export const positive = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && value <= 0 ? [invalid(field, value, 'must be greater than 0')] : [];

export const inRange = (field: string, value: number | undefined, low: number, high: number): FieldError[] =>
  value !== undefined && (value < low || value > high) ? [invalid(field, value, outOfRange(low, high))] : [];

export const port = (field: string, value: number | undefined): FieldError[] => inRange(field, value, 1, 65_535);

/** A string that must be there; `rule` says what it must look like. */
export const requiredText = (field: string, value: string | undefined, rule?: NameRule): FieldError[] => {
  if (value === undefined || value === '') return [required(field)];
  return rule === undefined ? [] : invalidEach(field, value, rule(value));
};

/** A string that may be absent. */
export const optionalText = (field: string, value: string | undefined, rule: NameRule): FieldError[] =>
  value === undefined || value === '' ? [] : invalidEach(field, value, rule(value));

export const oneOf = (field: string, value: string | undefined, supported: readonly string[]): FieldError[] =>
  value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];

export const requiredOneOf = (field: string, value: string | undefined, supported: readonly string[]): FieldError[] =>
  value === undefined || value === '' ? [required(field)] : oneOf(field, value, supported);

export const immutable = (field: string, value: unknown, old: unknown): FieldError[] =>
  jsonEquals(value ?? null, old ?? null) ? [] : [invalid(field, inOrder(value ?? null), IMMUTABLE)];

/** A map of texts as Go writes it: by its keys. */
const inOrder = (value: unknown): unknown =>
  isRecord(value) && Object.values(value).every((each) => typeof each === 'string')
    ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
    : value;

/** Errors of each element of a list, with the element's path. */
export const each = <T>(
  field: string,
  list: readonly T[] | undefined,
  validate: (element: T, path: string, index: number) => readonly FieldError[],
): FieldError[] => (list ?? []).flatMap((element, index) => validate(element, item(field, index), index));

/** A Duplicate for each element whose key another one before it has. */
export const unique = <T>(
  field: string,
  list: readonly T[] | undefined,
  keyOf: (element: T) => string | undefined,
  name = '',
): FieldError[] => {
  const seen = new Set<string>();
  return each(field, list, (element, path) => {
    const key = keyOf(element);
    if (key === undefined || key === '') return [];
    if (seen.has(key)) return [duplicate(name === '' ? path : `${path}.${name}`, key)];
    seen.add(key);
    return [];
  });
};

const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

/** `acme.io/foo`: a name that starts with the domain of who gave it. */
export const domainPrefixedPath = (field: string, value: string): FieldError[] => {
  if (value === '') return [required(field)];
  const [, host = '', path = ''] = /^([^/]*)\/(.*)$/s.exec(value) ?? [];
  if (host === '' || path === '') {
    return [invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = invalidEach(field, host, dns1123Subdomain(host));
  return new RegExp(`^${HTTP_PATH}$`).test(path)
    ? errors
    : [...errors, invalid(field, path, `Invalid path (regex used for validation is '${HTTP_PATH}')`)];
};

/** A number that is not negative, or a percentage. */
export const intOrPercent = (field: string, value: number | string | undefined): FieldError[] => {
  if (value === undefined) return [];
  if (typeof value === 'number') return nonNegative(field, value);
  const wrong = validPercent(value);
  if (wrong.length === 0) return [];
  return [
    invalid(
      field,
      value,
      `a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`,
    ),
  ];
};

/** An Invalid when a percentage is above 100. */
export const atMostWhole = (field: string, value: number | string | undefined): FieldError[] => {
  const percent = value === undefined ? undefined : percentOf(value);
  return percent !== undefined && percent > 100 ? [invalid(field, value, 'must not be greater than 100%')] : [];
};
