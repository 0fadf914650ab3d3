import { checkArgument } from './arguments.js';
import { GoError, limitError } from './errors.js';
import { execError } from './exec-error.js';
import type { Expression, Frame, TemplateFunction } from './execution.js';
import { afterArguments } from './last-visited.js';
import type { IdentifierNode, Node, OperandNode } from './nodes.js';
import { nodeText } from './nodes.js';
import type { Scope } from './scope.js';
import { isTrue, type Method, type ParamType, type Value } from './values.js';

/** An argument that still has to learn the type of its parameter. */
export type Argument = (type: ParamType) => Expression;

type CompileArgument = (node: OperandNode, scope: Scope) => Argument;

interface Signature {
  readonly params: readonly ParamType[];
  readonly variadic?: ParamType;
}

/** Where a call stands, for its errors. */
export interface CallPlace {
  /** What an error of the function itself names. */
  readonly node: Node;
  /** What an error about the number of arguments names. */
  readonly place: () => Node;
  readonly scope: Scope;
  readonly args: readonly OperandNode[];
}

/** `args[0]` is the function itself. */
export const compileCall = (
  callee: IdentifierNode,
  node: Node,
  args: readonly OperandNode[],
  scope: Scope,
  final: Expression | undefined,
  compileArgument: CompileArgument,
): Expression => {
  const called = scope.functions.get(callee.name);
  const fail = (message: string) => (): never => {
    throw execError(scope.template, callee, message);
  };
  if (called === undefined) return fail(`"${callee.name}" is not a defined function`);
  const given = args.slice(1).map((arg) => compileArgument(arg, scope));
  const wrong = wrongCount(called, callee.name, given.length, final !== undefined);
  // The pipeline before runs first, and may fail first.
  if (wrong !== undefined) return final === undefined ? fail(wrong) : (frame) => [final(frame), fail(wrong)()][1];
  if (called.shortCircuit !== undefined) return compileShortCircuit(called.shortCircuit, callee, given, final);
  const expressions = given.map((argument, index) => argument(paramAt(called, index)));
  const [, target] = args;
  if (callee.name === 'call' && target !== undefined) expressions.splice(1, 0, () => nodeText(target));
  const finalType = paramAt(called, given.length);
  const place = (): Node => afterArguments(callee, args);
  return compileInvocation(called, expressions, final, { node, place, scope, args }, finalType);
};

const compileInvocation = (
  called: TemplateFunction,
  expressions: readonly Expression[],
  final: Expression | undefined,
  at: CallPlace,
  finalType: ParamType,
): Expression => {
  const { call, name, steps = 1 } = called;
  const [first, second] = expressions;
  const invoke = (args: Value[], frame: Frame): Value => {
    try {
      if (steps > 1) frame.run.step(frame.writer, steps);
      const result = call(args, frame);
      frame.run.made(result, frame.writer);
      return result;
    } catch (error) {
      if (isFullStack(error) && frame.run.isShallow) throw callError(NESTED_TOO_DEEPLY, name, at);
      throw callError(error, name, at);
    }
  };
  if (final === undefined) {
    if (first === undefined) return (frame) => invoke([], frame);
    if (second === undefined) return (frame) => invoke([first(frame)], frame);
    return (frame) => invoke(evaluate(expressions, frame), frame);
  }
  return (frame) => {
    const last = final(frame);
    const args = evaluate(expressions, frame);
    args.push(checkFinal(last, finalType, at));
    return invoke(args, frame);
  };
};

const evaluate = (expressions: readonly Expression[], frame: Frame): Value[] => {
  const values: Value[] = [];
  for (const expression of expressions) values.push(expression(frame));
  return values;
};

const checkFinal = (value: Value, type: ParamType, at: CallPlace): Value => {
  if (type === 'any' || type === 'value' || (type === 'string' && typeof value === 'string')) return value ?? null;
  try {
    return checkArgument(value, type);
  } catch (error) {
    if (error instanceof GoError) throw execError(at.scope.template, at.place(), error.message);
    throw error;
  }
};

const paramAt = (signature: Signature, index: number): ParamType =>
  signature.params[index] ?? signature.variadic ?? 'any';

const wrongCount = (signature: Signature, name: string, given: number, hasFinal: boolean): string | undefined => {
  const count = given + (hasFinal ? 1 : 0);
  const fixed = signature.params.length;
  if (signature.variadic !== undefined) {
    return count < fixed ? `wrong number of args for ${name}: want at least ${fixed} got ${given}` : undefined;
  }
  return count === fixed ? undefined : `wrong number of args for ${name}: want ${fixed} got ${count}`;
};

const compileShortCircuit = (
  kind: 'and' | 'or',
  callee: IdentifierNode,
  given: readonly Argument[],
  final: Expression | undefined,
): Expression => {
  const expressions = given.map((argument) => argument('value'));
  return (frame) => {
    const last = final?.(frame);
    let value: Value = null;
    for (let index = 0; index < expressions.length; index++) {
      value = (expressions[index] as Expression)(frame);
      if (isTrue(value) === (kind === 'or')) {
        callee.stoppedAt = index + 1;
        return value;
      }
    }
    callee.stoppedAt = undefined;
    return final === undefined ? value : (last ?? null);
  };
};

/** Calls a method, whose signature is known only now. */
export const callFunction = (
  method: Method,
  name: string,
  receiver: Value,
  given: readonly Argument[],
  final: Expression | undefined,
  frame: Frame,
  at: CallPlace,
): Value => {
  const last = final?.(frame);
  const wrong = wrongCount(method, name, given.length, final !== undefined);
  if (wrong !== undefined) throw execError(at.scope.template, at.place(), wrong);
  const args = given.map((argument, index) => argument(paramAt(method, index))(frame));
  if (final !== undefined) args.push(checkFinal(last, paramAt(method, given.length), at));
  try {
    return method.call(receiver as never, args);
  } catch (error) {
    throw callError(error, name, at);
  }
};

const NESTED_TOO_DEEPLY = limitError('values or calls are nested too deeply');

const isFullStack = (error: unknown): boolean =>
  error instanceof RangeError && error.message.startsWith('Maximum call stack');

const callError = (error: unknown, name: string, at: CallPlace): unknown => {
  if (error instanceof RangeError && /^Invalid (string|array) length/.test(error.message)) {
    return callError(limitError('a text or list that is too large'), name, at);
  }
  if (error instanceof GoError) {
    return execError(at.scope.template, at.node, `error calling ${name}: ${error.message}`, error);
  }
  return error;
};
