import type { FieldPath } from './field-paths.js';
import { valueAt } from './field-paths.js';

/** Why an expression cannot be used. */
export class JqPathError extends Error {
  override readonly name = 'JqPathError';
}

type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'each' }
  | { readonly type: 'select'; readonly path: readonly Step[]; readonly test: Test };

interface Test {
  readonly operator: '==' | '!=' | 'truthy' | 'startswith' | 'endswith' | 'contains';
  readonly value: unknown;
}

/** Longest expression, so that nothing that is read here can grow without bound. */
const MAX_LENGTH = 1000;
/** Most paths that one expression may name in one object. */
const MAX_PATHS = 10_000;

/**
 * Reads the path expressions of jq that people write in `jqPathExpressions`: `.spec.replicas`, `.data["a.b"]`,
 * `.spec.containers[0]`, `.webhooks[]?.clientConfig`, `.items[] | select(.name == "x") | .image` with `==`, `!=`,
 * a bare path, and `startswith`, `endswith`, `contains` of a text. There is nothing in it that can loop, so it needs
 * no time limit; anything else of jq is refused by a JqPathError that names the place.
 */
export const parseJqPath = (expression: string): readonly Step[] => {
  if (expression.length > MAX_LENGTH) throw new JqPathError(`the expression is longer than ${MAX_LENGTH} characters`);
  const reader = new Reader(expression);
  const steps = readPipeline(reader);
  reader.skipSpace();
  if (!reader.atEnd) throw reader.refuse();
  return steps;
};

class Reader {
  #at = 0;

  constructor(readonly text: string) {}

  get atEnd(): boolean {
    return this.#at >= this.text.length;
  }

  skipSpace(): void {
    this.take(/\s*/y);
  }

  /** Consumes what matches here; undefined when nothing does. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  expect(pattern: RegExp): string {
    const found = this.take(pattern);
    if (found === undefined) throw this.refuse();
    return found;
  }

  refuse(): JqPathError {
    return new JqPathError(`not supported at character ${this.#at + 1}: ${this.text.slice(this.#at, this.#at + 20)}`);
  }
}

const readPipeline = (reader: Reader): readonly Step[] => {
  const steps: Step[] = [];
  do {
    reader.skipSpace();
    if (reader.take(/select\s*\(/y) !== undefined) {
      steps.push(readSelect(reader));
      reader.expect(/\s*\)/y);
    } else {
      steps.push(...readPath(reader));
    }
    reader.skipSpace();
  } while (reader.take(/\|/y) !== undefined);
  return steps;
};

const readPath = (reader: Reader): readonly Step[] => {
  reader.expect(/(?=\.)/y);
  const steps: Step[] = [];
  for (;;) {
    const field = reader.take(/\.[A-Za-z_][A-Za-z0-9_]*\??/y) ?? reader.take(/\.?"(?:[^"\\]|\\.)*"\??/y);
    if (field !== undefined) {
      const name = field.replace(/^\./, '').replace(/\?$/, '');
      steps.push({ type: 'field', name: name.startsWith('"') ? text(name) : name });
    } else if (reader.take(/\.?\[\]\??/y) !== undefined) {
      steps.push({ type: 'each' });
    } else {
      const bracket = reader.take(/\.?\[\s*(?:-?\d+|"(?:[^"\\]|\\.)*")\s*\]\??/y);
      if (bracket === undefined) break;
      const inner = bracket.replace(/^\.?\[\s*/, '').replace(/\s*\]\??$/, '');
      steps.push(
        inner.startsWith('"') ? { type: 'field', name: text(inner) } : { type: 'index', index: Number(inner) },
      );
    }
  }
  if (steps.length === 0) reader.expect(/\./y);
  return steps;
};

const readSelect = (reader: Reader): Step => {
  reader.skipSpace();
  const path = readPath(reader);
  reader.skipSpace();
  if (reader.take(/\|/y) !== undefined) {
    reader.skipSpace();
    const name = reader.expect(/startswith|endswith|contains/y) as 'startswith' | 'endswith' | 'contains';
    reader.expect(/\s*\(\s*/y);
    const value = text(reader.expect(/"(?:[^"\\]|\\.)*"/y));
    reader.expect(/\s*\)/y);
    return { type: 'select', path, test: { operator: name, value } };
  }
  const operator = reader.take(/==|!=/y) as '==' | '!=' | undefined;
  if (operator === undefined) return { type: 'select', path, test: { operator: 'truthy', value: undefined } };
  reader.skipSpace();
  const literal = reader.expect(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null/y);
  return { type: 'select', path, test: { operator, value: JSON.parse(literal) as unknown } };
};

const text = (quoted: string): string => {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new JqPathError(`not a text: ${quoted}`);
  }
};

/** Every path of an object that the expression names. */
export const jqPaths = (expression: string, object: unknown): readonly FieldPath[] => {
  const found = follow(parseJqPath(expression), object, [[]]);
  return found.filter((path) => path.length > 0 && valueAt(object, path) !== undefined);
};

const follow = (steps: readonly Step[], object: unknown, from: readonly FieldPath[]): readonly FieldPath[] => {
  let paths = from;
  for (const step of steps) {
    paths = paths.flatMap((path) => advance(step, object, path));
    if (paths.length > MAX_PATHS) throw new JqPathError(`the expression names more than ${MAX_PATHS} fields`);
  }
  return paths;
};

const advance = (step: Step, object: unknown, path: FieldPath): readonly FieldPath[] => {
  const value = valueAt(object, path);
  switch (step.type) {
    case 'field':
      return [[...path, step.name]];
    case 'index': {
      const length = Array.isArray(value) ? value.length : 0;
      return [[...path, step.index < 0 ? length + step.index : step.index]];
    }
    case 'each':
      if (Array.isArray(value)) return value.map((_, index) => [...path, index]);
      return typeof value === 'object' && value !== null ? Object.keys(value).map((name) => [...path, name]) : [];
    default:
      return follow(step.path, value, [[]]).some((inner) => passes(step.test, valueAt(value, inner))) ? [path] : [];
  }
};

const isText = (actual: unknown): actual is string => typeof actual === 'string';

const TESTS: Readonly<Record<Test['operator'], (actual: unknown, value: unknown) => boolean>> = {
  truthy: (actual) => actual !== undefined && actual !== null && actual !== false,
  '==': (actual, value) => (actual ?? null) === value,
  '!=': (actual, value) => (actual ?? null) !== value,
  startswith: (actual, value) => isText(actual) && actual.startsWith(String(value)),
  endswith: (actual, value) => isText(actual) && actual.endsWith(String(value)),
  contains: (actual, value) => isText(actual) && actual.includes(String(value)),
};

const passes = ({ operator, value }: Test, actual: unknown): boolean => TESTS[operator](actual, value);
