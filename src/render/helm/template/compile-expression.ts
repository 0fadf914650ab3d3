import { checkArgument, constantArgument, idealConstant, nilArgument } from './arguments.js';
import { callFunction, compileCall, type Argument } from './compile-call.js';
import { GoError } from './errors.js';
import { execError } from './exec-error.js';
import type { Expression, Frame } from './execution.js';
import { isOpenMap, methodOf, type Receiver, stepInto } from './fields.js';
import { isValuesMethod } from './values-methods.js';
import { lastVisited } from './last-visited.js';
import type { ChainNode, CommandNode, FieldNode, Node, OperandNode, PipeNode, VariableNode } from './nodes.js';
import { nodeText } from './nodes.js';
import { declare, type Scope, slotOf } from './scope.js';
import type { ParamType, Value } from './values.js';

export interface PipeOptions {
  readonly isRange?: boolean;
  /** Whether it makes no difference how nil is held: the value is printed or asked for its truth, and forgotten. */
  readonly isPassing?: boolean;
}

/** Compiles a pipeline, its declarations included. */
export const compilePipe = (pipe: PipeNode, scope: Scope, options: PipeOptions = {}): Expression => {
  const value = compileCommands(pipe, scope, options.isPassing === true && pipe.declared.length === 0);
  if (pipe.declared.length === 0) return value;
  const slots: number[] = [];
  for (const variable of pipe.declared) {
    const name = variable.path[0] ?? '';
    const slot = pipe.isAssign ? slotOf(scope, name) : declare(scope, name, options.isRange === true);
    if (slot === undefined) return failing(scope, () => lastVisited(pipe), `undefined variable: ${name}`);
    slots.push(slot);
  }
  return (frame) => {
    const result = value(frame);
    for (const slot of slots) frame.vars[slot] = result;
    return result;
  };
};

const failing =
  (scope: Scope, node: () => Node, message: string): Expression =>
  () => {
    throw execError(scope.template, node(), message);
  };

const compileCommands = (pipe: PipeNode, scope: Scope, isPassing: boolean): Expression => {
  let value: Expression | undefined;
  for (const command of pipe.commands) {
    const previous = value;
    const current = compileCommand(command, scope, previous);
    if (isPassing && command === pipe.commands.at(-1)) return current;
    value = (frame) => {
      const result = current(frame);
      return result === undefined ? null : result;
    };
  }
  return value ?? (() => null);
};

/** `final` is the value of the command before in the pipeline: the last argument of this one. */
const compileCommand = (command: CommandNode, scope: Scope, final: Expression | undefined): Expression => {
  const first = command.args[0] as OperandNode;
  const hasArguments = command.args.length > 1 || final !== undefined;
  switch (first.type) {
    case 'identifier':
      return compileCall(first, command, command.args, scope, final, operandArgument);
    case 'field':
      return compileField(first, command.args, scope, final);
    case 'chain':
      return compileChain(first, command.args, scope, final);
    case 'variable':
      if (first.path.length > 1) return compileVariable(first, command.args, scope, final);
      break;
    default:
  }
  if (hasArguments) {
    const place = first.type === 'pipe' ? command : first;
    return after(
      final,
      failing(scope, () => place, `can't give argument to non-function ${nodeText(first)}`),
    );
  }
  if (first.type === 'nil') return failing(scope, () => first, 'nil is not a command');
  return compileOperand(first, scope);
};

/** Runs the earlier part of the pipeline for what it does, then the rest. */
const after = (earlier: Expression | undefined, rest: Expression): Expression =>
  earlier === undefined
    ? rest
    : (frame) => {
        earlier(frame);
        return rest(frame);
      };

const compileOperand = (node: OperandNode, scope: Scope): Expression => {
  switch (node.type) {
    case 'dot':
      return (frame) => frame.dot;
    case 'bool':
      return () => node.value;
    case 'string':
      return () => node.text;
    case 'number':
      return constantExpression(node, scope, () => idealConstant(node));
    case 'nil':
      return () => null;
    case 'pipe':
      return compilePipe(node, scope);
    case 'field':
      return compileField(node, [node], scope, undefined);
    case 'variable':
      return compileVariable(node, [node], scope, undefined);
    case 'chain':
      return compileChain(node, [node], scope, undefined);
    case 'identifier':
      return compileCall(node, node, [node], scope, undefined, operandArgument);
  }
};

const constantExpression = (node: Node, scope: Scope, make: () => Value): Expression => {
  try {
    const value = make();
    return () => value;
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    return failing(scope, () => node, error.message);
  }
};

/** An operand as an argument: evaluated and checked against the parameter's type, which methods tell only when called. */
const operandArgument = (node: OperandNode, scope: Scope): Argument => {
  switch (node.type) {
    case 'nil':
      return (type) => constantExpression(node, scope, () => nilArgument(type));
    case 'bool':
    case 'string':
    case 'number':
      return (type) => constantExpression(node, scope, () => constantArgument(node, type));
    default: {
      const value = compileOperand(node, scope);
      const place = (): Node => lastVisited(node);
      return (type) => checked(value, type, scope, place);
    }
  }
};

const checked = (value: Expression, type: ParamType, scope: Scope, place: () => Node): Expression => {
  if (type === 'value') return value;
  if (type === 'any') return (frame) => value(frame) ?? null;
  const check = (result: Value): Value => located(scope, place, () => checkArgument(result, type));
  if (type !== 'string') return (frame) => check(value(frame));
  return (frame) => {
    const result = value(frame);
    return typeof result === 'string' ? result : check(result);
  };
};

/** Runs something of ours and gives its error the place that text/template would name. */
const located = <T>(scope: Scope, place: () => Node, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    if (error instanceof GoError && error.kind === 'plain') throw execError(scope.template, place(), error.message);
    throw error;
  }
};

const compileField = (
  node: FieldNode,
  args: readonly OperandNode[],
  scope: Scope,
  final: Expression | undefined,
): Expression => {
  const chain = compilePath(node, node.path, args, scope, final, () => node);
  return (frame) => chain(frame, frame.dot, frame.isDotInterface);
};

const compileVariable = (
  node: VariableNode,
  args: readonly OperandNode[],
  scope: Scope,
  final: Expression | undefined,
): Expression => {
  const name = node.path[0] ?? '';
  const slot = slotOf(scope, name);
  if (slot === undefined) return failing(scope, () => node, `undefined variable: ${name}`);
  if (node.path.length === 1) return (frame) => frame.vars[slot];
  const isRanged = scope.variables[slot]?.isRanged === true;
  const chain = compilePath(node, node.path.slice(1), args, scope, final, () => node);
  return (frame) => chain(frame, frame.vars[slot], isRanged);
};

const compileChain = (
  node: ChainNode,
  args: readonly OperandNode[],
  scope: Scope,
  final: Expression | undefined,
): Expression => {
  if (node.node.type === 'nil')
    return failing(scope, () => node, `indirection through explicit nil in ${nodeText(node)}`);
  const value = compileOperand(node.node, scope);
  const chain = compilePath(node, node.path, args, scope, final, () => lastVisited(node));
  return (frame) => chain(frame, value(frame), false);
};

type Path = (frame: Frame, value: Value, isInterface: boolean) => Value;

/** `.a.b.c`, the last of which can be a method with arguments. */
const compilePath = (
  node: Node,
  path: readonly string[],
  args: readonly OperandNode[],
  scope: Scope,
  final: Expression | undefined,
  place: () => Node,
): Path => {
  const last = path.length - 1;
  const name = path[last] ?? '';
  const hasArguments = args.length > 1 || final !== undefined;
  const given = args.slice(1).map((arg) => operandArgument(arg, scope));
  const step = (frame: Frame, receiver: Receiver, field: string): void => {
    const method = methodOf(receiver.value, field);
    if (method !== undefined) {
      receiver.value = callFunction(method, field, receiver.value, [], undefined, frame, {
        node,
        place,
        scope,
        args: [],
      });
      receiver.isInterface = false;
      return;
    }
    located(scope, place, () => stepInto(receiver, field));
  };
  const walk = (frame: Frame, receiver: Receiver, from: number, to: number): Value => {
    for (let i = from; i < to; i++) step(frame, receiver, path[i] as string);
    return receiver.value;
  };
  if (!hasArguments && path.some(isValuesMethod)) {
    return (frame, value, isInterface) => walk(frame, { value, isInterface }, 0, path.length);
  }
  if (!hasArguments) {
    return (frame, value, isInterface) => {
      let current = value;
      for (let i = 0; i < path.length; i++) {
        // Nearly every step is one into a map without methods.
        if (!isOpenMap(current))
          return walk(frame, { value: current, isInterface: i > 0 || isInterface }, i, path.length);
        current = current.get(path[i] as string) ?? undefined;
      }
      return current;
    };
  }
  return (frame, value, isInterface) => {
    const receiver = { value, isInterface };
    walk(frame, receiver, 0, last);
    const method = methodOf(receiver.value, name);
    if (method !== undefined) {
      return callFunction(method, name, receiver.value, given, final, frame, { node, place, scope, args });
    }
    final?.(frame);
    return located(scope, place, () => withoutCall(receiver, name));
  };
};

/** A field that was given arguments though it cannot be called. */
const withoutCall = (receiver: Receiver, name: string): Value => {
  const isMap = receiver.value instanceof Map;
  stepInto(receiver, name);
  if (receiver.value === null) return null;
  throw new GoError(
    isMap ? `${name} is not a method but has arguments` : `${name} has arguments but cannot be invoked as function`,
  );
};
