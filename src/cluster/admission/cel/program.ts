import { ARITHMETIC } from './arithmetic.js';
import { checkExpression, type Checked } from './checker.js';
import { CompileError } from './source.js';
import { COMPARISONS } from './comparisons.js';
import { CONVERSIONS } from './conversions.js';
import { functionsOf, type Environment, type Functions } from './environment.js';
import { estimateCost, type SizeOfPath } from './estimate-cost.js';
import type { Range } from './estimate-range.js';
import { CostExceeded, Evaluation, interpret } from './interpreter.js';
import { ADDRESSES } from './libraries/addresses.js';
import { AUTHORIZATION_LIBRARY } from './libraries/authorization.js';
import { NAMED_FORMATS } from './libraries/formats.js';
import { LISTS } from './libraries/lists.js';
import { QUANTITIES } from './libraries/quantities.js';
import { REGEX } from './libraries/regex.js';
import { STRINGS } from './libraries/strings.js';
import { URLS } from './libraries/urls.js';
import { VERSIONS } from './libraries/versions.js';
import { checkLiterals } from './literal-checks.js';
import { OPERATORS } from './operators.js';
import { parseExpression } from './parser.js';
import { TIME } from './time.js';
import type { CelType } from './types.js';
import { CelError, type CelValue } from './values.js';

/** The functions of CEL and of the libraries that Kubernetes 1.35 adds. */
export const FUNCTIONS: Functions = functionsOf([
  ARITHMETIC,
  COMPARISONS,
  CONVERSIONS,
  OPERATORS,
  TIME,
  STRINGS,
  LISTS,
  REGEX,
  URLS,
  ADDRESSES,
  QUANTITIES,
  VERSIONS,
  NAMED_FORMATS,
  AUTHORIZATION_LIBRARY,
]);

/** An environment with these variables. */
export const environmentOf = (variables: ReadonlyMap<string, CelType>): Environment => ({
  functions: FUNCTIONS,
  variables,
});

/** What one evaluation may cost, whatever is left of a larger budget. */
export const CALL_COST_LIMIT = 1_000_000;

/** What an evaluation came to. */
export type Outcome = { readonly cost: number } & (
  | { readonly ok: true; readonly value: CelValue }
  | { readonly ok: false; readonly error: string; readonly exceeded: boolean }
);

/** A compiled expression. */
export interface Program {
  readonly source: string;
  readonly type: CelType;
  /** The variables that it uses. */
  readonly variables: ReadonlySet<string>;
  /** Never throws for what the expression does. */
  evaluate(variables: (name: string) => CelValue, limit?: number): Outcome;
  /** What it may cost, given how large values can be. */
  estimate(sizeOfPath: SizeOfPath): Range;
}

/** What the types of an expression do not allow; undefined when they fit. */
export const checkTypes = (source: string, environment: Environment): string | undefined => {
  try {
    checkLiterals(checkExpression(source, parseExpression(source), environment));
    return undefined;
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
};

/** Compiles an expression. Throws a CompileError, worded as cel-go words it. */
export const compileExpression = (source: string, environment: Environment): Program => {
  const checked: Checked = checkExpression(source, parseExpression(source), environment);
  checkLiterals(checked);
  const run = interpret(checked);
  return {
    source,
    type: checked.type,
    variables: checked.variables,
    estimate: (sizeOfPath) => estimateCost(checked, sizeOfPath),
    evaluate: (variables, limit = CALL_COST_LIMIT) => {
      const evaluation = new Evaluation(variables, limit);
      try {
        const value = run(evaluation);
        return { ok: true, value, cost: evaluation.cost };
      } catch (error) {
        if (!(error instanceof CelError) && !(error instanceof CostExceeded)) throw error;
        return { ok: false, error: error.message, exceeded: error instanceof CostExceeded, cost: evaluation.cost };
      }
    },
  };
};
