import type { CallExpr, Expr, FoldExpr, ListExpr, MapExpr, SelectExpr } from './ast.js';
import { estimateCall, type Operand } from './call-estimates.js';
import type { Checked } from './checker.js';
import { fixed, NOTHING, plus, spanning, sumOf, times, UNKNOWN, type Range } from './estimate-range.js';
import { isOptional, type CelType } from './types.js';
import { codePoints } from './values.js';

/** A path through the variables: their names, those of fields, and `@items`, `@keys` and `@values`. */
export type SizePath = readonly string[];

/** How much of the value at a path there may be; undefined where nothing limits it. */
export type SizeOfPath = (path: SizePath) => Range | undefined;

interface Entries {
  readonly key: Range;
  readonly value: Range;
}

interface Local {
  readonly path: SizePath | undefined;
  readonly size: Range | undefined;
  readonly entries: Entries | undefined;
}

type Locals = ReadonlyMap<string, Local>;

const SCALARS: ReadonlySet<string> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint']);

const isScalar = (type: CelType): boolean =>
  SCALARS.has(type.kind) || (isOptional(type) && isScalar(type.params[0] as CelType));

/**
 * What evaluating an expression costs at least and at most, in the units of CEL, before any value is known. It decides
 * which rules a definition may have, so it follows cel-go's own estimate step by step.
 */
export const estimateCost = (checked: Checked, sizeOfPath: SizeOfPath): Range =>
  new Estimator(checked, sizeOfPath).cost(checked.expression, new Map());

class Estimator {
  private readonly paths = new Map<Expr, SizePath>();
  private readonly sizes = new Map<Expr, Range>();
  private readonly entries = new Map<Expr, Entries>();

  constructor(
    private readonly checked: Checked,
    private readonly sizeOfPath: SizeOfPath,
  ) {}

  cost(expression: Expr, locals: Locals): Range {
    const name = this.checked.qualifiedName(expression);
    if (name !== undefined && (expression.kind === 'ident' || expression.kind === 'select')) {
      this.paths.set(expression, [name]);
      return fixed(1);
    }
    switch (expression.kind) {
      case 'literal':
        return NOTHING;
      case 'ident':
        this.paths.set(expression, locals.get(expression.name)?.path ?? [expression.name]);
        return fixed(1);
      case 'select':
        return this.select(expression, locals);
      case 'call':
        return this.call(expression, locals);
      case 'list':
        return this.list(expression, locals);
      case 'map':
        return this.map(expression, locals);
      case 'fold':
        return this.fold(expression, locals);
      default:
        return fixed(40);
    }
  }

  private select(expression: SelectExpr, locals: Locals): Range {
    const operand = this.cost(expression.operand, locals);
    if (expression.test) return operand;
    const path = this.pathOf(expression.operand, locals);
    this.paths.set(expression, [...path, expression.field]);
    const { kind } = this.checked.typeOf(expression.operand);
    return kind === 'map' || kind === 'object' || kind === 'param' ? plus(operand, fixed(1)) : operand;
  }

  /** Empty for what no variable leads to; what is within that has a path again, that of cel-go: it begins anywhere. */
  private pathOf(expression: Expr, locals: Locals): SizePath {
    const local = expression.kind === 'ident' ? locals.get(expression.name) : undefined;
    return (local === undefined ? this.paths.get(expression) : local.path) ?? [];
  }

  private limitAt(path: SizePath): Range | undefined {
    return path.length === 0 ? undefined : this.sizeOfPath(path);
  }

  private sizeOf(expression: Expr, locals: Locals): Range | undefined {
    const known = this.sizes.get(expression) ?? ownSize(expression);
    if (known !== undefined) return known;
    const limited = this.limitAt(this.pathOf(expression, locals));
    if (limited !== undefined) return limited;
    if (isScalar(this.checked.typeOf(expression))) return fixed(1);
    return expression.kind === 'ident' ? locals.get(expression.name)?.size : undefined;
  }

  private entriesOf(expression: Expr, locals: Locals): Entries | undefined {
    return (
      this.entries.get(expression) ?? (expression.kind === 'ident' ? locals.get(expression.name)?.entries : undefined)
    );
  }

  private operand(expression: Expr, locals: Locals): Operand {
    const type = this.checked.typeOf(expression);
    const element = type.kind === 'list' || type.kind === 'map' ? type.params[0] : undefined;
    const path = this.pathOf(expression, locals);
    return {
      expression,
      type,
      size: this.sizeOf(expression, locals) ?? UNKNOWN,
      elements:
        element === undefined
          ? undefined
          : { type: element, size: (path.length === 0 ? undefined : this.limitAt([...path, '@items'])) ?? UNKNOWN },
    };
  }

  private call(expression: CallExpr, locals: Locals): Range {
    const { fn, args, target } = expression;
    if (fn === 'dyn' && target === undefined) return this.dynamic(expression, locals);
    const costs = args.map((arg) => this.cost(arg, locals));
    const qualified = this.checked.qualifiedName(expression);
    const hasTarget = target !== undefined && qualified === undefined;
    const targetCost = hasTarget ? this.cost(target, locals) : NOTHING;
    if (fn === '_?._') return plus(sumOf(costs), fixed(1));
    const special = this.special(expression, costs, locals);
    if (special !== undefined) return plus(targetCost, special);
    const operands = args.map((arg) => this.operand(arg, locals));
    let cost: Range | undefined;
    let size: Range | undefined;
    for (const { id } of this.checked.overloadsOf(expression)) {
      const made = estimateCall(qualified ?? fn, {
        id,
        target: hasTarget ? this.operand(target, locals) : undefined,
        args: operands,
      });
      cost = cost === undefined ? made.cost : spanning(cost, made.cost);
      if (made.size !== undefined) size = size === undefined ? made.size : spanning(size, made.size);
      if (id === 'index_list' || id === 'index_map') this.index(expression, id, locals);
    }
    if (size !== undefined) this.sizes.set(expression, size);
    return plus(targetCost, plus(cost ?? NOTHING, sumOf(costs)));
  }

  private dynamic(expression: CallExpr, locals: Locals): Range {
    const [arg] = expression.args as [Expr];
    const cost = this.cost(arg, locals);
    const size = this.sizeOf(arg, locals);
    if (size !== undefined) this.sizes.set(expression, size);
    const entries = this.entriesOf(arg, locals);
    if (entries !== undefined) this.entries.set(expression, entries);
    return plus(fixed(1), cost);
  }

  private index(expression: CallExpr, id: string, locals: Locals): void {
    const [container] = expression.args as [Expr];
    const value = this.entriesOf(container, locals)?.value;
    if (value !== undefined) this.sizes.set(expression, value);
    const path = this.pathOf(container, locals);
    this.paths.set(expression, [...path, id === 'index_list' ? '@items' : '@values']);
  }

  /** Operators whose operands are not all evaluated; what a choice or a sum holds is what its operands hold. */
  private special(expression: CallExpr, costs: readonly Range[], locals: Locals): Range | undefined {
    const { fn, args } = expression;
    const [first = NOTHING, second = NOTHING, third = NOTHING] = costs;
    if (fn === '_&&_' || fn === '_||_') return { min: first.min, max: plus(first, second).max };
    const [a, b] = fn === '_+_' ? args : args.slice(1);
    if ((fn !== '_+_' && fn !== '_?_:_') || a === undefined || b === undefined) return undefined;
    const [left, right] = [this.entriesOf(a, locals), this.entriesOf(b, locals)];
    if (left !== undefined && right !== undefined) this.entries.set(expression, unite(left, right));
    if (fn === '_+_') return undefined;
    this.sizes.set(expression, spanning(this.sizeOf(a, locals) ?? UNKNOWN, this.sizeOf(b, locals) ?? UNKNOWN));
    return plus(first, spanning(second, third));
  }

  private list(expression: ListExpr, locals: Locals): Range {
    const costs = expression.elements.map(({ value }) => this.cost(value, locals));
    const sizes = expression.elements.map(({ value }) => this.sizeOf(value, locals) ?? UNKNOWN);
    this.entries.set(expression, { key: fixed(1), value: unionOf(sizes) });
    return plus(sumOf(costs), fixed(10));
  }

  private map(expression: MapExpr, locals: Locals): Range {
    const costs = expression.entries.flatMap(({ key, value }) => [this.cost(key, locals), this.cost(value, locals)]);
    const size = (part: Expr): Range => this.sizeOf(part, locals) ?? UNKNOWN;
    const keys = expression.entries.map(({ key }) => size(key));
    const values = expression.entries.map(({ value }) => size(value));
    this.entries.set(expression, { key: unionOf(keys), value: unionOf(values) });
    return plus(sumOf(costs), fixed(30));
  }

  private fold(expression: FoldExpr, locals: Locals): Range {
    const { range, init, accumulator, condition, step, result } = expression;
    const before = plus(this.cost(range, locals), this.cost(init, locals));
    const gathered: Local = {
      path: accumulator === '@result' ? undefined : this.pathOf(init, locals),
      size: this.sizeOf(init, locals),
      entries: this.entriesOf(init, locals),
    };
    const outer = new Map(locals).set(accumulator, gathered);
    if (range.kind === 'list' && range.elements.length === 0 && expression.variable === '#unused')
      return plus(before, this.bound(expression, outer, locals));
    const inner = this.loopLocals(expression, outer, locals);
    const loop = plus(this.cost(condition, inner), this.cost(step, inner));
    const after = this.cost(result, outer);
    const count = this.sizeOf(range, locals) ?? UNKNOWN;
    if (init.kind === 'literal') this.sizes.set(expression, ownSize(init) ?? fixed(1));
    if (init.kind === 'list' || init.kind === 'map') {
      this.sizes.set(expression, count);
      const entries = this.entriesOf(step, inner);
      if (entries !== undefined) this.entries.set(expression, entries);
    }
    return plus(plus(before, after), times(count, loop));
  }

  /** A fold over nothing only gives a name to a value. */
  private bound(expression: FoldExpr, outer: Locals, locals: Locals): Range {
    const cost = this.cost(expression.result, outer);
    const size = this.sizeOf(expression.result, outer);
    if (size !== undefined) this.sizes.set(expression, size);
    const entries = this.entriesOf(expression.result, locals);
    if (entries !== undefined) this.entries.set(expression, entries);
    return cost;
  }

  private loopLocals({ range, variable, second }: FoldExpr, outer: Locals, locals: Locals): Locals {
    const entries = this.entriesOf(range, locals);
    const isList = this.checked.typeOf(range).kind === 'list';
    const path = this.pathOf(range, locals);
    const local = (part: string, size: Range | undefined): Local => ({
      path: [...path, part],
      size,
      entries: undefined,
    });
    const inner = new Map(outer);
    if (second !== undefined) {
      inner.set(variable, local(isList ? '@indices' : '@keys', entries?.key));
      return inner.set(second, local(isList ? '@items' : '@values', entries?.value));
    }
    return inner.set(variable, isList ? local('@items', entries?.value) : local('@keys', entries?.key));
  }
}

const unite = (a: Entries, b: Entries): Entries => ({
  key: spanning(a.key, b.key),
  value: spanning(a.value, b.value),
});

const unionOf = (sizes: readonly Range[]): Range => {
  const [first, ...rest] = sizes;
  return first === undefined ? NOTHING : rest.reduce(spanning, first);
};

/** The size that a literal shows. */
const ownSize = (expression: Expr): Range | undefined => {
  if (expression.kind === 'list') return fixed(expression.elements.length);
  if (expression.kind === 'map') return fixed(expression.entries.length);
  if (expression.kind !== 'literal') return undefined;
  const { literal } = expression;
  if (literal.type === 'string') return fixed(codePoints(literal.value));
  return fixed(literal.type === 'bytes' ? literal.value.length : 1);
};
