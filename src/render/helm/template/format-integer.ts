import type { Flags } from './format.js';
import type { Integer } from './values.js';

const RADIX: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

const prefixOf = (verb: string, digits: string, flags: Flags): string => {
  if (verb === 'O') return flags.sharp && !digits.startsWith('0') ? '0o0' : '0o';
  if (!flags.sharp) return '';
  if (verb === 'b') return '0b';
  if (verb === 'o') return digits.startsWith('0') ? '' : '0';
  return verb === 'x' ? '0x' : verb === 'X' ? '0X' : '';
};

/** An integer under one of fmt's number verbs, padded. */
export const formatInteger = (value: Integer, verb: string, flags: Flags): string => {
  // Go's syntax of an unsigned integer.
  if (verb === 'v' && flags.sharpV && !value.isSigned)
    return formatInteger(value, 'x', { ...flags, sharp: true, sharpV: false });
  const isNegative = value.value < 0n;
  let digits = (isNegative ? -value.value : value.value).toString(RADIX[verb] ?? 10);
  if (verb === 'X') digits = digits.toUpperCase();
  const sign = isNegative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  const { width = 0, precision } = flags;
  if (precision !== undefined) {
    if (precision === 0 && value.value === 0n) return ' '.repeat(width);
    digits = digits.padStart(precision, '0');
  } else if (flags.zero && !flags.minus) {
    digits = digits.padStart(width - sign.length, '0');
  }
  const text = sign + prefixOf(verb, digits, flags) + digits;
  return flags.minus ? text.padEnd(width) : text.padStart(width);
};
