import type { CallExpr, Expr, FoldExpr, ListExpr, Literal, MapExpr, SelectExpr } from './ast.js';
import type { Checked } from './checker.js';
import type { Overload } from './environment.js';
import { ProgramError } from './source.js';
import { at, fieldOf, hasField, optionalAt } from './operators.js';
import { callCost } from './runtime-cost.js';
import {
  CelError,
  EntriesMap,
  fitsType,
  GatheredList,
  GatheredMap,
  MapValue,
  noSuchOverload,
  OptionalValue,
  typeNameOf,
  TypeValue,
  UintValue,
  type CelValue,
} from './values.js';

/** An evaluation that was stopped because it cost too much. It is no value of the expression: nothing absorbs it. */
export class CostExceeded extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

interface Scope {
  readonly name: string;
  value: CelValue;
  readonly outer: Scope | undefined;
}

/** One evaluation: its variables, and what it has cost so far. */
export class Evaluation {
  cost = 0;

  constructor(
    private readonly variables: (name: string) => CelValue,
    private readonly limit: number,
  ) {}

  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) throw new CostExceeded();
  }

  variable(name: string): CelValue {
    const value = this.variables(name);
    if (value === undefined) throw new CelError(`no such attribute(s): ${name}`);
    return value;
  }
}

type Step = (evaluation: Evaluation, scope: Scope | undefined) => CelValue;

/** Turns a checked expression into a function. */
export const interpret = (checked: Checked): ((evaluation: Evaluation) => CelValue) => {
  const step = new Interpreter(checked).step(checked.expression, []);
  return (evaluation) => step(evaluation, undefined);
};

const literalValue = (literal: Literal): CelValue => {
  if (literal.type === 'null') return null;
  return literal.type === 'uint' ? new UintValue(literal.value) : literal.value;
};

/** A list or map of literals is made once and costs nothing. */
const isConstant = (expression: Expr): boolean => {
  if (expression.kind === 'literal') return true;
  if (expression.kind === 'list')
    return expression.elements.every(({ value, optional }) => !optional && isConstant(value));
  return false;
};

const lookUp = (scope: Scope | undefined, name: string): Scope | undefined => {
  let found = scope;
  while (found !== undefined && found.name !== name) found = found.outer;
  return found;
};

const asBoolean = (value: CelValue): boolean => {
  if (typeof value !== 'boolean') throw noSuchOverload();
  return value;
};

class Interpreter {
  constructor(private readonly checked: Checked) {}

  /** `locals` are the names that folds around the expression give. */
  step(expression: Expr, locals: readonly string[]): Step {
    const name = this.checked.qualifiedName(expression);
    if ((expression.kind === 'ident' || expression.kind === 'select') && name !== undefined)
      return this.global(expression, name);
    switch (expression.kind) {
      case 'literal': {
        const value = literalValue(expression.literal);
        return () => value;
      }
      case 'ident':
        return this.local(expression.name);
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
        throw new CelError(`unsupported expression ${expression.kind}`);
    }
  }

  private global(expression: Expr, name: string): Step {
    if (!this.checked.variables.has(name) && this.checked.typeOf(expression).kind === 'type') {
      const type = new TypeValue(name);
      return () => type;
    }
    return (evaluation) => {
      evaluation.charge(1);
      return evaluation.variable(name);
    };
  }

  private local(name: string): Step {
    return (evaluation, scope) => {
      evaluation.charge(1);
      const found = lookUp(scope, name);
      return found === undefined ? evaluation.variable(name) : found.value;
    };
  }

  private select({ operand, field, test }: SelectExpr, locals: readonly string[]): Step {
    const inner = this.step(operand, locals);
    if (test) return (evaluation, scope) => hasField(inner(evaluation, scope), field);
    return (evaluation, scope) => {
      const value = inner(evaluation, scope);
      evaluation.charge(1);
      return fieldOf(value, field);
    };
  }

  private call(expression: CallExpr, locals: readonly string[]): Step {
    const { fn, target, args } = expression;
    const isNamespaced = this.checked.qualifiedName(expression) !== undefined;
    const operands = [...(target === undefined || isNamespaced ? [] : [target]), ...args].map((each) =>
      this.step(each, locals),
    );
    const [first, second, third] = operands as [Step, Step, Step];
    switch (fn) {
      case '_&&_':
        return logical(first, second, false);
      case '_||_':
        return logical(first, second, true);
      case '_?_:_':
        return (evaluation, scope) =>
          asBoolean(first(evaluation, scope)) ? second(evaluation, scope) : third(evaluation, scope);
      case '@not_strictly_false':
        return notStrictlyFalse(first);
      case '_?._':
        return (evaluation, scope) => {
          const value = first(evaluation, scope);
          evaluation.charge(1);
          return optionalAt(value, second(evaluation, scope));
        };
      case '_[_]':
      case '_[?_]':
        return index(first, second, fn === '_[_]' ? at : optionalAt);
      case 'or':
      case 'orValue':
        if (target !== undefined && !isNamespaced) return optionalElse(first, second, fn === 'or');
    }
    const name = this.checked.qualifiedName(expression) ?? fn;
    const step = strict(name, this.checked.overloadsOf(expression), operands);
    const [only, ...more] = args;
    if (target === undefined && more.length === 0 && only?.kind === 'literal' && CONVERSIONS.has(fn)) tryOut(step);
    return step;
  }

  private list(expression: ListExpr, locals: readonly string[]): Step {
    const elements = expression.elements.map(({ value, optional }) => ({ step: this.step(value, locals), optional }));
    const cost = isConstant(expression) ? 0 : 10;
    return (evaluation, scope) => {
      const list: CelValue[] = [];
      for (const { step, optional } of elements) {
        const value = step(evaluation, scope);
        if (!optional) list.push(value);
        else if (!(value instanceof OptionalValue))
          throw new CelError('cannot initialize optional list element from non-optional value');
        else if (value.isPresent) list.push(value.value);
      }
      evaluation.charge(cost);
      return list;
    };
  }

  private map(expression: MapExpr, locals: readonly string[]): Step {
    const entries = expression.entries.map(({ key, value, optional }) => ({
      key: this.step(key, locals),
      value: this.step(value, locals),
      optional,
    }));
    return (evaluation, scope) => {
      const made: [CelValue, CelValue][] = [];
      for (const entry of entries) {
        const key = entry.key(evaluation, scope);
        const value = entry.value(evaluation, scope);
        if (!entry.optional) made.push([key, value]);
        else if (!(value instanceof OptionalValue))
          throw new CelError(`cannot initialize optional entry '${String(key)}' from non-optional value`);
        else if (value.isPresent) made.push([key, value.value]);
      }
      evaluation.charge(30);
      return new EntriesMap(made);
    };
  }

  private fold(expression: FoldExpr, locals: readonly string[]): Step {
    const { variable, second, accumulator } = expression;
    const range = this.step(expression.range, locals);
    const init = this.step(expression.init, locals);
    const inner = [...locals, accumulator, variable, ...(second === undefined ? [] : [second])];
    const condition = this.step(expression.condition, inner);
    const step = this.step(expression.step, inner);
    const result = this.step(expression.result, [...locals, accumulator]);
    return (evaluation, outer) => {
      const over = range(evaluation, outer);
      const gathered: Scope = { name: accumulator, value: gathering(init(evaluation, outer)), outer };
      for (const [key, value] of elementsOf(over, second !== undefined)) {
        let scope: Scope = { name: variable, value: key, outer: gathered };
        if (second !== undefined) scope = { name: second, value, outer: scope };
        if (condition(evaluation, scope) !== true) break;
        gathered.value = attempt(step, evaluation, scope);
      }
      const { value } = gathered;
      gathered.value = value instanceof GatheredList ? Array.from(value) : value;
      if (value instanceof Failure) throw value.error;
      return result(evaluation, gathered);
    };
  }
}

/** What changes the type of a value. */
const CONVERSIONS = new Set(['bool', 'bytes', 'double', 'int', 'string', 'uint']);

/** What is written out is converted before it is ever used. Throws a ProgramError when it cannot be. */
const tryOut = (step: Step): void => {
  try {
    step(new Evaluation(() => undefined, Number.POSITIVE_INFINITY), undefined);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    throw new ProgramError(`program instantiation failed: ${error.message}`);
  }
};

/** An error on its way through a fold: `exists` may still come to find what holds. */
class Failure {
  constructor(readonly error: CelError) {}
}

const attempt = (step: Step, evaluation: Evaluation, scope: Scope): CelValue => {
  try {
    return step(evaluation, scope);
  } catch (error) {
    if (error instanceof CelError) return new Failure(error);
    throw error;
  }
};

const valueOf = (value: CelValue): CelValue => {
  if (value instanceof Failure) throw value.error;
  return value;
};

const gathering = (init: CelValue): CelValue => {
  if (Array.isArray(init) && init.length === 0) return new GatheredList();
  return init instanceof EntriesMap && init.size === 0 ? new GatheredMap() : init;
};

/** What a fold goes through: elements, keys, or pairs of index or key and value. */
function* elementsOf(range: CelValue, isPairs: boolean): Iterable<[CelValue, CelValue]> {
  if (Array.isArray(range)) {
    for (const [index, value] of range.entries()) yield isPairs ? [BigInt(index), value] : [value, undefined];
  } else if (range instanceof MapValue) {
    for (const key of range.keys()) yield [key, isPairs ? range.find(key) : undefined];
  } else {
    throw new CelError(`got 'types.${GO_TYPES[typeNameOf(range)] ?? 'Val'}', expected iterable type`);
  }
}

const GO_TYPES: Readonly<Record<string, string>> = {
  bool: 'Bool',
  bytes: 'Bytes',
  double: 'Double',
  'google.protobuf.Duration': 'Duration',
  'google.protobuf.Timestamp': 'Timestamp',
  int: 'Int',
  null_type: 'Null',
  string: 'String',
  uint: 'Uint',
};

/** `&&` and `||`: an error on one side does not count where the other side decides. */
const logical =
  (first: Step, second: Step, decisive: boolean): Step =>
  (evaluation, scope) => {
    const left = attempt(first, evaluation, scope as Scope);
    if (left === decisive) return decisive;
    const right = valueOf2(second, evaluation, scope, decisive, left);
    if (right === decisive) return decisive;
    if (valueOf(left) !== !decisive || right !== !decisive) throw noSuchOverload();
    return !decisive;
  };

const valueOf2 = (
  second: Step,
  evaluation: Evaluation,
  scope: Scope | undefined,
  decisive: boolean,
  left: CelValue,
): CelValue => {
  const right = attempt(second, evaluation, scope as Scope);
  if (right === decisive) return right;
  valueOf(left);
  return valueOf(right);
};

const notStrictlyFalse =
  (operand: Step): Step =>
  (evaluation, scope) => {
    const value = attempt(operand, evaluation, scope as Scope);
    evaluation.charge(1);
    return value !== false;
  };

const optionalElse =
  (first: Step, second: Step, keepsOptional: boolean): Step =>
  (evaluation, scope) => {
    const value = first(evaluation, scope);
    if (!(value instanceof OptionalValue)) throw noSuchOverload();
    evaluation.charge(1);
    if (!value.isPresent) return second(evaluation, scope);
    return keepsOptional ? value : value.value;
  };

/** What a list or map holds: also under an index or key whose type is only known now. */
const index =
  (container: Step, key: Step, find: (container: CelValue, key: CelValue) => CelValue): Step =>
  (evaluation, scope) => {
    const [held, sought] = [valueOf(container(evaluation, scope)), valueOf(key(evaluation, scope))];
    evaluation.charge(1);
    return find(held, sought);
  };

/** Operators, and the types whose values know them, or say for themselves that they do not. */
const OPERANDS: Readonly<Record<string, readonly string[]>> = {
  '_+_': ['int', 'uint', 'double', 'bytes', 'list'],
  '_-_': ['int', 'uint', 'double'],
  '_*_': ['int', 'uint', 'double'],
  '_/_': ['int', 'uint', 'double'],
  '_%_': ['int', 'uint'],
  '-_': ['int', 'double'],
  '_<_': ['bool', 'int', 'uint', 'double', 'bytes'],
  '_<=_': ['bool', 'int', 'uint', 'double', 'bytes'],
  '_>_': ['bool', 'int', 'uint', 'double', 'bytes'],
  '_>=_': ['bool', 'int', 'uint', 'double', 'bytes'],
};

const SPEAKING = ['string', 'google.protobuf.Timestamp', 'google.protobuf.Duration'];

/** Functions that look at their operands themselves. */
const UNNAMED = /^(?:contains|startsWith|endsWith|matches|@in|!_|_==_|_!=_|math\..*|base64\..*|format)$/;

/** A call that no overload of its function can take. */
const unfit = (name: string, values: readonly CelValue[]): CelError => {
  const first = typeNameOf(values[0]);
  const known = Object.hasOwn(OPERANDS, name) ? OPERANDS[name] : undefined;
  if (known !== undefined) {
    return known.includes(first) || SPEAKING.includes(first)
      ? noSuchOverload()
      : new CelError(`no such overload: ${name}`);
  }
  if (name === 'size') return new CelError('no such overload: size');
  if (UNNAMED.test(name)) return noSuchOverload();
  return new CelError(`no such overload: ${name}(${values.map(typeNameOf).join(', ')})`);
};

/** A call whose operands are all evaluated first. */
const strict = (name: string, overloads: readonly Overload[], operands: readonly Step[]): Step => {
  const id = overloads.length === 1 ? (overloads[0] as Overload).id : '';
  return (evaluation, scope) => {
    const values = operands.map((operand) => valueOf(operand(evaluation, scope)));
    const overload = overloads.find(({ params }) => params.every((type, index) => fitsType(values[index], type)));
    if (overload === undefined) throw unfit(name, values);
    const result = overload.run(...(values as never[]));
    evaluation.charge(callCost(name, id, values, result));
    return result;
  };
};
