import { compileTemplates } from '../template/compile.js';
import { GoError } from '../template/errors.js';
import type { CompiledTemplate, Frame, FunctionTable, TemplateSet } from '../template/execution.js';
import { execute } from '../template/execution.js';
import { goQuote } from '../template/quote.js';
import type { Value } from '../template/values.js';
import { type Family, fn } from './define.js';

/** How deep one template may include itself. */
const MAX_INCLUDES = 1000;
/** So many of one template are no accident. */
const MANY_INCLUDES = 50;
const WARN_START = 'HELM_ERR_START';
const WARN_END = 'HELM_ERR_END';
/** The name that Helm gives to the texts of `tpl`. */
const TPL_NAME = 'gotpl';
const MAX_CACHED_TEXTS = 5000;

/** Marks a message for the user within the chain of errors around it. */
const warn = (message: string): GoError => new GoError(`${WARN_START}${message}${WARN_END}`);

export const warningIn = (text: string): string | undefined => {
  const start = text.indexOf(WARN_START);
  const end = text.lastIndexOf(WARN_END);
  return start < 0 || end < start ? undefined : text.slice(start + WARN_START.length, end);
};

const tooDeep = (name: string): GoError =>
  new GoError(
    `rendering template has a nested reference name: ${name}: unable to execute template`,
    new GoError('unable to execute template'),
  );

const include = (name: string, data: Value, frame: Frame): string => {
  const { run, set } = frame;
  const depth = run.includeDepths.get(name) ?? 0;
  if (depth > MAX_INCLUDES) {
    throw tooDeep(name);
  }
  run.includeDepths.set(name, depth + 1);
  run.step(frame.writer);
  try {
    const template = set.get(name);
    if (template === undefined) {
      throw new GoError(`template: no template ${goQuote(name)} associated with template ${goQuote(TPL_NAME)}`);
    }
    return execute(template, set, run, data);
  } catch (error) {
    // Ours ends where the stack does, Helm's at its own count.
    if (error instanceof RangeError && depth > MANY_INCLUDES) throw tooDeep(name);
    throw error;
  } finally {
    run.includeDepths.set(name, (run.includeDepths.get(name) ?? 1) - 1);
  }
};

const compiledTexts = new WeakMap<FunctionTable, Map<string, readonly CompiledTemplate[]>>();

/** The same text is given to `tpl` again and again: it is parsed once. */
const compileText = (text: string, functions: FunctionTable): readonly CompiledTemplate[] => {
  let cache = compiledTexts.get(functions);
  if (cache === undefined) compiledTexts.set(functions, (cache = new Map()));
  const known = cache.get(text);
  if (known !== undefined) return known;
  const compiled = compileTemplates(TPL_NAME, text, functions);
  if (cache.size >= MAX_CACHED_TEXTS) cache.clear();
  cache.set(text, compiled);
  return compiled;
};

const tpl = (text: string, data: Value, frame: Frame): string => {
  frame.run.step(frame.writer);
  if (!text.includes('{{')) return text.includes('<no value>') ? text.replaceAll('<no value>', '') : text;
  const compiled = wrapping(`cannot parse template ${goQuote(text)}`, () => compileText(text, frame.set.functions));
  frame.run.tplDepth += 1;
  try {
    const output = wrapping(`error during tpl function execution for ${goQuote(text)}`, () =>
      executeText(compiled, frame.set, frame, data),
    );
    return output.replaceAll('<no value>', '');
  } finally {
    frame.run.tplDepth -= 1;
  }
};

const executeText = (compiled: readonly CompiledTemplate[], outer: TemplateSet, frame: Frame, data: Value): string => {
  const main = compiled.find((template) => template.name === TPL_NAME);
  // Only a text that defines templates needs a set of its own.
  const set = compiled.length > 1 ? outer.clone() : outer;
  if (compiled.length > 1) set.add(compiled.filter((template) => template.name !== TPL_NAME));
  return main === undefined ? '' : execute(main, set, frame.run, data);
};

const wrapping = <T>(message: string, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    if (error instanceof GoError) {
      throw new GoError(`${message}: ${error.message}`, error, error.kind === 'limit' ? 'limit' : 'plain');
    }
    throw error;
  }
};

/** Helm's functions that run templates, and those that stop them. */
export const templating: Family = {
  include: fn(['string', 'any'], include),
  tpl: fn(['string', 'any'], tpl),
  required: fn(['string', 'any'], (message, value) => {
    if (value === null || value === undefined || value === '') throw warn(message);
    return value;
  }),
  fail: fn(['string'], (message) => {
    throw warn(message);
  }),
};
