/** The 64 bits of a float: a fraction of 53 bits and the exponent of its last bit. */
const bitsOf = (value: number): { readonly fraction: bigint; readonly exponent: number } => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const low = bits & 0xfffffffffffffn;
  return biased === 0
    ? { fraction: low, exponent: -1074 }
    : { fraction: low | 0x10000000000000n, exponent: biased - 1075 };
};

const signOf = (value: number): string => (value < 0 || Object.is(value, -0) ? '-' : '');

const special = (value: number): string => (Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf');

const exponentText = (exponent: number): string =>
  `p${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;

/** `strconv.FormatFloat(value, 'x', precision, 64)`: -1 is as many digits as there are. */
export const hexFloat = (value: number, precision: number): string => {
  if (!Number.isFinite(value)) return special(value);
  let { fraction, exponent } = bitsOf(value);
  if (fraction === 0n) {
    return `${signOf(value)}0x0${precision > 0 ? `.${'0'.repeat(precision)}` : ''}p+00`;
  }
  // One bit before the point, 15 hexadecimal digits behind it.
  const shift = 61 - fraction.toString(2).length;
  fraction <<= BigInt(shift);
  exponent += 60 - shift;
  if (precision >= 0 && precision < 15) {
    const dropped = BigInt(4 * (15 - precision));
    const half = 1n << (dropped - 1n);
    const rest = fraction & ((1n << dropped) - 1n);
    fraction >>= dropped;
    if (rest > half || (rest === half && (fraction & 1n) === 1n)) fraction += 1n;
    fraction <<= dropped;
    if (fraction >> 61n !== 0n) {
      fraction >>= 1n;
      exponent += 1;
    }
  }
  const digits = fraction.toString(16);
  const behind =
    precision < 0 ? digits.slice(1).replace(/0+$/, '') : digits.slice(1).padEnd(precision, '0').slice(0, precision);
  return `${signOf(value)}0x${digits.slice(0, 1)}${behind === '' ? '' : `.${behind}`}${exponentText(exponent)}`;
};

/** `strconv.FormatFloat(value, 'b', -1, 64)`. */
export const binaryFloat = (value: number): string => {
  if (!Number.isFinite(value)) return special(value);
  const { fraction, exponent } = bitsOf(value);
  return `${signOf(value)}${fraction}p${exponent < 0 ? '' : '+'}${exponent}`;
};
