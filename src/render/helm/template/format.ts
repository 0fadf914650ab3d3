import { limitError } from './errors.js';
import { formatInteger } from './format-integer.js';
import { byteLength, fromBytes, isAscii, runes, toBytes } from './go-string.js';
import { formatFloat } from './numbers.js';
import { sprintValue } from './print.js';
import { goQuote, goQuoteRune, isPrintable } from './quote.js';
import { Integer, sliceItems, Struct, typeName, TypedMap, type Value } from './values.js';
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
      this.out += formatValue(value, verb, verb === 'v' ? forDefaultVerb(flags) : flags);
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
    this.at += match[0].length;
    const number = Number(match[0]);
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
    if (this.text[this.at] !== '.') return afterIndex;
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

/** With %v the signs mean something else. */
const forDefaultVerb = (flags: Flags): Flags => ({
  ...flags,
  plus: false,
  sharp: false,
  plusV: flags.plus,
  sharpV: flags.sharp,
});

const pad = (text: string, flags: Flags, zero = false): string => {
  if (flags.width === undefined) return text;
  if (flags.width > MAX_WIDTH) throw limitError(`a width of more than ${MAX_WIDTH}`);
  const missing = flags.width - (isAscii(text) ? text.length : runes(text).length);
  if (missing <= 0) return text;
  if (flags.minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
};

/** Zeros go between the sign and the digits. */
const padNumber = (text: string, flags: Flags): string => {
  if (!flags.zero || flags.minus || flags.width === undefined || !/^[+\- ]?[0-9]/.test(text)) return pad(text, flags);
  const sign = /^[+\- ]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(flags.width - sign.length, '0');
};

const badVerb = (value: Value, verb: string): string =>
  value === null || value === undefined ? `%!${verb}(<nil>)` : `%!${verb}(${typeName(value)}=${sprintValue(value)})`;

export const formatValue = (value: Value, verb: string, flags: Flags): string => {
  if (value === null || value === undefined) {
    if (verb === 'T' || verb === 'v') return pad('<nil>', flags);
    return badVerb(value, verb);
  }
  if (verb === 'T') return pad(typeName(value), flags);
  if (verb === 'p') return badVerb(value, verb);
  switch (typeof value) {
    case 'boolean':
      return verb === 't' || verb === 'v' ? pad(String(value), flags, flags.zero) : badVerb(value, verb);
    case 'number':
      return formatNumber(value, verb, flags);
    case 'string':
      return formatString(value, value, verb, flags);
    default:
  }
  if (value instanceof Integer) return formatWhole(value, verb, flags);
  if (value instanceof Uint8Array && 'sqxX'.includes(verb)) return formatString(fromBytes(value), value, verb, flags);
  return formatComposite(value, verb, flags);
};

const formatWhole = (value: Integer, verb: string, flags: Flags): string => {
  switch (verb) {
    case 'v':
    case 'd':
    case 'b':
    case 'o':
    case 'O':
    case 'x':
    case 'X':
      return formatInteger(value, verb, flags);
    case 'c':
      return pad(String.fromCodePoint(validCode(value)), flags, flags.zero);
    case 'q':
      return pad(goQuoteRune(value.toNumber(), flags.plus), flags, flags.zero);
    case 'U':
      return pad(unicodeText(value.toNumber(), flags), flags);
    default:
      return badVerb(value, verb);
  }
};

const validCode = (value: Integer): number => {
  const code = value.toNumber();
  return code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? code : 0xfffd;
};

const unicodeText = (code: number, flags: Flags): string => {
  const text = `U+${code
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(flags.precision ?? 4, 4), '0')}`;
  if (!flags.sharp || code > 0x10ffff) return text;
  const c = String.fromCodePoint(code);
  return isPrintable(c) ? `${text} '${c}'` : text;
};

const formatNumber = (value: number, verb: string, flags: Flags): string => {
  const { precision } = flags;
  let text: string;
  switch (verb) {
    case 'v':
      text = formatFloat(value, 'g', precision ?? -1, flags.sharpV ? 21 : 6);
      break;
    case 'g':
    case 'G':
      text = formatFloat(value, 'g', precision ?? -1);
      break;
    case 'e':
    case 'E':
      text = formatFloat(value, 'e', precision ?? 6);
      break;
    case 'f':
    case 'F':
      text = formatFloat(value, 'f', precision ?? 6);
      break;
    default:
      return badVerb(value, verb);
  }
  if (flags.sharp) text = withPoint(text, verb, precision);
  if (verb === 'G' || verb === 'E') text = text.toUpperCase().replace('INF', 'Inf').replace('NAN', 'NaN');
  return padNumber(withSign(text, flags), flags);
};

const withSign = (text: string, flags: Flags): string => {
  const unsigned = text.startsWith('+') ? text.slice(1) : text;
  if (unsigned.startsWith('-')) return unsigned;
  if (flags.plus || text.startsWith('+')) return `+${unsigned}`;
  return flags.space ? ` ${unsigned}` : unsigned;
};

/** The `#` flag keeps the decimal point, and for %g the zeros after it. */
const withPoint = (text: string, verb: string, precision: number | undefined): string => {
  const [mantissa = '', exponent] = text.split('e');
  let digits = mantissa;
  if (!digits.includes('.')) digits += '.';
  if (verb === 'g' || verb === 'G') {
    const wanted = precision ?? 6;
    const significant = digits.replace(/[-.]/g, '').replace(/^0+/, '').length;
    digits += '0'.repeat(Math.max(wanted - significant, 0));
  }
  return exponent === undefined ? digits : `${digits}e${exponent}`;
};

const formatString = (text: string, value: Value, verb: string, flags: Flags): string => {
  const limited = flags.precision === undefined ? text : runes(text).slice(0, flags.precision).join('');
  switch (verb) {
    case 'v':
      return pad(flags.sharpV ? goQuote(limited) : limited, flags, flags.zero);
    case 's':
      return pad(limited, flags, flags.zero);
    case 'q':
      return pad(quoted(limited, flags), flags, flags.zero);
    case 'x':
    case 'X':
      return pad(hexText(text, verb, flags), flags, flags.zero);
    default:
      return badVerb(value, verb);
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
  if (value instanceof Struct && value.text !== undefined && 'vsqxX'.includes(verb) && !flags.sharpV) {
    return formatString(value.text(), value, verb, flags);
  }
  if (flags.sharpV) return sharpSyntax(value);
  if (value instanceof Map) {
    const keys = [...value.keys()].sort(compareStrings);
    const pairs = keys.map((key) => `${formatValue(key, verb, flags)}:${formatValue(value.get(key), verb, flags)}`);
    return `map[${pairs.join(' ')}]`;
  }
  if (value instanceof Struct) {
    const open = value.type.startsWith('*') ? '&{' : '{';
    return `${open}${[...value.fields].map(([name, field]) => (flags.plusV ? `${name}:` : '') + formatValue(field, verb, flags)).join(' ')}}`;
  }
  return `[${(sliceItems(value) ?? []).map((item) => formatValue(item, verb, flags)).join(' ')}]`;
};

/** `%#v`. */
const sharpSyntax = (value: Value): string => {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'number') return formatFloat(value, 'g', -1, 21);
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Integer)
    return value.type === 'uint8' ? `0x${value.value.toString(16)}` : value.value.toString();
  if (value instanceof Map) {
    const keys = [...value.keys()].sort(compareStrings);
    const type = value instanceof TypedMap ? value.type : 'map[string]interface {}';
    return `${type}{${keys.map((key) => `${goQuote(key)}:${sharpSyntax(value.get(key))}`).join(', ')}}`;
  }
  if (value instanceof Struct) {
    return `${value.type.replace(/^\*/, '&')}{${[...value.fields].map(([name, field]) => `${name}:${sharpSyntax(field)}`).join(', ')}}`;
  }
  return `${typeName(value)}{${(sliceItems(value) ?? []).map(sharpSyntax).join(', ')}}`;
};
