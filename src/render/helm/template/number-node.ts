import { Complex } from './complex.js';
import type { NumberNode } from './nodes.js';
import { parseGoFloat, parseGoInteger } from './numbers.js';
import { goQuote, unquoteChar } from './quote.js';

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;

type Number_ = Omit<NumberNode, 'pos' | 'source'>;

/** What a number token means under every Go type that can hold it; the error text when it is malformed. */
export const parseNumber = (text: string, type: 'charConstant' | 'complex' | 'number'): Number_ | string => {
  if (type === 'charConstant') {
    const code = unquoteChar(text);
    if (typeof code === 'string') return code;
    return { type: 'number', text, int: BigInt(code), uint: BigInt(code), float: code, isRune: true };
  }
  if (type === 'complex' || text.endsWith('i')) return complexNode(text) ?? `illegal number syntax: ${goQuote(text)}`;
  const integer = parseGoInteger(text);
  if (integer !== undefined && integer >= MIN_INT64 && integer <= MAX_UINT64) return integerNode(text, integer);
  const float = parseGoFloat(text);
  if (float === undefined) return `illegal number syntax: ${goQuote(text)}`;
  // A huge integer is no float by accident.
  if (!/[.eEpP]/.test(text)) return `integer overflow: ${goQuote(text)}`;
  return floatNode(text, float);
};

/** `2i` and `1+2i`. One without an imaginary part can be given where a float or an integer is wanted. */
const complexNode = (text: string): Number_ | undefined => {
  const sign = signWithin(text);
  const real = sign === 0 ? 0 : parseGoFloat(text.slice(0, sign));
  const imaginary = parseGoFloat(text.slice(sign, -1));
  if (real === undefined || imaginary === undefined) return undefined;
  const node = imaginary === 0 ? floatNode(text, real) : { type: 'number' as const, text, isRune: false };
  return { ...node, complex: new Complex(real, imaginary) };
};

/** Where the imaginary part begins: at a sign that is no part of an exponent. */
const signWithin = (text: string): number => {
  const exponent = /^[+-]?0[xX]/.test(text) ? /[pP]/ : /[eEpP]/;
  for (let at = 1; at < text.length; at++) {
    if (/[+-]/.test(text.charAt(at)) && !exponent.test(text.charAt(at - 1))) return at;
  }
  return 0;
};

const integerNode = (text: string, integer: bigint): Number_ => ({
  type: 'number',
  text,
  float: Number(integer),
  isRune: false,
  ...(integer <= MAX_INT64 ? { int: integer } : {}),
  ...(integer >= 0n ? { uint: integer } : {}),
});

const floatNode = (text: string, float: number): Number_ => {
  const node = { type: 'number' as const, text, float, isRune: false };
  // A float without a fraction can be given where an integer is wanted.
  if (!Number.isInteger(float) || Math.abs(float) >= 2 ** 63) return node;
  return { ...node, int: BigInt(float), ...(float >= 0 ? { uint: BigInt(float) } : {}) };
};
