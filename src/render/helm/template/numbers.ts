/** A Go number literal, as strconv reads it. */
const UNDERSCORE_OK =
  /^[+-]?(0[xX]_?[0-9a-fA-F]+(_[0-9a-fA-F]+)*|0[bB]_?[01]+(_[01]+)*|0[oO]?_?[0-7]+(_[0-7]+)*|[1-9][0-9]*(_[0-9]+)*|0)$/;
const DECIMAL_FLOAT = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const HEX_FLOAT = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/;
/** An underscore that does not stand between two digits; in hexadecimal numbers the prefix counts as one. */
const STRAY_UNDERSCORE = /(?<![0-9])_|_(?![0-9])/;
const STRAY_HEX_UNDERSCORE = /(?<![0-9a-f]|^[+-]?0x)_|_(?![0-9a-f])/i;

/** `strconv.ParseInt(text, 0, 64)` before the range check. */
export const parseGoInteger = (text: string): bigint | undefined => {
  if (!UNDERSCORE_OK.test(text)) return undefined;
  const negative = text.startsWith('-');
  let digits = text.replace(/^[+-]/, '').replaceAll('_', '');
  if (/^0[0-7]/.test(digits)) digits = `0o${digits.slice(1)}`;
  const value = BigInt(digits);
  return negative ? -value : value;
};

/** `strconv.ParseFloat(text, 64)`; undefined for wrong syntax or overflow. */
export const parseGoFloat = (text: string): number | undefined => {
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special !== null) {
    if (special[2]?.toLowerCase() === 'nan') return special[1] === '' ? Number.NaN : undefined;
    return special[1] === '-' ? -Infinity : Infinity;
  }
  if (text.includes('_')) {
    const stray = /^[+-]?0x/i.test(text) ? STRAY_HEX_UNDERSCORE : STRAY_UNDERSCORE;
    return stray.test(text) ? undefined : parseGoFloat(text.replaceAll('_', ''));
  }
  const hex = HEX_FLOAT.exec(text);
  if (hex !== null) {
    const [, sign, whole = '', fraction = '', exponent = '0'] = hex;
    if (whole === '' && fraction === '') return undefined;
    const value = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
    return sign === '-' ? -value : value;
  }
  if (!DECIMAL_FLOAT.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
};

/** The digits and decimal exponent of the shortest text that reads back as the number: 0.d1d2d3... x 10^point. */
export const shortestDigits = (value: number): { digits: string; point: number } => {
  if (value === 0) return { digits: '0', point: 1 };
  const [mantissa = '', exponent = '0'] = Math.abs(value).toExponential().split('e');
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
};

/** Exact decimal expansion of a finite number's magnitude: digits without leading zeros, and where the point is. */
const exactDigits = (value: number): { digits: string; point: number } => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n;
  const exponent = (biased === 0 ? 1 : biased) - 1075;
  if (mantissa === 0n) return { digits: '0', point: 1 };
  if (exponent >= 0) {
    const digits = (mantissa << BigInt(exponent)).toString();
    return { digits, point: digits.length };
  }
  // m / 2^k = m * 5^k / 10^k
  const digits = (mantissa * 5n ** BigInt(-exponent)).toString();
  return { digits, point: digits.length + exponent };
};

/** Rounds to `count` digits, half to even on the exact value. */
const roundDigits = (value: number, count: number): { digits: string; point: number } => {
  const exact = exactDigits(value);
  if (count < 0) return { digits: '', point: exact.point };
  if (exact.digits.length <= count) return exact;
  const kept = exact.digits.slice(0, count);
  const rest = exact.digits.slice(count);
  const isHalf = /^50*$/.test(rest);
  const isUp = isHalf ? Number(kept.at(-1) ?? '0') % 2 === 1 : (rest[0] ?? '0') >= '5';
  if (!isUp) return { digits: kept, point: exact.point };
  const raised = (BigInt(kept === '' ? '0' : kept) + 1n).toString().padStart(kept.length, '0');
  return raised.length > kept.length
    ? { digits: raised, point: exact.point + 1 }
    : { digits: raised, point: exact.point };
};

const exponentText = (exponent: number): string =>
  `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;

const asExponent = (digits: string, point: number, precision: number): string => {
  const wanted = digits.padEnd(precision + 1, '0').slice(0, precision + 1);
  const mantissa = precision > 0 ? `${wanted[0]}.${wanted.slice(1)}` : (wanted[0] ?? '0');
  return mantissa + exponentText(point - 1);
};

const asFixed = (digits: string, point: number, precision: number): string => {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (precision <= 0) return whole;
  const fraction = point >= 0 ? digits.slice(point) : '0'.repeat(-point) + digits;
  return `${whole}.${fraction.padEnd(precision, '0').slice(0, precision)}`;
};

/**
 * `strconv.FormatFloat(value, format, precision, 64)`; precision -1 is the shortest that reads back.
 * `shortestThreshold` is where %g turns to exponents when the shortest form is wanted (fmt uses 21 for `%#v`).
 */
export const formatFloat = (
  value: number,
  format: 'e' | 'f' | 'g',
  precision: number,
  shortestThreshold = 6,
): string => {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + formatMagnitude(Math.abs(value), format, precision, shortestThreshold);
};

const formatMagnitude = (value: number, format: 'e' | 'f' | 'g', precision: number, threshold: number): string => {
  const isShortest = precision < 0;
  if (format === 'e') {
    const { digits, point } = isShortest ? shortestDigits(value) : roundDigits(value, precision + 1);
    return asExponent(digits, value === 0 ? 1 : point, isShortest ? digits.length - 1 : precision);
  }
  if (format === 'f') {
    if (isShortest) {
      const { digits, point } = shortestDigits(value);
      return asFixed(digits, point, Math.max(digits.length - point, 0));
    }
    const exact = exactDigits(value);
    const { digits, point } = roundDigits(value, exact.point + precision);
    return asFixed(digits, point, precision);
  }
  const wanted = precision === 0 ? 1 : precision;
  const { digits: all, point } = isShortest ? shortestDigits(value) : roundDigits(value, wanted);
  const digits = isShortest ? all : all.replace(/0+$/, '');
  const count = Math.max(digits.length, 1);
  let limit = isShortest ? threshold : wanted;
  if (!isShortest && limit > count && count >= point) limit = count;
  const exponent = point - 1;
  if (exponent < -4 || exponent >= limit) return asExponent(digits === '' ? '0' : digits, point, count - 1);
  return asFixed(digits === '' ? '0' : digits, point, Math.max(count - point, 0));
};
