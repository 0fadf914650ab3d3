import { readJson, writeJson } from '../lossless-json.js';

/**
 * One step of a path in an object, in the text that `FieldsV1` uses: `f:name` for a field, `k:{"name":"a"}` for the
 * element of a list with those keys, `v:"a"` for an element of a set, `i:0` for a position.
 */
export type PathElement = string;

export const fieldElement = (name: string): PathElement => `f:${name}`;

export const keyElement = (keys: Readonly<Record<string, unknown>>): PathElement => {
  const sorted = Object.keys(keys).sort();
  return `k:{${sorted.map((key) => `${JSON.stringify(key)}:${writeJson(keys[key])}`).join(',')}}`;
};

export const valueElement = (value: unknown): PathElement => `v:${writeJson(value)}`;

const KIND_ORDER = 'fkvi';

const rankOfValue = (value: unknown): number => {
  if (typeof value === 'number' || typeof value === 'bigint') return 0;
  if (typeof value === 'string') return 1;
  if (typeof value === 'boolean') return 2;
  return value === null ? 5 : Array.isArray(value) ? 3 : 4;
};

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const compareScalars = (a: unknown, b: unknown): number => {
  const byRank = rankOfValue(a) - rankOfValue(b);
  if (byRank !== 0) return byRank;
  if (byRank === 0 && rankOfValue(a) === 0) return (a as number) < (b as number) ? -1 : Number(a !== b);
  return compareText(typeof a === 'string' ? a : writeJson(a), typeof b === 'string' ? b : writeJson(b));
};

const compareKeys = (a: string, b: string): number => {
  const left = Object.entries(readJson(a) as Record<string, unknown>);
  const right = Object.entries(readJson(b) as Record<string, unknown>);
  for (const [index, [name, value]] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compareText(name, other[0]) || compareScalars(value, other[1]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
};

/** The order in which Kubernetes writes path elements. */
export const comparePathElements = (a: PathElement, b: PathElement): number => {
  const byKind = KIND_ORDER.indexOf(a.charAt(0)) - KIND_ORDER.indexOf(b.charAt(0));
  if (byKind !== 0) return byKind;
  const [left, right] = [a.slice(2), b.slice(2)];
  switch (a.charAt(0)) {
    case 'k':
      return compareKeys(left, right);
    case 'v':
      return compareScalars(readJson(left), readJson(right));
    case 'i':
      return Number(left) - Number(right);
    default:
      return compareText(left, right);
  }
};

/** The element as messages show it: `.spec`, `[name="a"]`, `[="b"]`, `[0]`. */
export const showPathElement = (element: PathElement): string => {
  const text = element.slice(2);
  switch (element.charAt(0)) {
    case 'f':
      return `.${text}`;
    case 'k': {
      const keys = Object.entries(readJson(text) as Record<string, unknown>);
      return `[${keys.map(([name, value]) => `${name}=${writeJson(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${text}]`;
    default:
      return `[${text}]`;
  }
};

/** True for a text that `FieldsV1` may hold as a key, other than `.`. */
export const isPathElement = (text: string): boolean => {
  if (text.startsWith('f:')) return true;
  if (text.startsWith('i:')) return /^i:-?\d+$/.test(text);
  if (!text.startsWith('k:') && !text.startsWith('v:')) return false;
  try {
    const value: unknown = JSON.parse(text.slice(2));
    return text.startsWith('v:') || (typeof value === 'object' && value !== null && !Array.isArray(value));
  } catch {
    return false;
  }
};

/** The same element in the one spelling that sets compare by. */
export const normalPathElement = (element: PathElement): PathElement => {
  if (element.startsWith('k:')) return keyElement(readJson(element.slice(2)) as Record<string, unknown>);
  return element.startsWith('v:') ? valueElement(readJson(element.slice(2))) : element;
};
