import { goQuote } from '../template/quote.js';
import { formatProblem } from './formats.js';
import {
  display,
  equals,
  groupedCount,
  groupedNumber,
  isMultiple,
  isObject,
  type Json,
  type JsonObject,
  quote,
  quotedList,
  typeOf,
} from './json.js';
import { matchesPattern } from './patterns.js';
import { type Problem, SchemaFailure } from './problem.js';
import { escapeStep } from './schema-document.js';
import type { NumberKeyword, SchemaNode } from './schema-node.js';

/** How the validator came to a schema. */
interface Scope {
  readonly node: SchemaNode;
  /** The reference that led there. */
  readonly keyword: string;
  /** The same for the same value. */
  readonly depth: number;
  readonly parent: Scope | undefined;
  readonly budget: { steps: number };
}

/** A few lines of references can stand for billions of checks. */
const MAX_STEPS = 5_000_000;

/** Members and items that no schema has looked at. */
interface Unevaluated {
  members: Set<string>;
  items: Set<number>;
}

const isUsed = (left: Unevaluated): boolean => left.members.size > 0 || left.items.size > 0;

const unevaluatedOf = (value: Json, node: SchemaNode, isWanted: boolean): Unevaluated => {
  const left: Unevaluated = { members: new Set(), items: new Set() };
  if (isObject(value)) {
    const wanted = isWanted || node.unevaluatedProperties !== undefined;
    if (wanted && node.additionalProperties === undefined) left.members = new Set(Object.keys(value));
  } else if (Array.isArray(value) && (isWanted || node.unevaluatedItems !== undefined)) {
    const all = node.draft < 2020 ? node.additionalItems !== undefined || isNode(node.items) : node.items !== undefined;
    const from =
      node.draft < 2020 ? (isNode(node.items) ? 0 : (node.items?.length ?? 0)) : (node.prefixItems?.length ?? 0);
    if (!all) for (let i = from; i < value.length; i++) left.items.add(i);
  }
  return left;
};

const isNode = (items: SchemaNode['items']): items is SchemaNode => items !== undefined && !Array.isArray(items);

/** What is wrong with a value, by a schema; empty when nothing is. */
export const validate = (node: SchemaNode, value: Json, budget = { steps: MAX_STEPS }): readonly Problem[] => {
  const scope: Scope = { node, keyword: '', depth: 0, parent: undefined, budget };
  const found = new Validation(node, value, [], scope, unevaluatedOf(value, node, false), false).run();
  if (found === undefined) return [];
  return found.isGroup === true ? found.causes : [found];
};

/** One value under one schema. */
class Validation {
  private readonly problems: Problem[] = [];

  constructor(
    private readonly node: SchemaNode,
    private readonly value: Json,
    private readonly path: readonly string[],
    private readonly scope: Scope,
    readonly left: Unevaluated,
    /** Only whether there is a problem is asked. */
    private readonly isBrief: boolean,
  ) {}

  run(): Problem | undefined {
    const { node, value, problems } = this;
    this.scope.budget.steps -= 1;
    if (this.scope.budget.steps < 0) throw new SchemaFailure(`the schema takes more than ${MAX_STEPS} checks`);
    if (node.always !== undefined) return node.always ? undefined : this.problem('false schema');
    const first = this.cycle() ?? this.firstProblem();
    if (first !== undefined) return this.problem(first);
    if (node.ref !== undefined) {
      const found = this.reference(node.ref, '$ref');
      if (node.draft < 2019) return found;
      this.add(found);
    }
    if (isObject(value)) this.object(value);
    else if (Array.isArray(value)) this.array(value);
    else if (typeof value === 'string') this.text(value);
    else if (typeof value === 'number') this.number(value);
    if (problems.length === 0 || !this.isBrief) {
      if (node.draft >= 2019) this.dynamicReferences();
      this.conditions();
      if (node.draft >= 2019) this.unevaluated();
    }
    const [only] = problems;
    return problems.length <= 1 ? only : { ...this.problem('validation failed', problems), isGroup: true };
  }

  private problem(text: string, causes: readonly Problem[] = []): Problem {
    return { path: this.path, text, causes };
  }

  private add(found: Problem | undefined): void {
    if (found !== undefined) this.problems.push(found);
  }

  private fail(text: string, causes: readonly Problem[] = []): void {
    this.problems.push(this.problem(text, causes));
  }

  /** The same value under another schema. */
  private self(node: SchemaNode, keyword = '', isBrief = false): Problem | undefined {
    const scope: Scope = { node, keyword, depth: this.scope.depth, parent: this.scope, budget: this.scope.budget };
    const left = unevaluatedOf(this.value, node, isUsed(this.left));
    const inner = new Validation(node, this.value, this.path, scope, left, this.isBrief || isBrief);
    const found = inner.run();
    if (found === undefined) {
      for (const name of this.left.members) if (!left.members.has(name)) this.left.members.delete(name);
      for (const item of this.left.items) if (!left.items.has(item)) this.left.items.delete(item);
    }
    return found;
  }

  /** A part of the value. */
  private inner(node: SchemaNode, value: Json, step: string): Problem | undefined {
    const scope: Scope = {
      node,
      keyword: '',
      depth: this.scope.depth + 1,
      parent: this.scope,
      budget: this.scope.budget,
    };
    return new Validation(
      node,
      value,
      [...this.path, step],
      scope,
      unevaluatedOf(value, node, false),
      this.isBrief,
    ).run();
  }

  private cycle(): string | undefined {
    for (let at = this.scope.parent; at !== undefined && at.depth === this.scope.depth; at = at.parent) {
      if (at.node !== this.node) continue;
      return `both ${placeOf(this.scope)} and ${placeOf(at)} resolve to ${goQuote(this.node.location)} causing reference cycle`;
    }
    return undefined;
  }

  /** Type, const, enum and format: the first that fails ends the search. */
  private firstProblem(): string | undefined {
    const { node, value } = this;
    const got = typeOf(value);
    if (node.types !== undefined && !node.types.includes(got)) {
      const isInteger = typeof value === 'number' && Number.isInteger(value) && node.types.includes('integer');
      if (!isInteger) return `got ${got}, want ${node.types.join(' or ')}`;
    }
    if (node.constant !== undefined && !equals(value, node.constant.value)) {
      const { value: wanted } = node.constant;
      return typeof wanted === 'object' && wanted !== null ? "'const' failed" : `value must be ${display(wanted)}`;
    }
    if (node.options !== undefined && !node.options.some((option) => equals(value, option))) {
      if (node.options.some((option) => typeof option === 'object' && option !== null)) return "'enum' failed";
      const [only] = node.options;
      return node.options.length === 1
        ? `value must be ${display(only ?? null)}`
        : `value must be one of ${node.options.map(display).join(', ')}`;
    }
    if (node.format === undefined || typeof value !== 'string') return undefined;
    const wrong = formatProblem(node.format, value);
    return wrong === undefined ? undefined : `${quote(value)} is not valid ${node.format}: ${wrong}`;
  }

  private reference(node: SchemaNode, keyword: string): Problem | undefined {
    const found = this.self(node, keyword);
    if (found === undefined) return undefined;
    const causes = found.isGroup === true ? found.causes : [found];
    return { ...this.problem('validation failed', causes), isReference: true };
  }

  private dynamicReferences(): void {
    const { recursiveRef, dynamicRef } = this.node;
    if (recursiveRef !== undefined) {
      let target = recursiveRef;
      if (target.recursiveAnchor === true) {
        for (let at: Scope | undefined = this.scope; at !== undefined; at = at.parent) {
          const root = nodeOfResource(at.node);
          if (root?.recursiveAnchor === true) target = root;
        }
      }
      this.add(this.reference(target, '$recursiveRef'));
    }
    if (dynamicRef === undefined) return;
    let target = dynamicRef.node;
    if (dynamicRef.anchor !== '' && target.dynamicAnchor === dynamicRef.anchor) {
      for (let at: Scope | undefined = this.scope; at !== undefined; at = at.parent) {
        const { resource } = at.node;
        if (!resource.dynamicAnchors.has(dynamicRef.anchor)) continue;
        target = at.node.compiled(resource.anchors.get(dynamicRef.anchor) ?? '') ?? target;
      }
    }
    this.add(this.reference(target, '$dynamicRef'));
  }

  /** A count or bound that does not hold. */
  private bound(keyword: NumberKeyword, got: number, isWrong: (wanted: number) => boolean): void {
    const wanted = this.node.numbers[keyword];
    if (wanted === undefined || !isWrong(wanted)) return;
    const show = /^(?:min|max)[A-Z]/.test(keyword) ? groupedCount : groupedNumber;
    this.fail(`${keyword}: got ${show(got)}, want ${show(wanted)}`);
  }

  private missing(value: JsonObject, wanted: readonly string[]): string[] {
    return wanted.filter((name) => !Object.hasOwn(value, name));
  }

  private object(value: JsonObject): void {
    const { node } = this;
    const count = Object.keys(value).length;
    this.bound('minProperties', count, (wanted) => count < wanted);
    this.bound('maxProperties', count, (wanted) => count > wanted);
    const missing = this.missing(value, node.required ?? []);
    if (missing.length === 1) this.fail(`missing property ${quote(missing[0] ?? '')}`);
    else if (missing.length > 1) this.fail(`missing properties ${quotedList(missing)}`);
    for (const [name, dependency] of node.dependencies ?? []) {
      if (!Object.hasOwn(value, name)) continue;
      if (isTexts(dependency)) this.needs(value, name, dependency);
      else this.add(this.self(dependency));
    }
    this.members(value);
    if (node.propertyNames !== undefined) {
      for (const name of Object.keys(value)) {
        const causes = validate(node.propertyNames, name, this.scope.budget);
        if (causes.length > 0) this.problems.push({ path: [], text: `invalid propertyName ${quote(name)}`, causes });
      }
    }
    for (const [name, schema] of node.dependentSchemas ?? []) {
      if (Object.hasOwn(value, name)) this.add(this.self(schema));
    }
    for (const [name, wanted] of node.dependentRequired ?? []) {
      if (Object.hasOwn(value, name)) this.needs(value, name, wanted);
    }
  }

  private needs(value: JsonObject, name: string, wanted: readonly string[]): void {
    const missing = this.missing(value, wanted);
    if (missing.length > 0) this.fail(`properties ${quotedList(missing)} required, if ${quote(name)} exists`);
  }

  private members(value: JsonObject): void {
    const { properties, patternProperties, additionalProperties } = this.node;
    const additional: string[] = [];
    for (const [name, item] of Object.entries(value)) {
      const schemas: SchemaNode[] = [];
      const own = properties?.get(name);
      if (own !== undefined) schemas.push(own);
      for (const [pattern, schema] of patternProperties ?? []) if (matchesPattern(pattern, name)) schemas.push(schema);
      for (const schema of schemas) this.add(this.inner(schema, item, name));
      if (schemas.length === 0 && additionalProperties !== undefined) {
        if (additionalProperties === false) additional.push(name);
        else if (additionalProperties !== true) this.add(this.inner(additionalProperties, item, name));
      }
      if (schemas.length > 0 || additionalProperties !== undefined) this.left.members.delete(name);
    }
    if (additional.length > 0) this.fail(`additional properties ${quotedList(additional)} not allowed`);
  }

  private array(value: readonly Json[]): void {
    const { node } = this;
    this.bound('minItems', value.length, (wanted) => value.length < wanted);
    this.bound('maxItems', value.length, (wanted) => value.length > wanted);
    const pair = node.uniqueItems === true ? duplicates(value) : undefined;
    if (pair !== undefined) this.fail(`items at ${pair[0]} and ${pair[1]} are equal`);
    this.items(value);
    if (node.contains !== undefined) this.contains(node.contains, value);
  }

  private items(value: readonly Json[]): void {
    const { node } = this;
    const { items, additionalItems } = node;
    const places = node.draft < 2020 ? (isNode(items) ? [] : (items ?? [])) : (node.prefixItems ?? []);
    const known = Math.min(places.length, value.length);
    for (const [i, item] of value.entries()) {
      const schema = i < known ? places[i] : isNode(items) ? items : additionalItems;
      // Helm's validator counts what comes after the places from zero.
      const step = String(i < known ? i : i - known);
      if (schema !== undefined && typeof schema === 'object') this.add(this.inner(schema, item, step));
    }
    if (additionalItems === false && known !== value.length)
      this.fail(`last ${groupedCount(value.length - known)} additionalItem(s) not allowed`);
  }

  private contains(schema: SchemaNode, value: readonly Json[]): void {
    const causes: Problem[] = [];
    const matched: number[] = [];
    for (const [i, item] of value.entries()) {
      const found = this.inner(schema, item, String(i));
      if (found !== undefined) {
        causes.push(found);
        continue;
      }
      matched.push(i);
      if (this.node.draft >= 2020) this.left.items.delete(i);
    }
    const { minContains, maxContains } = this.node.numbers;
    const but = `but matched ${matched.length} items at ${matched.join(' ')}`;
    if (minContains === undefined) {
      if (matched.length === 0) this.fail('no items match contains schema', causes);
    } else if (matched.length < minContains) {
      const got = matched.length === 0 ? 'but none matched' : but;
      this.fail(`min ${groupedCount(minContains)} items required to match contains schema, ${got}`, causes);
    }
    if (maxContains !== undefined && matched.length > maxContains)
      this.fail(`max ${groupedCount(maxContains)} items required to match contains schema, ${but}`);
  }

  private text(value: string): void {
    const { pattern, numbers } = this.node;
    if (numbers.minLength !== undefined || numbers.maxLength !== undefined) {
      const length = Array.from(value).length;
      this.bound('minLength', length, (wanted) => length < wanted);
      this.bound('maxLength', length, (wanted) => length > wanted);
    }
    if (pattern !== undefined && !matchesPattern(pattern, value))
      this.fail(`${quote(value)} does not match pattern ${quote(pattern)}`);
  }

  private number(value: number): void {
    this.bound('minimum', value, (bound) => value < bound);
    this.bound('maximum', value, (bound) => value > bound);
    this.bound('exclusiveMinimum', value, (bound) => value <= bound);
    this.bound('exclusiveMaximum', value, (bound) => value >= bound);
    this.bound('multipleOf', value, (of) => !isMultiple(value, of));
  }

  private conditions(): void {
    const { node } = this;
    if (node.not !== undefined && this.self(node.not, '', true) === undefined) this.fail("'not' failed");
    if (node.allOf !== undefined) {
      const causes = node.allOf.map((schema) => this.self(schema)).filter((found) => found !== undefined);
      if (causes.length > 0) this.fail("'allOf' failed", causes);
    }
    if (node.anyOf !== undefined && node.anyOf.length > 0) this.anyOf(node.anyOf);
    if (node.oneOf !== undefined && node.oneOf.length > 0) this.oneOf(node.oneOf);
    if (node.if === undefined) return;
    const branch = this.self(node.if, '', true) === undefined ? node.then : node.else;
    if (branch !== undefined) this.add(this.self(branch));
  }

  private anyOf(schemas: readonly SchemaNode[]): void {
    const causes: Problem[] = [];
    let isMatched = false;
    for (const schema of schemas) {
      const found = this.self(schema);
      if (found !== undefined) {
        causes.push(found);
        continue;
      }
      isMatched = true;
      // Only who asks for what nobody looked at has to see them all.
      if (!isUsed(this.left)) break;
    }
    if (!isMatched) this.fail("'anyOf' failed", causes);
  }

  private oneOf(schemas: readonly SchemaNode[]): void {
    const causes: Problem[] = [];
    let matched: number | undefined;
    for (const [i, schema] of schemas.entries()) {
      const found = this.self(schema, '', matched !== undefined);
      if (found !== undefined) {
        causes.push(found);
      } else if (matched === undefined) {
        matched = i;
      } else {
        this.fail(`'oneOf' failed, subschemas ${matched}, ${i} matched`);
        break;
      }
    }
    if (matched === undefined) this.fail("'oneOf' failed, none matched", causes);
  }

  private unevaluated(): void {
    const { node, value, left } = this;
    if (isObject(value) && node.unevaluatedProperties !== undefined) {
      for (const name of left.members) this.add(this.inner(node.unevaluatedProperties, value[name] ?? null, name));
      left.members.clear();
    } else if (Array.isArray(value) && node.unevaluatedItems !== undefined) {
      for (const i of left.items) this.add(this.inner(node.unevaluatedItems, value[i] ?? null, String(i)));
      left.items.clear();
    }
  }
}

const isTexts = (dependency: readonly string[] | SchemaNode): dependency is readonly string[] =>
  Array.isArray(dependency);

const nodeOfResource = (node: SchemaNode): SchemaNode | undefined => node.compiled(node.resource.pointer);

const duplicates = (items: readonly Json[]): readonly [number, number] | undefined => {
  for (let i = 1; i < items.length; i++) {
    for (let j = 0; j < i; j++) if (equals(items[i] ?? null, items[j] ?? null)) return [j, i];
  }
  return undefined;
};

/** The keywords that led to a place. */
const placeOf = (scope: Scope): string => {
  let place = '';
  for (let at = scope; at.parent !== undefined; at = at.parent) {
    const step =
      at.keyword === '' ? at.node.location.slice(at.parent.node.location.length) : `/${escapeStep(at.keyword)}`;
    place = step + place;
  }
  return place;
};
