import { ChartError } from '../chart/chart-error.js';
import { readJson, scanJsonValue } from '../json/json-reader.js';
import { isGoSpace } from '../functions/case.js';
import { GoError } from '../template/errors.js';
import { goQuote } from '../template/quote.js';
import { type GoMap, int64, Integer, typeName, type Value } from '../template/values.js';

const MAX_INDEX = 65_536;
const MAX_DEPTH = 30;

/** What the text after `=` becomes. */
export type ReadValue = (text: string) => Value | Promise<Value>;

/** `--set`: true, false, null and whole numbers get their types. */
export const typedValue = (text: string): Value => {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower === 'true';
  if (lower === 'null') return null;
  if (text === '0') return int64(0);
  if (text.startsWith('0') || !/^[+-]?[0-9]+$/.test(text)) return text;
  const integer = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, integer) === integer ? new Integer(integer, 'int64') : text;
};

/** `--set a.b[0]=x,c={1,2}` into `target`. Throws ChartError. */
export const setValues = (text: string, target: GoMap): Promise<void> => new Setter(text, typedValue).run(target);

/** `--set-string`: every value is a text. */
export const setStrings = (text: string, target: GoMap): Promise<void> =>
  new Setter(text, (value) => value).run(target);

/** `--set-file`: the value is the content of the file that `read` is given the path of. */
export const setFiles = (text: string, target: GoMap, read: ReadValue): Promise<void> =>
  new Setter(text, read).run(target);

/** `--set-json a.b={"c":1}`. */
export const setJson = (text: string, target: GoMap): Promise<void> => new Setter(text, 'json').run(target);

/** `--set-literal a.b=anything, as it is`. */
export const setLiteral = (text: string, target: GoMap): Promise<void> => new Setter(text, 'literal').run(target);

/** A piece of text up to a stop character, which is undefined at the end of the text. */
interface Piece {
  readonly text: string;
  readonly stop: string | undefined;
}

/** Whether there is more to read. */
type Progress = 'more' | 'end';

const put = (target: GoMap, key: string, value: Value): void => {
  if (key !== '') target.set(key, value);
};

const wrongType = (value: Value, type: string): ChartError => {
  const is = value === null || value === undefined ? 'nil' : typeName(value);
  return new ChartError(`unable to parse key: interface conversion: interface {} is ${is}, not ${type}`);
};

class Setter {
  private readonly characters: readonly string[];
  private at = 0;

  constructor(
    text: string,
    private readonly read: ReadValue | 'json' | 'literal',
  ) {
    this.characters = Array.from(text);
  }

  async run(target: GoMap): Promise<void> {
    while ((await this.key(target, 0)) === 'more');
  }

  private until(stops: string): Piece {
    let text = '';
    while (this.at < this.characters.length) {
      const c = this.characters[this.at] as string;
      this.at += 1;
      if (stops.includes(c)) return { text, stop: c };
      if (c === '\\' && this.read !== 'literal') {
        text += this.characters[this.at] ?? '';
        this.at += 1;
      } else {
        text += c;
      }
    }
    return { text, stop: undefined };
  }

  private async key(target: GoMap, depth: number): Promise<Progress> {
    const { text, stop } = this.until(this.read === 'literal' ? '=[.' : '=[,.');
    switch (stop) {
      case undefined:
        if (text === '') return 'end';
        throw new ChartError(`key ${goQuote(text)} has no value`);
      case '[':
        return await this.indexed(target, text, depth);
      case '=':
        return await this.assign(target, text);
      case ',':
        put(target, text, '');
        throw new ChartError(`key ${goQuote(text)} has no value (cannot end with ,)`);
      default:
        return await this.nested(target, text, depth + 1);
    }
  }

  private async indexed(target: GoMap, key: string, depth: number): Promise<Progress> {
    const index = this.index();
    const known = target.get(key);
    if (target.has(key) && !Array.isArray(known)) throw wrongType(known, '[]interface {}');
    const { list, progress } = await this.item(Array.isArray(known) ? known : [], index, depth);
    put(target, key, list);
    return progress;
  }

  private async nested(target: GoMap, key: string, depth: number): Promise<Progress> {
    if (depth > MAX_DEPTH) {
      throw new ChartError(`value name nested level is greater than maximum supported nested level of ${MAX_DEPTH}`);
    }
    const known = target.get(key);
    if (target.has(key) && !(known instanceof Map)) throw wrongType(known, 'map[string]interface {}');
    const inner: GoMap = known instanceof Map ? known : new Map();
    const progress = await this.key(inner, depth);
    if (progress === 'more' && inner.size === 0) throw new ChartError(`key map ${goQuote(key)} has no value`);
    if (inner.size !== 0) put(target, key, inner);
    return progress;
  }

  private async assign(target: GoMap, key: string): Promise<Progress> {
    if (this.read === 'literal') {
      put(target, key, this.until('').text);
      return 'more';
    }
    if (this.read === 'json') {
      put(target, key, this.json());
      return 'more';
    }
    if (this.at >= this.characters.length) {
      put(target, key, '');
      return 'end';
    }
    put(target, key, await this.value(this.read));
    return 'more';
  }

  private async value(read: ReadValue): Promise<Value> {
    if (this.characters[this.at] !== '{') return await read(this.until(',').text);
    this.at += 1;
    const list: Value[] = [];
    for (;;) {
      const { text, stop } = this.until(',}');
      if (stop === undefined) throw new ChartError("list must terminate with '}'");
      list.push(await read(text));
      if (stop !== '}') continue;
      if (this.characters[this.at] === ',') this.at += 1;
      return list;
    }
  }

  /** JSON up to the next comma; nothing there is null. */
  private json(): Value {
    if (this.isEmptyValue()) return null;
    const rest = this.characters.slice(this.at).join('');
    const end = scanJsonValue(rest);
    try {
      const value = readJson(rest.slice(0, end ?? rest.length));
      this.at += Array.from(rest.slice(0, end ?? rest.length)).length;
      this.isEmptyValue();
      return value;
    } catch (error) {
      if (error instanceof GoError) throw new ChartError(error.message);
      throw error;
    }
  }

  private isEmptyValue(): boolean {
    for (;;) {
      const c = this.characters[this.at];
      if (c === undefined) return true;
      if (c === ',' || isGoSpace(c)) this.at += 1;
      if (c === ',') return true;
      if (!isGoSpace(c)) return false;
    }
  }

  private index(): number {
    const { text, stop } = this.until(']');
    if (stop === undefined) throw new ChartError('error parsing index: EOF');
    if (!/^[+-]?[0-9]+$/.test(text)) {
      throw new ChartError(`error parsing index: strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`);
    }
    return Number(text);
  }

  private async item(list: Value[], index: number, depth: number): Promise<{ list: Value[]; progress: Progress }> {
    if (index < 0) throw new ChartError(`negative ${index} index not allowed`);
    const { text, stop } = this.until('[.=');
    if (text !== '') throw new ChartError(`unexpected data at end of array index: ${goQuote(text)}`);
    if (stop === undefined) return { list, progress: 'end' };
    if (stop === '=') return { list: setIndex(list, index, await this.itemValue()), progress: 'more' };
    if (stop === '[') {
      const next = this.index();
      const known = list[index];
      if (known !== null && known !== undefined && !Array.isArray(known)) throw wrongType(known, '[]interface {}');
      const inner = await this.item(Array.isArray(known) ? known : [], next, depth);
      if (inner.progress === 'end') return { list, progress: 'end' };
      return { list: setIndex(list, index, inner.list), progress: 'more' };
    }
    const known = list[index];
    const inner: GoMap = known instanceof Map ? known : new Map();
    if (index < list.length) list[index] = inner;
    if ((await this.key(inner, depth)) === 'end') return { list, progress: 'end' };
    return { list: setIndex(list, index, inner), progress: 'more' };
  }

  private async itemValue(): Promise<Value> {
    if (this.read === 'literal') return this.until('').text;
    if (this.read === 'json') return this.json();
    return this.at >= this.characters.length ? '' : await this.value(this.read);
  }
}

const setIndex = (list: readonly Value[], index: number, value: Value): Value[] => {
  if (index > MAX_INDEX) {
    throw new ChartError(`index of ${index} is greater than maximum supported index of ${MAX_INDEX}`);
  }
  const longer = [...list];
  while (longer.length <= index) longer.push(null);
  longer[index] = value;
  return longer;
};
