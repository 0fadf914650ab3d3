import { getHeapStatistics } from 'node:v8';
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
  /** What a call counts for in {@link Limits.steps}, where that is much more than one: ciphers, keys. */
  readonly steps?: number;
}

export type FunctionTable = ReadonlyMap<string, TemplateFunction>;

/** What a render may use at most. */
export interface Limits {
  /** Loop turns and template invocations, and what functions make: 256 characters or 8 elements are a step. */
  readonly steps: number;
  /** Characters of one output. */
  readonly output: number;
  /** Bytes of the heap of this process. */
  readonly memory: number;
  /** Point on the clock of `performance.now()` after which rendering stops; it may move. */
  readonly deadline?: () => number;
}

const MEBIBYTE = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = { steps: 50_000_000, output: 256 * MEBIBYTE, memory: 2048 * MEBIBYTE };

const STEPS_BETWEEN_CHECKS = 1024;
/** What so many steps make is 64 MiB at most. */
const STEPS_BETWEEN_LOOKS_AT_MEMORY = 256 * 1024;
const CHARACTERS_A_STEP = 256;
const ELEMENTS_A_STEP = 8;

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
  private nextCheck = STEPS_BETWEEN_CHECKS;
  private nextLookAtMemory = STEPS_BETWEEN_LOOKS_AT_MEMORY;
  readonly includeDepths = new Map<string, number>();
  /** How many texts of `tpl` run within each other. */
  tplDepth = 0;

  constructor(
    readonly limits: Limits,
    /** Whatever functions need from the outside (lookup, clock): see functions/. */
    readonly outside: unknown,
  ) {}

  /** Whether no template that runs was run by itself: then the error of a full stack can be placed. */
  get isShallow(): boolean {
    return this.tplDepth === 0 && ![...this.includeDepths.values()].some((depth) => depth > 1);
  }

  step(writer: Writer, steps = 1): void {
    this.steps += steps;
    if (this.steps >= this.nextCheck) this.check(writer);
  }

  /** Counts what a function made. */
  made(value: Value, writer: Writer): void {
    if (typeof value === 'string') {
      if (value.length >= CHARACTERS_A_STEP) this.step(writer, Math.floor(value.length / CHARACTERS_A_STEP));
    } else if (Array.isArray(value) && value.length >= ELEMENTS_A_STEP) {
      this.step(writer, Math.floor(value.length / ELEMENTS_A_STEP));
    }
  }

  /** Puts what was written aside. */
  settle(writer: Writer): void {
    writer.settle();
    this.requireOutput(writer);
  }

  private requireOutput(writer: Writer): void {
    if (writer.length > this.limits.output) {
      throw limitError(`rendering wrote more than ${this.limits.output} characters`);
    }
  }

  private requireMemory(): void {
    const { used_heap_size: used, heap_size_limit: most } = getHeapStatistics();
    const limit = Math.min(this.limits.memory, most * 0.8);
    if (used > limit) throw limitError(`rendering needs more than ${Math.floor(limit / MEBIBYTE)} MiB of memory`);
  }

  private check(writer: Writer): void {
    this.nextCheck = this.steps + STEPS_BETWEEN_CHECKS;
    if (this.steps > this.limits.steps) throw limitError(`rendering took more than ${this.limits.steps} steps`);
    this.requireOutput(writer);
    if (this.steps >= this.nextLookAtMemory) {
      this.nextLookAtMemory = this.steps + STEPS_BETWEEN_LOOKS_AT_MEMORY;
      this.requireMemory();
    }
    if (this.limits.deadline !== undefined && performance.now() > this.limits.deadline()) {
      throw limitError('rendering took too long');
    }
  }
}

/** From so many characters on, what was written is put aside. */
export const MANY_CHARACTERS = 64 * 1024;

/**
 * What a template writes. V8 keeps a text that grows piece by piece as a tree of the pieces, of 32 bytes each: it is
 * made whole now and then.
 */
export class Writer {
  /** What was written last. */
  text = '';
  private readonly settled: string[] = [];
  private settledLength = 0;

  get length(): number {
    return this.settledLength + this.text.length;
  }

  settle(): void {
    // Reading a character makes the text whole.
    this.text.charCodeAt(0);
    this.settled.push(this.text);
    this.settledLength += this.text.length;
    this.text = '';
  }

  whole(): string {
    return this.settled.length === 0 ? this.text : this.settled.join('') + this.text;
  }
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
  const writer = new Writer();
  template.body()(new Frame(data ?? null, template.slots(), writer, set, run, 0));
  return writer.whole();
};
