import type { Outcome, Program } from '../../admission/cel/program.js';
import type { RequestValues } from './request-variables.js';

/** What all match conditions of a webhook or a policy may cost together. */
const COST_LIMIT = 2_500_000;

export interface NamedProgram {
  readonly name: string;
  readonly program: Program;
}

/** Whether a request is to be looked at; an error where that could not be found out. */
export type ConditionsResult = { readonly matches: boolean } | { readonly error: string };

export const outOfBudget =
  'validation failed due to running out of cost budget, no further validation rules will be run';

/** Why an evaluation failed, as messages say it. */
export const evaluationError = (source: string, outcome: Outcome & { readonly ok: false }): string =>
  outcome.error === outOfBudget ? outOfBudget : `expression '${source}' resulted in error: ${outcome.error}`;

/** Evaluates conditions: one that is false decides, whatever the others come to. */
export const evaluateConditions = (conditions: readonly NamedProgram[], values: RequestValues): ConditionsResult => {
  const errors: string[] = [];
  let left = COST_LIMIT;
  for (const { program } of conditions) {
    const outcome = program.evaluate((name) => values.find(name));
    left -= outcome.cost;
    if (left < 0) return { error: outOfBudget };
    if (!outcome.ok) errors.push(evaluationError(program.source, outcome));
    else if (outcome.value === false) return { matches: false };
  }
  if (errors.length === 0) return { matches: true };
  return { error: errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]` };
};
