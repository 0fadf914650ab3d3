import { limitError } from './errors.js';
import type { ParsedTemplate } from './parser.js';
import type { ParamType, Value } from './values.js';

/** A template compiled to a function. Answers how its last statement ended (see {@link Flow}). */
export type Statement = (frame: Frame) => Flow;
export type Expression = (frame: Frame) => Value;

export type Flow = 0 | 1 | 2;
export const NORMAL = 0;
export const BREAK = 1;
export const CONTINUE = 2;

/** A function that templates can call. */
export interface TemplateFunction {
  readonly name: string;
  /** Go types of the fixed parameters. */
  readonly params: readonly ParamType[];
  /** Go type of the elements of a variadic last parameter. */
  readonly variadic?: ParamType;
  readonly call: (args: Value[], frame: Frame) => Value;
  /** text/template evaluates the arguments of `and` and `or` itself. */
  readonly shortCircuit?: 'and' | 'or';
}

export type FunctionTable = ReadonlyMap<string, TemplateFunction>;

/** What a render may use at most. */
export interface Limits {
  /** Loop turns, calls and template invocations together. */
  readonly steps: number;
  /** Characters of one output. */
  readonly output: number;
  /** Point on the clock of `performance.now()` after which rendering stops; it may move. */
  readonly deadline?: () => number;
}

export const DEFAULT_LIMITS: Limits = { steps: 200_000_000, output: 256 * 1024 * 1024 };

/** Templates by name. `tpl` works on a set of its own, so that its definitions end with it. */
export class TemplateSet {
  constructor(
    readonly functions: FunctionTable,
    private readonly templates: Map<string, CompiledTemplate> = new Map(),
  ) {}

  get(name: string): CompiledTemplate | undefined {
    return this.templates.get(name);
  }

  /** Adds what a text defines. An empty definition never replaces one that is there. */
  add(parsed: readonly CompiledTemplate[]): void {
    for (const template of parsed) {
      if (template.isEmpty && this.templates.has(template.name)) continue;
      this.templates.set(template.name, template);
    }
  }

  clone(): TemplateSet {
    return new TemplateSet(this.functions, new Map(this.templates));
  }
}

export interface CompiledTemplate {
  readonly name: string;
  readonly isEmpty: boolean;
  readonly parsed: ParsedTemplate;
  /** How many variables a frame of it holds. */
  readonly slots: () => number;
  readonly body: () => Statement;
}

/** What one execution of all templates of a chart shares. */
export class Run {
  private steps = 0;
  readonly includeDepths = new Map<string, number>();

  constructor(
    readonly limits: Limits,
    /** Whatever functions need from the outside (lookup, clock): see functions/. */
    readonly outside: unknown,
  ) {}

  step(writer: Writer): void {
    this.steps += 1;
    if ((this.steps & 1023) === 0) this.check(writer);
  }

  private check(writer: Writer): void {
    if (this.steps > this.limits.steps) throw limitError(`rendering took more than ${this.limits.steps} steps`);
    if (writer.text.length > this.limits.output) {
      throw limitError(`rendering wrote more than ${this.limits.output} characters`);
    }
    if (this.limits.deadline !== undefined && performance.now() > this.limits.deadline()) {
      throw limitError('rendering took too long');
    }
  }
}

export interface Writer {
  text: string;
}

/** One running template: what `.`, `$` and the variables are. */
export class Frame {
  readonly vars: Value[];
  /** Whether `.` came out of a `[]interface {}` or map: then error texts call its type `interface {}`. */
  isDotInterface = false;

  constructor(
    public dot: Value,
    slots: number,
    readonly writer: Writer,
    readonly set: TemplateSet,
    readonly run: Run,
    readonly depth: number,
  ) {
    this.vars = [dot];
    for (let i = 1; i < slots; i++) this.vars.push(null);
  }
}

export const execute = (template: CompiledTemplate, set: TemplateSet, run: Run, data: Value): string => {
  const writer = { text: '' };
  template.body()(new Frame(data ?? null, template.slots(), writer, set, run, 0));
  return writer.text;
};
