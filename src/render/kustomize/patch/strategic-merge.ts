import { KustomizeError } from '../errors.js';
import { fieldOf, isNull, Node, protectText, setField, textOf } from '../nodes/node.js';
import { requireKind } from '../nodes/require-kind.js';
import { elementValues, findElement, setElement } from './list-elements.js';
import type { MergeSchema, MergeSchemas } from './merge-schema.js';

type Maybe = Node | undefined;
type Directive = 'merge' | 'replace' | 'delete';

const DIRECTIVE = '$patch';
/** A merge walks both documents; this bounds the recursion far beyond real manifests. */
const MAX_DEPTH = 1000;

/**
 * Merges a strategic merge patch into a document: maps by field, null removes, lists by the merge keys of their schema
 * (new elements in front) or else as a whole, `$patch` directives. Changes and returns the document; undefined when the
 * patch deletes it. The patch is used up.
 */
export const strategicMerge = (target: Node, patch: Node, schemas: MergeSchemas): Node | undefined =>
  new Merger(schemas).walk(target, patch, undefined, 0);

class Merger {
  constructor(private readonly schemas: MergeSchemas) {}

  walk(dest: Maybe, patch: Maybe, inherited: MergeSchema | undefined, depth: number): Maybe {
    if (depth > MAX_DEPTH) throw new KustomizeError('the patch is nested too deeply');
    const comment = dest?.commentSchema ?? patch?.commentSchema;
    const ofComment = comment === undefined ? undefined : this.schemas.ofComment(comment);
    const schema = ofComment ?? inherited ?? this.#schemaOf(dest) ?? this.#schemaOf(patch);
    const kind = !isNull(dest) ? dest?.kind : !isNull(patch) ? patch?.kind : undefined;
    if (kind === undefined) return this.#map(dest, patch, schema, depth);
    requireKind(kind, dest);
    requireKind(kind, patch);
    if (kind === 'map') return this.#map(dest, patch, schema, depth);
    if (kind === 'scalar' || schema?.merge === undefined) return patch ?? dest;
    return this.#list(dest, patch, schema, schema.merge, depth);
  }

  #schemaOf(node: Maybe): MergeSchema | undefined {
    if (isNull(node)) return undefined;
    const apiVersion = textOf(fieldOf(node, 'apiVersion'));
    const kind = textOf(fieldOf(node, 'kind'));
    return apiVersion === '' || kind === '' ? undefined : this.schemas.ofKind(apiVersion, kind);
  }

  #map(dest: Maybe, patch: Maybe, schema: MergeSchema | undefined, depth: number): Maybe {
    const result = mapResult(dest, patch);
    if (result === undefined || result.kind !== 'map') return result;
    const names = new Set([...result.fields.keys(), ...(patch?.fields.keys() ?? [])]);
    for (const name of [...names].sort()) {
      const old = result.fields.get(name);
      const change = fieldOf(patch, name);
      // What the patch does not name stays as it is, except the nulls without a text of their own.
      if (change === undefined && old !== undefined && !isNull(old) && !this.#mayChange(old)) {
        protectText(old);
        continue;
      }
      const value = this.walk(old, change, this.schemas.field(schema, name), depth + 1);
      if (value !== undefined && value.tag === '!!null' && change === undefined && value.text !== '') continue;
      setField(result, name, value);
    }
    return result;
  }

  /** Walking a value without a patch only matters for the nulls in it. */
  #mayChange(node: Node): boolean {
    return node.kind !== 'scalar';
  }

  #list(dest: Maybe, patch: Maybe, schema: MergeSchema, keys: readonly string[], depth: number): Maybe {
    const result = listResult(dest, patch);
    if (result === undefined || isNull(result)) return result;
    const sources: Maybe[] = [result, patch];
    const isKeyed = keys.length > 0;
    const values = isKeyed ? keyedValues(sources, keys) : plainValues(sources);
    return this.#elements(result, sources, values, isKeyed ? keys : [''], schema, depth);
  }

  #elements(
    dest: Node,
    sources: readonly Maybe[],
    found: string[][],
    keys: readonly string[],
    schema: MergeSchema,
    depth: number,
  ): Maybe {
    const values = keys.length > 1 ? joinPartialKeys(found) : found;
    const added = Node.list();
    const itemSchema = this.schemas.items(schema);
    let used: { keys: string[]; values: string[] } = { keys: [...keys], values: [] };
    for (const value of values) {
      if (value.length === 0) continue;
      used = validKeys(values, value, keys);
      const own = validKeys([used.values], used.values, used.keys);
      const [left, right] = sources.map((source) => source && findElement(source, own.keys, own.values));
      const merged = this.walk(left, right, itemSchema, depth + 1);
      if (merged === undefined || isNull(merged) || (merged.kind === 'map' && merged.fields.size === 0)) {
        if (used.keys.length > 0) setElement(dest, used.keys, used.values, undefined);
        continue;
      }
      for (const [at, key] of used.keys.entries()) {
        const text = used.values[at] ?? '';
        if (merged.kind === 'map' && fieldOf(merged, key) === undefined && text !== '') {
          setField(merged, key, Node.scalar(text));
        }
      }
      setElement(added, used.keys, used.values, merged);
    }
    if (values.length === 0) return dest;
    appendElements(added, dest, used.keys);
    return added;
  }
}

const mapResult = (dest: Maybe, patch: Maybe): Maybe => {
  if (dest === undefined || isNull(dest)) {
    if (patch?.kind === 'map' && takeMapDirective(patch, true) === 'delete') return undefined;
    if (patch === undefined && dest !== undefined && dest.text !== '') return dest;
    return patch;
  }
  if (patch === undefined) return dest;
  if (isNull(patch)) return undefined;
  const directive = takeMapDirective(patch, false);
  return directive === 'delete' ? undefined : directive === 'replace' ? patch : dest;
};

const listResult = (dest: Maybe, patch: Maybe): Maybe => {
  if (isNull(dest)) return patch;
  if (patch === undefined) return dest;
  if (isNull(patch)) return undefined;
  const directive = takeListDirective(patch);
  return directive === 'delete' ? undefined : directive === 'replace' ? patch : dest;
};

const asDirective = (text: string): Directive => {
  if (text === 'merge' || text === 'replace' || text === 'delete') return text;
  throw new KustomizeError(`unknown patch strategy '${text}'`);
};

const takeMapDirective = (patch: Node, isLenient: boolean): Directive => {
  const field = fieldOf(patch, DIRECTIVE);
  if (field === undefined) return 'merge';
  if (isLenient && !['merge', 'replace', 'delete'].includes(field.text)) return 'merge';
  const directive = asDirective(field.text);
  patch.fields.delete(DIRECTIVE);
  return directive;
};

const takeListDirective = (patch: Node): Directive => {
  const element = patch.items.find((item) => fieldOf(item, DIRECTIVE) !== undefined);
  if (element === undefined || element.fields.size > 1) return 'merge';
  const text = textOf(fieldOf(element, DIRECTIVE));
  const directive = asDirective(text);
  setElement(patch, [DIRECTIVE], [text], undefined);
  return directive;
};

/** The key texts of all elements, those of the patch first: its new elements come in front. */
const keyedValues = ([dest, patch]: readonly Maybe[], keys: readonly string[]): string[][] =>
  distinct([patch, dest].flatMap((source) => (source === undefined ? [] : elementValues(source, keys))));

const plainValues = ([dest, patch]: readonly Maybe[]): string[][] =>
  distinct([patch, dest].flatMap((source) => source?.items.map((item) => [item.text]) ?? []));

const distinct = (values: string[][]): string[][] => {
  const seen = new Set<string>();
  return values.filter((value) => {
    const key = value.join('\0');
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
};

/** Elements that leave out some of several keys are the same as those that agree in the others. */
const joinPartialKeys = (values: string[][]): string[][] => {
  for (let left = 0; left < values.length; left++) {
    for (let right = 0; right < values.length; right++) {
      const joined = joinKeys(values[left] ?? [], values[right] ?? []);
      if (joined === undefined) continue;
      values[left] = joined;
      values[right] = joined;
    }
  }
  return values;
};

const joinKeys = (left: readonly string[], right: readonly string[]): string[] | undefined => {
  if (left.length !== right.length) return undefined;
  let hasCommon = false;
  const joined: string[] = [];
  for (const [at, value] of left.entries()) {
    const other = right[at] ?? '';
    if (value === other) hasCommon = true;
    else if (value !== '' && other !== '') return undefined;
    joined.push(value !== '' ? value : other);
  }
  return hasCommon ? joined : undefined;
};

/** Only the keys that any element has count; all of them when none has any. */
const validKeys = (
  all: readonly (readonly string[])[],
  values: readonly string[],
  keys: readonly string[],
): { keys: string[]; values: string[] } => {
  const used = new Set<string>();
  for (const list of all) for (const [at, value] of list.entries()) if (value !== '') used.add(keys[at] ?? '');
  if (used.size === 0) return { keys: [...keys], values: [...values] };
  return {
    keys: keys.filter((key) => used.has(key)),
    values: values.filter((value, at) => value !== '' || used.has(keys[at] ?? '')),
  };
};

const appendElements = (target: Node, source: Node, keys: readonly string[]): void => {
  for (const element of source.items) {
    if ((keys[0] ?? '') === '') {
      setElement(target, [''], [element.text], element);
      continue;
    }
    const values: string[] = [];
    for (const key of keys) {
      requireKind('map', element);
      const field = fieldOf(element, key);
      if (field === undefined) target.items.push(element);
      else values.push(field.text);
    }
    if (keys.length > 1) setElement(target, keys, values, undefined);
    setElement(target, keys, values, element);
  }
};
