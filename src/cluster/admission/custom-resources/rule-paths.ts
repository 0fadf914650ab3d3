import { propertyOf, valuesOf } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';

const ESCAPED: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

const unescape = (text: string): string =>
  text.replaceAll(/\\(.)/g, (_all, character: string) => ESCAPED[character] ?? character);

/** Dots, brackets, texts in quotes, and what is between them. */
const tokensOf = (path: string): readonly string[] => path.match(/[.[\]]|'(?:[^\\']|\\.?)*'?|[^.[\]']+[^.[\]]*/g) ?? [];

/** Where a path leads: its form in messages, and the schema there. */
export interface FoundPath {
  readonly path: string;
  readonly schema: StructuralSchema;
  /** The first name in it. */
  readonly root: string;
}

const NOWHERE = 'does not refer to a valid field';
const ENDED = 'unexpected end of JSON path';

/** Walks a path such as `.spec['a.b'].c`, which is `spec[a.b].c` where `spec` is a map and `spec.a.b.c` where it is not. */
class PathWalk {
  path = '';
  root = '';

  constructor(public schema: StructuralSchema) {}

  /** Why there is no such step; undefined when there is. */
  step(name: string): string | undefined {
    const hasProperties = this.schema['properties'] !== undefined;
    const next = hasProperties ? propertyOf(this.schema, name) : valuesOf(this.schema);
    if (next === undefined) return NOWHERE;
    this.path += hasProperties ? `${this.path === '' ? '' : '.'}${name}` : `[${name}]`;
    this.root ||= name;
    this.schema = next;
    return undefined;
  }
}

/** Follows a path in a schema; says what is wrong with a path that leads nowhere. */
export const findPath = (path: string, schema: StructuralSchema, allowsBrackets = true): FoundPath | string => {
  const walk = new PathWalk(schema);
  const tokens = tokensOf(path);
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token !== '.' && token !== '[') return `expected [ or . but got: ${token ?? ''}`;
    if (token === '[' && !allowsBrackets) return 'array notation is not allowed';
    index += 1;
    const name = tokens[index];
    if (name === undefined) return ENDED;
    if (token === '[' && !/^'.*'$/s.test(name)) return `expected single quoted string but got ${name}`;
    const why = walk.step(token === '[' ? unescape(name.slice(1, -1)) : name);
    if (why !== undefined) return why;
    if (token === '.') continue;
    index += 1;
    if (tokens[index] === undefined) return ENDED;
    if (tokens[index] !== ']') return `expected ] but got ${tokens[index] ?? ''}`;
  }
  return { path: walk.path, root: walk.root, schema: walk.schema };
};

/** The `fieldPath` of a rule as a path in messages; undefined for a path that leads nowhere in the schema. */
export const normalFieldPath = (path: string, schema: StructuralSchema): string | undefined => {
  const found = findPath(path, schema);
  return typeof found === 'string' ? undefined : found.path;
};
