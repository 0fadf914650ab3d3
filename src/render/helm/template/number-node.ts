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
    return { type: 'number', text, int: BigInt(code), uint: BigInt(code), float: code, isComplex: false, isRune: true };
  }
  if (type === 'complex' || text.endsWith('i')) return { type: 'number', text, isComplex: true, isRune: false };
  const integer = parseGoInteger(text);
  if (integer !== undefined && integer >= MIN_INT64 && integer <= MAX_UINT64) return integerNode(text, integer);
  const float = parseGoFloat(text);
  if (float === undefined) return `illegal number syntax: ${goQuote(text)}`;
  // A huge integer is no float by accident.
  if (!/[.eEpP]/.test(text)) return `integer overflow: ${goQuote(text)}`;
  return floatNode(text, float);
};

const integerNode = (text: string, integer: bigint): Number_ => ({
  type: 'number',
  text,
  float: Number(integer),
  isComplex: false,
  isRune: false,
  ...(integer <= MAX_INT64 ? { int: integer } : {}),
  ...(integer >= 0n ? { uint: integer } : {}),
});

const floatNode = (text: string, float: number): Number_ => {
  const node = { type: 'number' as const, text, float, isComplex: false, isRune: false };
  // A float without a fraction can be given where an integer is wanted.
  if (!Number.isInteger(float) || Math.abs(float) >= 2 ** 63) return node;
  return { ...node, int: BigInt(float), ...(float >= 0 ? { uint: BigInt(float) } : {}) };
};
