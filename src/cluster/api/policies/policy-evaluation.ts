import type { ValidatingAdmissionPolicy } from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import type { Outcome, Program } from '../../admission/cel/program.js';
import type { PolicyExpressions } from '../../admission/cel/request-expressions.js';
import { CelError, MapValue, type CelValue } from '../../admission/cel/values.js';
import { evaluationError, outOfBudget } from './match-conditions.js';
import type { RequestValues } from './request-variables.js';

/** What all expressions of a policy may cost for one request. */
const COST_LIMIT = 10_000_000;
/** The longest message that an expression may make, in bytes. */
const MESSAGE_LIMIT = 5 * 1024;

/** What a request is refused with. */
export interface Denial {
  readonly message: string;
  readonly reason: string | undefined;
}

/** A validation that did not hold, or could not be evaluated. */
export interface Verdict {
  readonly denial: Denial;
  readonly isError: boolean;
}

/** The variables of a policy: each is evaluated once, when it is first asked for, and an error stays an error. */
class ComposedVariables extends MapValue {
  private readonly known = new Map<string, Outcome>();

  constructor(
    private readonly programs: ReadonlyMap<string, Program>,
    private readonly evaluate: (program: Program) => Outcome,
  ) {
    super();
  }

  get size(): number {
    return this.programs.size;
  }

  find(key: CelValue): CelValue {
    const program = typeof key === 'string' ? this.programs.get(key) : undefined;
    if (program === undefined) return undefined;
    const outcome = this.known.get(key as string) ?? this.evaluate(program);
    this.known.set(key as string, outcome);
    if (outcome.ok) return outcome.value;
    throw new CelError(`composited variable "${String(key)}" fails to evaluate: ${outcome.error}`);
  }

  keys(): Iterable<CelValue> {
    return this.programs.keys();
  }
}

/** Evaluates the expressions of a policy within one budget. */
class Budget {
  private left = COST_LIMIT;
  private readonly variables: ComposedVariables;

  constructor(
    expressions: PolicyExpressions,
    private readonly values: RequestValues,
  ) {
    const programs = new Map(expressions.variables.map(({ name, program }) => [name, program] as const));
    this.variables = new ComposedVariables(programs, (program) => this.run(program));
  }

  run(program: Program): Outcome {
    const outcome = program.evaluate((name) => (name === 'variables' ? this.variables : this.values.find(name)));
    this.left -= outcome.cost;
    return this.left < 0 ? { ok: false, error: outOfBudget, exceeded: true, cost: outcome.cost } : outcome;
  }
}

/** The validations of a policy that a request fails, in their order. */
export const evaluateValidations = (
  spec: ValidatingAdmissionPolicy['spec'],
  expressions: PolicyExpressions,
  values: RequestValues,
): readonly Verdict[] => {
  const budget = new Budget(expressions, values);
  const verdicts = expressions.validations.flatMap(({ program, message }, index): Verdict[] => {
    const outcome = budget.run(program);
    if (!outcome.ok)
      return [{ isError: true, denial: { message: evaluationError(program.source, outcome), reason: undefined } }];
    if (outcome.value === true) return [];
    const declared = spec.validations?.[index];
    const text = madeMessage(budget, message) ?? declared?.message?.trim() ?? '';
    const shown = text === '' ? `failed expression: ${program.source.trim()}` : text;
    return [{ isError: false, denial: { message: shown, reason: declared?.reason ?? 'Invalid' } }];
  });
  return [...verdicts, ...annotationErrors(budget, expressions)];
};

const madeMessage = (budget: Budget, program: Program | undefined): string | undefined => {
  const outcome = program === undefined ? undefined : budget.run(program);
  if (outcome?.ok !== true || typeof outcome.value !== 'string') return undefined;
  const text = outcome.value.trim();
  return text === '' || text.includes('\n') || Buffer.byteLength(text) > MESSAGE_LIMIT ? undefined : text;
};

/** Nobody audits here, but an annotation that cannot be evaluated refuses the request as it does elsewhere. */
const annotationErrors = (budget: Budget, { auditAnnotations }: PolicyExpressions): Verdict[] =>
  auditAnnotations.flatMap(({ program }) => {
    const outcome = budget.run(program);
    if (outcome.ok) return [];
    return [{ isError: true, denial: { message: evaluationError(program.source, outcome), reason: undefined } }];
  });
