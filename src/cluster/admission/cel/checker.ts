import type { CallExpr, Expr, FoldExpr, ListExpr, MapExpr, SelectExpr, StructExpr } from './ast.js';
import type { Environment, Overload } from './environment.js';
import { Inference, moreGeneral } from './inference.js';
import { CompileError, type Issue } from './source.js';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DYN,
  ERROR,
  INT,
  isDynamic,
  isOptional,
  listOf,
  mapOf,
  NULL,
  optionalOf,
  readType,
  showType,
  STRING,
  typeOfType,
  UINT,
  withoutOptional,
  type CelType,
} from './types.js';

/** An expression with what its checking found out. */
export interface Checked {
  readonly source: string;
  readonly expression: Expr;
  readonly type: CelType;
  typeOf(expression: Expr): CelType;
  /** What a call may mean; several where a type is only known later. */
  overloadsOf(expression: Expr): readonly Overload[];
  /** Calls whose target is no value but the first part of the function's name: `optional.of`. */
  qualifiedName(expression: Expr): string | undefined;
  /** The variables that it uses. */
  readonly variables: ReadonlySet<string>;
}

const TYPE_NAMES = new Map<string, CelType>(
  [NULL, BOOL, INT, UINT, DOUBLE, STRING, BYTES].map((type) => [type.name, typeOfType(type)] as const),
)
  .set('list', typeOfType(listOf(DYN)))
  .set('map', typeOfType(mapOf(DYN, DYN)))
  .set('type', typeOfType())
  .set('google.protobuf.Timestamp', typeOfType({ kind: 'timestamp', name: 'google.protobuf.Timestamp', params: [] }))
  .set('google.protobuf.Duration', typeOfType({ kind: 'duration', name: 'google.protobuf.Duration', params: [] }))
  .set('optional_type', typeOfType(optionalOf(DYN)));

for (const name of [
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.URL',
  'kubernetes.Semver',
  'kubernetes.NamedFormat',
])
  TYPE_NAMES.set(name, typeOfType(readType(name)));

/** `a.b.c` as the name that it may be; undefined for what is no chain of names. */
const qualifiedName = (expression: Expr): string | undefined => {
  if (expression.kind === 'ident') return expression.name.replace(/^\./, '');
  if (expression.kind !== 'select' || expression.test) return undefined;
  const operand = qualifiedName(expression.operand);
  return operand === undefined ? undefined : `${operand}.${expression.field}`;
};

type Scope = ReadonlyMap<string, CelType>;

/** Gives every part of an expression its type. Throws a CompileError with all that does not fit. */
export const checkExpression = (source: string, expression: Expr, environment: Environment): Checked => {
  const checker = new Checker(environment);
  const type = checker.check(expression, new Map());
  if (checker.issues.length > 0) throw new CompileError(source, checker.issues);
  const { types, calls, names, used } = checker;
  const typeOf = (part: Expr): CelType => checker.inference.resolve(types.get(part) ?? DYN, true);
  return {
    source,
    expression,
    type: checker.inference.resolve(type, true),
    typeOf,
    overloadsOf: (part) => calls.get(part) ?? [],
    qualifiedName: (part) => names.get(part),
    variables: used,
  };
};

class Checker {
  readonly issues: Issue[] = [];
  readonly types = new Map<Expr, CelType>();
  readonly calls = new Map<Expr, readonly Overload[]>();
  readonly names = new Map<Expr, string>();
  readonly used = new Set<string>();
  readonly inference = new Inference();

  constructor(private readonly environment: Environment) {}

  check(expression: Expr, scope: Scope): CelType {
    const type = this.typeFor(expression, scope);
    this.types.set(expression, type);
    return type;
  }

  private report(expression: { readonly offset: number }, message: string): CelType {
    this.issues.push({ offset: expression.offset, message });
    return ERROR;
  }

  private typeFor(expression: Expr, scope: Scope): CelType {
    switch (expression.kind) {
      case 'literal':
        return expression.literal.type === 'null' ? NULL : LITERALS[expression.literal.type];
      case 'ident':
        return (
          this.variable(expression, expression.name, scope) ??
          this.report(expression, `undeclared reference to '${expression.name}' (in container '')`)
        );
      case 'select':
        return this.select(expression, scope);
      case 'call':
        return this.call(expression, scope);
      case 'list':
        return this.list(expression, scope);
      case 'map':
        return this.map(expression, scope);
      case 'struct':
        return this.struct(expression, scope);
      default:
        return this.fold(expression, scope);
    }
  }

  private variable(expression: Expr, written: string, scope: Scope): CelType | undefined {
    const name = written.replace(/^\./, '');
    const local = written.startsWith('.') ? undefined : scope.get(name);
    if (local !== undefined) return local;
    const declared = this.environment.variables.get(name);
    if (declared !== undefined) {
      this.used.add(name);
      this.names.set(expression, name);
      return declared;
    }
    const type = TYPE_NAMES.get(name);
    if (type !== undefined) this.names.set(expression, name);
    return type;
  }

  private select(expression: SelectExpr, scope: Scope): CelType {
    const name = qualifiedName(expression);
    const root = name?.split('.', 1)[0] ?? '';
    if (name !== undefined && !scope.has(root)) {
      const variable = this.variable(expression, name, new Map());
      if (variable !== undefined) return variable;
    }
    const result = this.field(expression, expression.operand, expression.field, scope);
    return expression.test ? BOOL : result;
  }

  private field(expression: Expr, operand: Expr, field: string, scope: Scope): CelType {
    const operandType = this.inference.resolve(this.check(operand, scope));
    const target = withoutOptional(operandType);
    const found = this.fieldOf(expression, target, field);
    return isOptional(operandType) ? optionalOf(found) : found;
  }

  private fieldOf(expression: Expr, target: CelType, field: string): CelType {
    switch (target.kind) {
      case 'map':
        return target.params[1] ?? DYN;
      case 'object':
        return target.fields?.get(field) ?? this.report(expression, `undefined field '${field}'`);
      case 'param':
        this.inference.assignable(DYN, target);
        return DYN;
      default:
        if (!isDynamic(target)) this.report(expression, `type '${showType(target)}' does not support field selection`);
        return DYN;
    }
  }

  private call(expression: CallExpr, scope: Scope): CelType {
    const { fn, target, args } = expression;
    if (fn === '_?._') return this.optionalField(expression, scope);
    const argTypes = args.map((arg) => this.check(arg, scope));
    const { functions } = this.environment;
    if (target === undefined) {
      const declared = functions.get(fn.replace(/^\./, ''));
      return declared === undefined
        ? this.unknownFunction(expression, fn)
        : this.resolve(expression, fn, declared, argTypes, false);
    }
    const prefix = qualifiedName(target);
    const namespaced = prefix === undefined ? undefined : functions.get(`${prefix}.${fn}`);
    if (namespaced !== undefined) {
      this.names.set(expression, `${prefix}.${fn}`);
      return this.resolve(expression, `${prefix}.${fn}`, namespaced, argTypes, false);
    }
    const targetType = this.check(target, scope);
    const declared = functions.get(fn);
    if (declared === undefined) return this.unknownFunction(expression, fn);
    return this.resolve(expression, fn, declared, [targetType, ...argTypes], true);
  }

  private unknownFunction(expression: Expr, name: string): CelType {
    return this.report(expression, `undeclared reference to '${name}' (in container '')`);
  }

  private optionalField(expression: CallExpr, scope: Scope): CelType {
    const [operand, name] = expression.args as [Expr, Expr];
    this.check(name, scope);
    const field = name.kind === 'literal' && name.literal.type === 'string' ? name.literal.value : '';
    return optionalOf(withoutOptional(this.field(expression, operand, field, scope)));
  }

  private resolve(
    expression: CallExpr,
    name: string,
    declared: readonly Overload[],
    given: readonly CelType[],
    isMember: boolean,
  ): CelType {
    if (name === '_&&_' || name === '_||_') return this.logical(expression, declared, given);
    const matching: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of declared) {
      if (overload.isMember !== isMember || overload.params.length !== given.length) continue;
      const [made, ...params] = this.inference.instantiate([overload.result, ...overload.params]) as [CelType];
      if (!this.inference.assignableAll(params, given)) continue;
      matching.push(overload);
      const type = this.inference.resolve(made);
      if (result === undefined) result = type;
      else if (result.kind !== 'dyn' && showType(result) !== showType(type)) result = DYN;
    }
    if (result !== undefined) {
      this.calls.set(expression, matching);
      return result;
    }
    const [first, ...rest] = given.map((type) => showType(this.inference.resolve(type, true)));
    const signature = isMember
      ? `${first ?? ''}.(${rest.join(', ')})`
      : `(${[first, ...rest].filter((each) => each !== undefined).join(', ')})`;
    return this.report(expression, `found no matching overload for '${name}' applied to '${signature}'`);
  }

  private logical(expression: CallExpr, declared: readonly Overload[], given: readonly CelType[]): CelType {
    let fits = true;
    given.forEach((type, index) => {
      if (this.inference.assignable(BOOL, type)) return;
      fits = false;
      const shown = showType(this.inference.resolve(type, true));
      this.report(expression.args[index] as Expr, `expected type 'bool' but found '${shown}'`);
    });
    this.calls.set(expression, declared);
    return fits ? BOOL : ERROR;
  }

  private unwrapped(expression: Expr, type: CelType, optional: boolean): CelType {
    const resolved = this.inference.resolve(type);
    if (!optional) return resolved;
    if (!isOptional(resolved) && !isDynamic(resolved))
      this.report(expression, `expected type '${showType(optionalOf(resolved))}' but found '${showType(resolved)}'`);
    return withoutOptional(resolved);
  }

  /** What elements have in common; whether they are alike is looked at when all else fits. */
  private join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    return this.inference.assignable(previous, current) ? moreGeneral(previous, current) : DYN;
  }

  private list(expression: ListExpr, scope: Scope): CelType {
    let element: CelType | undefined;
    for (const { value, optional } of expression.elements)
      element = this.join(element, this.unwrapped(value, this.check(value, scope), optional));
    return listOf(element ?? this.inference.freshParam());
  }

  private map(expression: MapExpr, scope: Scope): CelType {
    let key: CelType | undefined;
    let held: CelType | undefined;
    for (const entry of expression.entries) {
      key = this.join(key, this.check(entry.key, scope));
      const type = this.unwrapped(entry.value, this.check(entry.value, scope), entry.optional);
      held = this.join(held, type);
    }
    return mapOf(key ?? this.inference.freshParam(), held ?? this.inference.freshParam());
  }

  private struct(expression: StructExpr, scope: Scope): CelType {
    for (const { value } of expression.fields) this.check(value, scope);
    return this.report(expression, `undeclared reference to '${expression.name}' (in container '')`);
  }

  private fold(expression: FoldExpr, scope: Scope): CelType {
    const range = this.inference.resolve(this.check(expression.range, scope));
    const accumulator = this.check(expression.init, scope);
    const inner = new Map(scope).set(expression.accumulator, accumulator);
    const loop = new Map(inner);
    const [first, second] = this.variablesOf(expression, range);
    loop.set(expression.variable, first);
    if (expression.second !== undefined) loop.set(expression.second, second);
    this.expect(expression.condition, BOOL, loop);
    this.expect(expression.step, accumulator, loop);
    return this.inference.resolve(this.check(expression.result, inner));
  }

  private variablesOf({ range, second }: FoldExpr, type: CelType): [CelType, CelType] {
    switch (type.kind) {
      case 'list': {
        const element = type.params[0] ?? DYN;
        return second === undefined ? [element, DYN] : [INT, element];
      }
      case 'map':
        return [type.params[0] ?? DYN, type.params[1] ?? DYN];
      case 'dyn':
      case 'error':
      case 'param':
        this.inference.assignable(DYN, type);
        return [DYN, DYN];
      default:
        this.report(
          range,
          `expression of type '${showType(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return [ERROR, ERROR];
    }
  }

  private expect(expression: Expr, type: CelType, scope: Scope): void {
    const found = this.check(expression, scope);
    if (this.inference.assignable(type, found)) return;
    const [expected, actual] = [type, found].map((each) => showType(this.inference.resolve(each, true)));
    this.report(expression, `expected type '${expected ?? ''}' but found '${actual ?? ''}'`);
  }
}

const LITERALS = { bool: BOOL, int: INT, uint: UINT, double: DOUBLE, string: STRING, bytes: BYTES } as const;
