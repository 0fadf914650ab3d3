import { fromBytes } from '../template/go-string.js';
import { formatFloat } from '../template/numbers.js';
import { sprintValue } from '../template/print.js';
import { Integer, type Value } from '../template/values.js';
import { readBlockDocuments } from '../../yaml/block-reader.js';
import { plainValue, TYPED_VALUES, VALUES } from './block-values.js';
import { checkCharacters } from './yaml-characters.js';
import { type Mark, parserError, YamlError } from './yaml-error.js';
import { goSyntax } from './go-syntax.js';
import { type Resolved, resolvePlain } from './yaml-resolve.js';
import { YamlScanner, type YamlToken, type YamlTokenType } from './yaml-scanner.js';

export interface ReadOptions {
  /** Keep integers and floats apart, as go-yaml does before JSON makes all of them float64. */
  readonly typed?: boolean;
}

const NO_END_BREAK = { isEndBreak: false };

/** Reads the first document of a text as go-yaml 2 does; null when there is none. Throws YamlError. */
export const readYaml = (text: string, options: ReadOptions = {}): Value => {
  const [first] = readBlockDocuments(text, options.typed === true ? TYPED_VALUES : VALUES, NO_END_BREAK) ?? [];
  return first === undefined ? readAnyYaml(text, options) : first.value;
};

/** Reads what {@link readYaml} reads, whatever YAML it is written in. */
export const readAnyYaml = (text: string, options: ReadOptions = {}): Value => {
  checkCharacters(text);
  try {
    return new Reader(new YamlScanner(text), options.typed === true).document();
  } catch (error) {
    // The stack ends before go-yaml's own limit does.
    if (error instanceof RangeError) throw new YamlError('yaml: exceeded max depth of 10000');
    throw error;
  }
};

interface Properties {
  anchor: string | undefined;
  tag: string;
  start: Mark;
}

const LONG = 'tag:yaml.org,2002:';
const shortTag = (tag: string): string => (tag.startsWith(LONG) ? `!!${tag.slice(LONG.length)}` : tag);

/** The values of anchors that are still being read. */
const UNFINISHED = Symbol('unfinished');
type Anchored = { value: Value | typeof UNFINISHED; isMapping: boolean };

const MAX_ALIASED = 4_000_000;

class Reader {
  private readonly anchors = new Map<string, Anchored>();
  private handles = new Map<string, string>();
  /** go-yaml reads the whole document before it decodes: syntax errors come first. */
  private firstProblem: string | undefined;
  /** A key that JSON cannot have: found once everything has been decoded. */
  private keyProblem: string | undefined;
  private copied = 0;
  private read = 0;

  constructor(
    private readonly scanner: YamlScanner,
    private readonly isTyped: boolean,
  ) {}

  document(): Value {
    const first = this.scanner.peek();
    if (first.type === 'stream-end') return null;
    this.directives();
    let value: Value = null;
    if (this.scanner.peek().type === 'document-start') {
      this.scanner.skip();
      const next = this.scanner.peek().type;
      const isEmpty = next === 'document-start' || next === 'document-end' || next === 'stream-end';
      value = isEmpty || next.endsWith('directive') ? null : this.node(true, false);
    } else {
      value = this.node(true, false);
    }
    this.scanner.peek();
    if (this.firstProblem !== undefined) throw new YamlError(`yaml: ${this.firstProblem}`);
    if (this.keyProblem !== undefined) throw new YamlError(this.keyProblem);
    return value;
  }

  private directives(): void {
    let version = false;
    let found = false;
    for (let token = this.scanner.peek(); token.type.endsWith('directive'); token = this.scanner.peek()) {
      found = true;
      if (token.type === 'version-directive') {
        if (version) throw parserError('found duplicate %YAML directive', token.start);
        if (token.value !== '1.1') throw parserError('found incompatible YAML document', token.start);
        version = true;
      } else {
        if (this.handles.has(token.value)) throw parserError('found duplicate %TAG directive', token.start);
        this.handles.set(token.value, token.suffix);
      }
      this.scanner.skip();
    }
    if (!this.handles.has('!')) this.handles.set('!', '!');
    if (!this.handles.has('!!')) this.handles.set('!!', LONG);
    const next = this.scanner.peek();
    if (found && next.type !== 'document-start')
      throw parserError('did not find expected <document start>', next.start);
  }

  private problem(text: string): void {
    this.firstProblem ??= text;
  }

  private node(isBlock: boolean, canBeIndentless: boolean): Value {
    this.read += 1;
    const token = this.scanner.peek();
    if (token.type === 'alias') {
      this.scanner.skip();
      return this.alias(token.value);
    }
    const properties = this.properties(token);
    const { type, start } = this.scanner.peek();
    if (canBeIndentless && type === 'block-entry') return this.anchored(properties, () => this.indentlessSequence());
    switch (type) {
      case 'scalar':
        return this.anchored(properties, () => this.scalar(properties.tag));
      case 'flow-sequence-start':
        return this.anchored(properties, () => this.flowSequence());
      case 'flow-mapping-start':
        return this.anchored(properties, () => this.flowMapping());
      case 'block-sequence-start':
        if (isBlock) return this.anchored(properties, () => this.blockSequence());
        break;
      case 'block-mapping-start':
        if (isBlock) return this.anchored(properties, () => this.blockMapping());
        break;
      default:
    }
    if (properties.anchor !== undefined || properties.tag !== '') {
      return this.anchored(properties, () => this.scalarValue('', properties.tag, properties.tag === ''));
    }
    throw parserError('did not find expected node content', start, properties.start);
  }

  private properties(token: YamlToken): Properties {
    const found: Properties = { anchor: undefined, tag: '', start: token.start };
    let hasTag = false;
    for (let next = token; ; next = this.scanner.peek()) {
      if (next.type === 'anchor' && found.anchor === undefined) {
        found.anchor = next.value;
      } else if (next.type === 'tag' && !hasTag) {
        hasTag = true;
        found.tag = this.tagOf(next, found.start);
      } else {
        return found;
      }
      this.scanner.skip();
    }
  }

  private tagOf(token: YamlToken, context: Mark): string {
    if (token.value === '') return token.suffix;
    const prefix = this.handles.get(token.value);
    if (prefix === undefined) throw parserError('found undefined tag handle', token.start, context);
    return prefix + token.suffix;
  }

  private anchored(properties: Properties, read: () => Value): Value {
    if (properties.anchor === undefined) return read();
    const anchored: Anchored = { value: UNFINISHED, isMapping: false };
    this.anchors.set(properties.anchor, anchored);
    const value = read();
    anchored.value = value;
    anchored.isMapping = value instanceof Map;
    return value;
  }

  private alias(name: string): Value {
    const anchored = this.anchors.get(name);
    if (anchored === undefined) throw new YamlError(`yaml: unknown anchor '${name}' referenced`);
    if (anchored.value === UNFINISHED) {
      this.problem(`anchor '${name}' value contains itself`);
      return null;
    }
    return this.copy(anchored.value as Value);
  }

  /** Every alias gets a value of its own: templates may change one of them. */
  private copy(value: Value): Value {
    if (this.firstProblem !== undefined) return null;
    this.copied += 1;
    if (this.copied > MAX_ALIASED || (this.copied > 400_000 && this.copied > this.read * 10)) {
      this.problem('document contains excessive aliasing');
      return null;
    }
    if (Array.isArray(value)) return value.map((item) => this.copy(item));
    if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, this.copy(item)]));
    return value;
  }

  private scalar(tag: string): Value {
    const token = this.scanner.peek();
    this.scanner.skip();
    return this.scalarValue(token.value, tag, tag === '' ? token.isPlain : tag === '!');
  }

  private scalarValue(text: string, tag: string, isImplicit: boolean): Value {
    if (tag === '' && !isImplicit) return text;
    if (tag === '') return this.value(resolvePlain(text), text);
    return this.tagged(text, tag);
  }

  private value(resolved: Resolved, text: string): Value {
    return plainValue(resolved, text, this.isTyped);
  }

  private tagged(text: string, tag: string): Value {
    const name = shortTag(tag);
    switch (name) {
      case '!!str':
        return text;
      case '!!binary':
        if (!/^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/.test(text))
          this.problem('!!binary value contains invalid base64 data');
        return fromBytes(Buffer.from(text, 'base64'));
      case '!!bool':
      case '!!int':
      case '!!float':
      case '!!null':
      case '!!timestamp': {
        const resolved = resolvePlain(text);
        if (name === '!!float' && resolved.tag === 'int') return Number(resolved.value);
        if (name.slice(2) !== resolved.tag) this.problem(`cannot decode !!${resolved.tag} \`${text}\` as a ${name}`);
        return this.value(resolved, text);
      }
      default:
        return text;
    }
  }

  private indentlessSequence(): Value {
    const items: Value[] = [];
    while (this.scanner.peek().type === 'block-entry') {
      this.scanner.skip();
      const { type } = this.scanner.peek();
      const isEmpty = type === 'block-entry' || type === 'key' || type === 'value' || type === 'block-end';
      items.push(isEmpty ? null : this.node(true, false));
    }
    return items;
  }

  private blockSequence(): Value {
    const { start } = this.scanner.peek();
    this.scanner.skip();
    const items: Value[] = [];
    for (;;) {
      const token = this.scanner.peek();
      if (token.type === 'block-end') break;
      if (token.type !== 'block-entry') throw parserError("did not find expected '-' indicator", token.start, start);
      this.scanner.skip();
      const { type } = this.scanner.peek();
      items.push(type === 'block-entry' || type === 'block-end' ? null : this.node(true, false));
    }
    this.scanner.skip();
    return items;
  }

  private blockMapping(): Value {
    const { start } = this.scanner.peek();
    this.scanner.skip();
    const map = new Map<string, Value>();
    for (;;) {
      const token = this.scanner.peek();
      if (token.type === 'block-end') break;
      if (token.type === 'key') {
        this.scanner.skip();
        this.pair(map, this.startsNode() ? this.key(() => this.node(true, true)) : this.key(() => null), () =>
          this.blockValue(),
        );
      } else {
        throw parserError('did not find expected key', token.start, start);
      }
    }
    this.scanner.skip();
    return map;
  }

  private startsNode(): boolean {
    const { type } = this.scanner.peek();
    return type !== 'key' && type !== 'value' && type !== 'block-end';
  }

  private blockValue(): Value {
    if (this.scanner.peek().type !== 'value') return null;
    this.scanner.skip();
    return this.startsNode() ? this.node(true, true) : null;
  }

  private flowSequence(): Value {
    const { start } = this.scanner.peek();
    this.scanner.skip();
    const items: Value[] = [];
    for (let isFirst = true; this.scanner.peek().type !== 'flow-sequence-end'; isFirst = false) {
      if (!isFirst) this.flowEntry(start, "did not find expected ',' or ']'");
      const { type } = this.scanner.peek();
      if (type === 'key') items.push(this.singlePair());
      else if (type !== 'flow-sequence-end') items.push(this.node(false, false));
    }
    this.scanner.skip();
    return items;
  }

  private flowEntry(start: Mark, problem: string): void {
    const token = this.scanner.peek();
    if (token.type !== 'flow-entry') throw parserError(problem, token.start, start);
    this.scanner.skip();
  }

  /** `[a: b]`: a mapping of one pair. */
  private singlePair(): Value {
    const map = new Map<string, Value>();
    this.scanner.skip();
    const { type } = this.scanner.peek();
    const isEmpty = type === 'value' || endsEntry(type);
    this.pair(map, isEmpty ? this.key(() => null) : this.key(() => this.node(false, false)), () => {
      if (this.scanner.peek().type !== 'value') return null;
      this.scanner.skip();
      return endsEntry(this.scanner.peek().type) ? null : this.node(false, false);
    });
    return map;
  }

  private flowMapping(): Value {
    const { start } = this.scanner.peek();
    this.scanner.skip();
    const map = new Map<string, Value>();
    for (let isFirst = true; this.scanner.peek().type !== 'flow-mapping-end'; isFirst = false) {
      if (!isFirst) this.flowEntry(start, "did not find expected ',' or '}'");
      const { type } = this.scanner.peek();
      if (type === 'key') {
        this.scanner.skip();
        const next = this.scanner.peek().type;
        const isEmpty = next === 'value' || next === 'flow-entry' || next === 'flow-mapping-end';
        this.pair(map, isEmpty ? this.key(() => null) : this.key(() => this.node(false, false)), () =>
          this.flowValue(),
        );
      } else if (type !== 'flow-mapping-end') {
        this.pair(
          map,
          this.key(() => this.node(false, false)),
          () => null,
        );
      }
    }
    this.scanner.skip();
    return map;
  }

  private flowValue(): Value {
    if (this.scanner.peek().type !== 'value') return null;
    this.scanner.skip();
    const { type } = this.scanner.peek();
    return type === 'flow-entry' || type === 'flow-mapping-end' ? null : this.node(false, false);
  }

  private key(read: () => Value): Key {
    const token = this.scanner.peek();
    const isMerge = token.type === 'scalar' && token.isPlain && token.value === '<<';
    if (token.type === 'scalar' && !token.isPlain) {
      const value = read();
      return { name: value as string, value, isMerge: false };
    }
    const value = read();
    return { name: undefined, value, isMerge };
  }

  private pair(map: Map<string, Value>, key: Key, read: () => Value): void {
    if (key.isMerge) {
      this.merge(map, read());
      return;
    }
    const value = read();
    const name = key.name ?? (typeof key.value === 'string' ? key.value : this.keyText(key.value, value));
    map.set(name, value);
  }

  private keyText(key: Value, value: Value): string {
    if (key instanceof Map || Array.isArray(key)) {
      this.problem(`invalid map key: ${goSyntax(key)}`);
      return '';
    }
    if (key === null || key === undefined) {
      const text = value === null || value === undefined ? '<nil>' : goSyntax(value);
      this.keyProblem ??= `unsupported map key of type: %!s(<nil>), key: <nil>, value: ${text}`;
      return '';
    }
    return scalarText(key);
  }

  private merge(map: Map<string, Value>, value: Value): void {
    if (value instanceof Map) {
      for (const [key, item] of value) map.set(key, item);
      return;
    }
    if (!Array.isArray(value) || !value.every((item) => item instanceof Map)) {
      this.problem('map merge requires map or sequence of maps as the value');
      return;
    }
    // Earlier mappings take precedence.
    for (const item of value.toReversed()) this.merge(map, item);
  }
}

const endsEntry = (type: YamlTokenType): boolean => type === 'flow-entry' || type === 'flow-sequence-end';

interface Key {
  readonly name: string | undefined;
  readonly value: Value;
  readonly isMerge: boolean;
}

/** How a number or boolean reads where a string is wanted: a key, a field of Chart.yaml, an annotation. */
export const scalarText = (value: Value): string => {
  if (typeof value === 'number') return float32Text(value);
  return value instanceof Integer ? value.value.toString() : sprintValue(value);
};

/** `strconv.FormatFloat(value, 'g', -1, 32)`, which is what go-yaml's numbers become as keys. */
const float32Text = (value: number): string => {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  return formatFloat32(value);
};

const formatFloat32 = (value: number): string => {
  const wanted = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(wanted.toPrecision(digits));
    if (Math.fround(short) === wanted) return formatFloat(short, 'g', -1);
  }
  return formatFloat(wanted, 'g', -1);
};
