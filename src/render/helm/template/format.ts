import { Complex, complexText } from './complex.js';
import { limitError } from './errors.js';
import { formatInteger } from './format-integer.js';
import { byteLength, fromBytes, isAscii, runes, toBytes } from './go-string.js';
import { binaryFloat, hexFloat } from './float-formats.js';
import { formatFloat } from './numbers.js';
import { sprintValue } from './print.js';
import { goQuote, goQuoteRune, isPrintable } from './quote.js';
import { Integer, isNilSlice, sliceItems, Struct, typeName, TypedMap, type Value } from './values.js';
import { compareStrings } from './go-string.js';

const MAX_WIDTH = 1_000_000;

export interface Flags {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** `%+v`: names of fields. */
  plusV: boolean;
  /** `%#v`: Go's syntax. */
  sharpV: boolean;
  width: number | undefined;
  precision: number | undefined;
}

/** `fmt.Sprint`: a space between two operands when neither is a string. */
export const sprint = (values: readonly Value[]): string => {
  let out = '';
  values.forEach((value, i) => {
    if (i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string') out += ' ';
    out += sprintValue(value);
  });
  return out;
};

export const sprintln = (values: readonly Value[]): string => `${values.map(sprintValue).join(' ')}\n`;

/** `fmt.Sprintf`. */
export const format = (text: string, values: readonly Value[]): string => new Formatter(text, values).run();

class Formatter {
  private out = '';
  private at = 0;
  private next = 0;
  private isReordered = false;
  private isGoodIndex = true;

  constructor(
    private readonly text: string,
    private readonly values: readonly Value[],
  ) {}

  run(): string {
    for (;;) {
      const percent = this.text.indexOf('%', this.at);
      if (percent < 0) break;
      this.out += this.text.slice(this.at, percent);
      this.at = percent + 1;
      this.verb();
    }
    this.out += this.text.slice(this.at);
    if (!this.isReordered && this.next < this.values.length) {
      const extra = this.values.slice(this.next).map((value) => {
        const isNil = value === null || value === undefined;
        return isNil ? '<nil>' : `${typeName(value)}=${sprintValue(value)}`;
      });
      this.out += `%!(EXTRA ${extra.join(', ')})`;
    }
    return this.out;
  }

  private verb(): void {
    const flags = this.readFlags();
    this.isGoodIndex = true;
    let afterIndex = this.readIndex();
    if (this.text[this.at] === '*') {
      this.at += 1;
      this.starWidth(flags);
      afterIndex = false;
    } else {
      flags.width = this.readNumber();
      if (afterIndex && flags.width !== undefined) this.isGoodIndex = false;
    }
    afterIndex = this.readPrecision(flags, afterIndex);
    if (!afterIndex) this.readIndex();
    const code = this.text.codePointAt(this.at);
    if (code === undefined) {
      this.out += '%!(NOVERB)';
      return;
    }
    const verb = String.fromCodePoint(code);
    this.at += verb.length;
    this.print(verb, flags);
  }

  private print(verb: string, flags: Flags): void {
    if (verb === '%') {
      this.out += '%';
    } else if (!this.isGoodIndex) {
      this.out += `%!${verb}(BADINDEX)`;
    } else if (this.next >= this.values.length) {
      this.out += `%!${verb}(MISSING)`;
    } else {
      const value = this.values[this.next];
      this.next += 1;
      this.out += formatValue(value, verb, verb === 'v' || verb === 'w' ? forDefaultVerb(flags) : flags);
    }
  }

  private readFlags(): Flags {
    const flags: Flags = {
      minus: false,
      plus: false,
      sharp: false,
      space: false,
      zero: false,
      plusV: false,
      sharpV: false,
      width: undefined,
      precision: undefined,
    };
    for (; ; this.at += 1) {
      const c = this.text[this.at];
      if (c === '#') flags.sharp = true;
      else if (c === '0') flags.zero = true;
      else if (c === '+') flags.plus = true;
      else if (c === '-') flags.minus = true;
      else if (c === ' ') flags.space = true;
      else break;
    }
    return flags;
  }

  private readNumber(): number | undefined {
    const match = /^[0-9]+/.exec(this.text.slice(this.at, this.at + 12));
    if (match === null) return undefined;
    const number = Number(match[0]);
    // fmt gives up reading the text there.
    this.at = number > MAX_WIDTH ? this.text.length : this.at + match[0].length;
    return number > MAX_WIDTH ? undefined : number;
  }

  /** `[n]` names the operand. */
  private readIndex(): boolean {
    if (this.text[this.at] !== '[') return false;
    this.isReordered = true;
    const close = this.text.indexOf(']', this.at);
    if (close < 0) {
      this.isGoodIndex = false;
      this.at += 1;
      return false;
    }
    const number = Number(this.text.slice(this.at + 1, close));
    this.at = close + 1;
    if (Number.isInteger(number) && number >= 1 && number <= this.values.length) {
      this.next = number - 1;
      return true;
    }
    this.isGoodIndex = false;
    return true;
  }

  private intOperand(): number | undefined {
    const value = this.values[this.next];
    if (this.next >= this.values.length) return undefined;
    this.next += 1;
    if (!(value instanceof Integer)) return undefined;
    const number = value.toNumber();
    return Math.abs(number) > MAX_WIDTH ? undefined : number;
  }

  private starWidth(flags: Flags): void {
    const width = this.intOperand();
    if (width === undefined) {
      this.out += '%!(BADWIDTH)';
      return;
    }
    flags.width = Math.abs(width);
    if (width < 0) {
      flags.minus = true;
      flags.zero = false;
    }
  }

  private readPrecision(flags: Flags, afterIndex: boolean): boolean {
    if (this.text[this.at] !== '.' || this.at + 1 >= this.text.length) return afterIndex;
    this.at += 1;
    if (afterIndex) this.isGoodIndex = false;
    const indexed = this.readIndex();
    if (this.text[this.at] !== '*') {
      flags.precision = this.readNumber() ?? 0;
      return indexed;
    }
    this.at += 1;
    const precision = this.intOperand();
    if (precision === undefined) this.out += '%!(BADPREC)';
    else if (precision >= 0) flags.precision = precision;
    return false;
  }
}

/** With %v, and %w that goes with errors, the signs mean something else. */
const forDefaultVerb = (flags: Flags): Flags => ({
  ...flags,
  plus: false,
  sharp: false,
  plusV: flags.plus,
  sharpV: flags.sharp,
});

/** Zeros instead of spaces stand on the left only. */
const pad = (text: string, flags: Flags, zero = flags.zero): string => {
  if (flags.width === undefined) return text;
  if (flags.width > MAX_WIDTH) throw limitError(`a width of more than ${MAX_WIDTH}`);
  const missing = flags.width - (isAscii(text) ? text.length : runes(text).length);
  if (missing <= 0) return text;
  if (flags.minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
};

const truncated = (text: string, { precision }: Flags): string =>
  precision === undefined ? text : runes(text).slice(0, precision).join('');

/** The value under %v, with the flags of the verb that does not fit it. */
const badVerb = (value: Value, verb: string, flags: Flags): string =>
  value === null || value === undefined
    ? `%!${verb}(<nil>)`
    : `%!${verb}(${typeName(value)}=${formatValue(value, 'v', flags)})`;

const formatValue = (value: Value, verb: string, flags: Flags): string => {
  if (value === null || value === undefined) {
    return verb === 'T' || verb === 'v' ? pad('<nil>', flags) : badVerb(value, verb, flags);
  }
  if (verb === 'T') return pad(truncated(typeName(value), flags), flags);
  if (verb === 'p' || (verb === 'w' && !(value instanceof Uint8Array))) return badVerb(value, verb, flags);
  switch (typeof value) {
    case 'boolean':
      return verb === 't' || verb === 'v' ? pad(String(value), flags) : badVerb(value, verb, flags);
    case 'number':
      return formatNumber(value, verb, flags) ?? badVerb(value, verb, flags);
    case 'string':
      return formatString(value, verb, flags) ?? badVerb(value, verb, flags);
    default:
  }
  if (value instanceof Integer) return formatWhole(value, verb, flags) ?? badVerb(value, verb, flags);
  if (value instanceof Complex) return formatComplex(value, verb, flags);
  return formatComposite(value, verb, flags);
};

const formatComplex = (value: Complex, verb: string, flags: Flags): string =>
  'vbgGxXfFeE'.includes(verb)
    ? complexText(value, (part, isSigned) => formatNumber(part, verb, { ...flags, plus: flags.plus || isSigned }) ?? '')
    : badVerb(value, verb, flags);

/** A value in an `interface {}` of a map, a slice or a struct. */
const formatElement = (value: Value, verb: string, flags: Flags): string => {
  if (value === null || value === undefined) return flags.sharpV ? 'interface {}(nil)' : '<nil>';
  const text = formatValue(value, verb, flags);
  return value instanceof Uint8Array ? text.replace(/^\[\]byte\{/, '[]uint8{') : text;
};

const formatWhole = (value: Integer, verb: string, flags: Flags): string | undefined => {
  switch (verb) {
    case 'v':
      return formatInteger(value, 'v', flags);
    case 'd':
    case 'b':
    case 'o':
    case 'O':
    case 'x':
    case 'X':
      return formatInteger(value, verb, flags);
    case 'c':
      return pad(String.fromCodePoint(validCode(value)), flags);
    case 'q':
      return pad(goQuoteRune(validCode(value), flags.plus), flags);
    case 'U':
      return pad(unicodeText(BigInt.asUintN(64, value.value), flags), flags, false);
    default:
      return undefined;
  }
};

const validCode = (value: Integer): number => {
  const code = value.toNumber();
  return code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? code : 0xfffd;
};

const unicodeText = (code: bigint, flags: Flags): string => {
  const digits = code.toString(16).toUpperCase();
  const text = `U+${digits.padStart(Math.max(flags.precision ?? 4, 4), '0')}`;
  if (!flags.sharp || code > 0x10ffffn) return text;
  const c = String.fromCodePoint(Number(code));
  return isPrintable(c) ? `${text} '${c}'` : text;
};

const formatNumber = (value: number, verb: string, flags: Flags): string | undefined => {
  const digits = floatDigits(value, verb, flags.precision);
  if (digits === undefined) return undefined;
  if (!Number.isFinite(value)) return pad(signed(digits, flags), flags, false);
  const text = signed(flags.sharp && verb !== 'b' ? withPoint(digits, verb, flags.precision) : digits, flags);
  if (!flags.zero || flags.minus || flags.width === undefined) return pad(text, flags);
  // Zeros go between the sign and the digits.
  const sign = /^[+\- ]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(flags.width - sign.length, '0');
};

const floatDigits = (value: number, verb: string, precision: number | undefined): string | undefined => {
  switch (verb) {
    case 'v':
    case 'g':
      return formatFloat(value, 'g', precision ?? -1);
    case 'G':
      return formatFloat(value, 'g', precision ?? -1).replace('e', 'E');
    case 'e':
      return formatFloat(value, 'e', precision ?? 6);
    case 'E':
      return formatFloat(value, 'e', precision ?? 6).replace('e', 'E');
    case 'f':
    case 'F':
      return formatFloat(value, 'f', precision ?? 6);
    case 'x':
      return hexFloat(value, precision ?? -1);
    case 'X':
      return hexFloat(value, precision ?? -1).replace(/[^I]+/, (text) => text.toUpperCase());
    case 'b':
      return binaryFloat(value);
    default:
      return undefined;
  }
};

/** The sign as the flags want it; that of an infinity is always shown. */
const signed = (text: string, flags: Flags): string => {
  const isInfinity = text === '+Inf';
  const digits = isInfinity ? 'Inf' : text;
  if (digits.startsWith('-')) return digits;
  if (flags.plus) return `+${digits}`;
  return flags.space ? ` ${digits}` : text;
};

/** The `#` flag keeps the decimal point, and for %g the zeros after it. */
const withPoint = (text: string, verb: string, precision: number | undefined): string => {
  const isHex = verb === 'x' || verb === 'X';
  const at = text.search(isHex ? /p/i : /e/i);
  let digits = at < 0 ? text : text.slice(0, at);
  const exponent = at < 0 ? '' : text.slice(at);
  let missing = 0;
  if (['v', 'g', 'G', 'x'].includes(verb)) {
    const figures = digits.replace(/^-/, '');
    const isZero = /^0$/.test(figures);
    missing = (precision ?? 6) - (isZero ? 1 : figures.replaceAll('.', '').replace(/^0+/, '').length);
  }
  if (!digits.includes('.')) digits += '.';
  return digits + '0'.repeat(Math.max(missing, 0)) + exponent;
};

const formatString = (text: string, verb: string, flags: Flags): string | undefined => {
  switch (verb) {
    case 'v':
      return pad(flags.sharpV ? quoted(truncated(text, flags), flags) : truncated(text, flags), flags);
    case 's':
      return pad(truncated(text, flags), flags);
    case 'q':
      return pad(quoted(truncated(text, flags), flags), flags);
    case 'x':
    case 'X':
      return pad(hexText(text, verb, flags), flags);
    default:
      return undefined;
  }
};

const quoted = (text: string, flags: Flags): string => {
  // oxlint-disable-next-line no-control-regex
  if (flags.sharp && !/[`\0-\x08\x0a-\x1f\x7f\ufeff]/.test(text)) return `\`${text}\``;
  return goQuote(text, flags.plus);
};

const hexText = (text: string, verb: string, flags: Flags): string => {
  const bytes = toBytes(text).subarray(0, flags.precision ?? byteLength(text));
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const prefix = flags.sharp ? '0x' : '';
  const joined = flags.space
    ? digits.map((pair) => prefix + pair).join(' ')
    : (digits.length > 0 ? prefix : '') + digits.join('');
  return verb === 'X' ? joined.toUpperCase() : joined;
};

const formatComposite = (value: Value, verb: string, flags: Flags): string => {
  if (value instanceof Uint8Array && 'sqxX'.includes(verb)) return formatString(fromBytes(value), verb, flags) ?? '';
  if (value instanceof Struct && value.text !== undefined && 'vsqxX'.includes(verb) && !flags.sharpV) {
    return formatString(value.text(), verb, flags) ?? '';
  }
  if (value instanceof Struct && value.goText !== undefined && flags.sharpV)
    return pad(truncated(value.goText(), flags), flags);
  const element = (item: Value): string => formatElement(item, verb, flags);
  const separator = flags.sharpV ? ', ' : ' ';
  if (value instanceof Map) {
    if (flags.sharpV && value instanceof TypedMap && value.isNil) return `${value.type}(nil)`;
    const keys = [...value.keys()].sort(compareStrings);
    const pairs = keys.map((key) => `${formatValue(key, verb, flags)}:${element(value.get(key))}`).join(separator);
    return flags.sharpV ? `${typeName(value)}{${pairs}}` : `map[${pairs}]`;
  }
  if (value instanceof Struct) {
    const named = flags.plusV || flags.sharpV;
    const fields = [...value.fields].map(([name, field]) => (named ? `${name}:` : '') + element(field)).join(separator);
    const type = flags.sharpV ? value.type.replace(/^\*/, '') : '';
    return `${value.type.startsWith('*') ? '&' : ''}${type}{${fields}}`;
  }
  const items = (sliceItems(value) ?? []).map(element).join(separator);
  if (!flags.sharpV) return `[${items}]`;
  if (isNilSlice(value)) return `${typeName(value)}(nil)`;
  return `${value instanceof Uint8Array ? '[]byte' : typeName(value)}{${items}}`;
};
