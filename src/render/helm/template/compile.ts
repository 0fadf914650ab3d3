import { compilePipe } from './compile-expression.js';
import { GoError } from './errors.js';
import { execError } from './exec-error.js';
import type { CompiledTemplate, Expression, Flow, FunctionTable, Statement } from './execution.js';
import { BREAK, CONTINUE, Frame, MANY_CHARACTERS, NORMAL } from './execution.js';
import { lastVisited } from './last-visited.js';
import type { BranchNode, ListNode, Node, StatementNode, TemplateNode } from './nodes.js';
import { isEmptyTemplate } from './nodes.js';
import { type ParsedTemplate, parseTemplate } from './parser.js';
import { printValue, sprintValue } from './print.js';
import { goQuote } from './quote.js';
import { compareStrings } from './go-string.js';
import { newScope, type Scope, slotOf } from './scope.js';
import { int, Integer, isTrue, sliceItems, type TypedMap, TypedSlice, type Value } from './values.js';

const MAX_TEMPLATE_DEPTH = 100_000;
/** So many calls within each other are no accident. */
const MANY_CALLS = 200;

/** Reads a text and compiles each template in it when it is first run. */
export const compileTemplates = (name: string, text: string, functions: FunctionTable): readonly CompiledTemplate[] =>
  parseTemplate(name, text, (used) => functions.has(used)).map((parsed) => compileTemplate(parsed, functions));

const compileTemplate = (parsed: ParsedTemplate, functions: FunctionTable): CompiledTemplate => {
  let compiled: { body: Statement; slots: number } | undefined;
  const compile = (): { body: Statement; slots: number } => {
    const scope = newScope(parsed.name, functions);
    const body = compileList(parsed.root, scope);
    return { body, slots: scope.slots };
  };
  return {
    name: parsed.name,
    parsed,
    isEmpty: isEmptyTemplate(parsed.root),
    slots: () => (compiled ??= compile()).slots,
    body: () => (compiled ??= compile()).body,
  };
};

const compileList = (list: ListNode, scope: Scope): Statement => {
  const statements = list.nodes.map((node) => compileStatement(node, scope));
  const [first, second] = statements;
  if (first === undefined) return () => NORMAL;
  if (second === undefined) return first;
  return (frame) => {
    for (const statement of statements) {
      const flow = statement(frame);
      if (flow !== NORMAL) return flow;
    }
    return NORMAL;
  };
};

const write = ({ writer, run }: Frame, text: string, node: StatementNode, scope: Scope): void => {
  writer.text += text;
  if (writer.text.length < MANY_CHARACTERS) return;
  placing(
    scope.template,
    () => node,
    () => run.settle(writer),
  );
};

const compileStatement = (node: StatementNode, scope: Scope): Statement => {
  switch (node.type) {
    case 'text': {
      const { text } = node;
      return (frame) => {
        write(frame, text, node, scope);
        return NORMAL;
      };
    }
    case 'action': {
      const value = compilePipe(node.pipe, scope, { isPassing: true });
      if (node.pipe.declared.length > 0) {
        return (frame) => {
          value(frame);
          return NORMAL;
        };
      }
      return (frame) => {
        const result = value(frame);
        write(frame, typeof result === 'string' ? result : printValue(result), node, scope);
        return NORMAL;
      };
    }
    case 'break':
      return () => BREAK;
    case 'continue':
      return () => CONTINUE;
    case 'template':
      return compileTemplateCall(node, scope);
    case 'range':
      return compileRange(node, scope);
    default:
      return compileBranch(node, scope);
  }
};

/** Variables declared inside end with it. */
const scoped = <T>(scope: Scope, compile: () => T): T => {
  const known = scope.variables.length;
  const result = compile();
  scope.variables.length = known;
  return result;
};

const compileBranch = (node: BranchNode, scope: Scope): Statement =>
  scoped(scope, () => {
    const condition = compilePipe(node.pipe, scope, { isPassing: true });
    const then = scoped(scope, () => compileList(node.list, scope));
    const { otherwise } = node;
    const orElse = otherwise === undefined ? undefined : scoped(scope, () => compileList(otherwise, scope));
    if (node.type === 'if') {
      return (frame) => (isTrue(condition(frame)) ? then(frame) : orElse === undefined ? NORMAL : orElse(frame));
    }
    return (frame) => {
      const value = condition(frame);
      if (!isTrue(value)) return orElse === undefined ? NORMAL : orElse(frame);
      return withDot(frame, value, false, then);
    };
  });

const withDot = (frame: Frame, dot: Value, isInterface: boolean, body: Statement): Flow => {
  const { dot: outer, isDotInterface } = frame;
  frame.dot = dot;
  frame.isDotInterface = isInterface;
  const flow = body(frame);
  frame.dot = outer;
  frame.isDotInterface = isDotInterface;
  return flow;
};

interface Loop {
  readonly body: Statement;
  readonly setIndex: ((frame: Frame, value: Value) => void) | undefined;
  readonly setElement: ((frame: Frame, value: Value) => void) | undefined;
}

/** One turn; answers whether the loop goes on. */
const turn = (frame: Frame, loop: Loop, index: Value, element: Value, isInterface: boolean): boolean => {
  frame.run.step(frame.writer);
  loop.setElement?.(frame, element);
  loop.setIndex?.(frame, index);
  return withDot(frame, element, isInterface, loop.body) !== BREAK;
};

const compileRange = (node: BranchNode, scope: Scope): Statement =>
  scoped(scope, () => {
    const value = compilePipe(node.pipe, scope, { isRange: true });
    const loop = compileLoop(node, scope);
    const { otherwise } = node;
    const orElse = otherwise === undefined ? undefined : scoped(scope, () => compileList(otherwise, scope));
    return (frame) => {
      const collection = value(frame);
      const count = placing(
        scope.template,
        () => lastVisited(node.pipe),
        () => iterate(frame, loop, collection, node.pipe.declared.length),
      );
      if (typeof count === 'string') throw execError(scope.template, lastVisited(node.pipe), count);
      return count === 0 && orElse !== undefined ? orElse(frame) : NORMAL;
    };
  });

/** Says where a limit was hit, when the error does not say it yet. */
const placing = <T>(template: string, place: () => Node, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof GoError) || error.kind !== 'limit' || error.wrapped !== undefined) throw error;
    throw execError(template, place(), error.message, error);
  }
};

const compileLoop = (node: BranchNode, scope: Scope): Loop => {
  const [first, second] = node.pipe.declared;
  const setter = (name: string | undefined): Loop['setIndex'] => {
    if (name === undefined) return undefined;
    const at = slotOf(scope, name);
    // An assignment to a variable that is nowhere declared has failed before the first turn.
    if (at === undefined) return undefined;
    return (frame, value) => {
      frame.vars[at] = value;
    };
  };
  const setElement = setter((second ?? first)?.path[0]);
  const setIndex = second === undefined ? undefined : setter(first?.path[0]);
  return { body: scoped(scope, () => compileList(node.list, scope)), setIndex, setElement };
};

/** Runs the loop over a collection. Answers how many elements there were, or the error's text. */
const iterate = (frame: Frame, loop: Loop, collection: Value, variables: number): number | string => {
  if (collection === null || collection === undefined) return 0;
  if (collection instanceof Map) return iterateMap(frame, loop, collection as TypedMap);
  if (collection instanceof Integer) {
    if (variables > 1) return `can't use ${sprintValue(collection)} to iterate over more than one variable`;
    const end = collection.toNumber();
    for (let i = 0; i < end; i++) {
      const element = new Integer(BigInt(i), collection.type);
      if (!turn(frame, loop, null, element, false)) break;
    }
    return Math.max(end, 0);
  }
  const items = sliceItems(collection);
  if (items === undefined) return `range can't iterate over ${sprintValue(collection)}`;
  const isInterface = !(collection instanceof TypedSlice);
  for (let i = 0; i < items.length; i++) {
    const element = items[i];
    if (!turn(frame, loop, int(i), element === null ? undefined : element, isInterface)) break;
  }
  return items.length;
};

const iterateMap = (frame: Frame, loop: Loop, map: TypedMap): number => {
  const isInterface = map.zero === undefined;
  for (const key of [...map.keys()].sort(compareStrings)) {
    const element = map.get(key);
    if (!turn(frame, loop, key, element === null ? undefined : element, isInterface)) break;
  }
  return map.size;
};

const compileTemplateCall = (node: TemplateNode, scope: Scope): Statement => {
  const data: Expression = node.pipe === undefined ? () => null : compilePipe(node.pipe, scope);
  return (frame) => {
    const template = frame.set.get(node.name);
    if (template === undefined) throw execError(scope.template, node, `template ${goQuote(node.name)} not defined`);
    if (frame.depth === MAX_TEMPLATE_DEPTH) {
      throw execError(scope.template, node, `exceeded maximum template depth (${MAX_TEMPLATE_DEPTH})`);
    }
    placing(
      scope.template,
      () => node,
      () => frame.run.step(frame.writer),
    );
    const dot = data(frame);
    try {
      template.body()(new Frame(dot, template.slots(), frame.writer, frame.set, frame.run, frame.depth + 1));
    } catch (error) {
      // The stack ends before Go's count does.
      if (error instanceof RangeError && frame.depth > MANY_CALLS) {
        throw execError(scope.template, node, `exceeded maximum template depth (${MAX_TEMPLATE_DEPTH})`);
      }
      throw error;
    }
    return NORMAL;
  };
};
