import { ApiError, STATUS_CODES, type StatusReason } from '../../../objects/api-error.js';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { compilePolicy, type PolicyExpressions } from '../../admission/cel/request-expressions.js';
import type { Authorizer } from '../../auth/authorizer.js';
import type { AdmissionPlugin, AdmissionRequest } from '../plugins/admission-plugin.js';
import type { ServedResource } from '../request.js';
import { forbidden } from '../status-errors.js';
import { evaluateConditions } from './match-conditions.js';
import { ConfigurationError, paramsOf, PolicyError, type ParamSource } from './policy-params.js';
import { evaluateValidations, type Denial } from './policy-evaluation.js';
import { isExempt, matchedResource, matchesNamespace, matchesObject } from './request-matching.js';
import { RequestValues } from './request-variables.js';

const PREFIX = '/registry/admissionregistration.k8s.io/';

/** What policies work with. */
export interface PolicySource extends ParamSource {
  readonly authorize: Authorizer;
}

type MatchResources = NonNullable<ValidatingAdmissionPolicy['spec']['matchConstraints']>;

interface CompiledPolicy {
  readonly expressions: PolicyExpressions;
  /** Why the policy cannot be evaluated. */
  readonly problem: string | undefined;
}

/** Questions that are answered and leave nothing behind: no policy is about them. */
const QUESTIONS: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io']);

/** A refusal by a policy, with the binding that made it apply. */
interface Refusal extends Denial {
  readonly policy: string;
  readonly binding: string | undefined;
}

const listOf = ({ store }: PolicySource, plural: string): readonly KubeObject[] =>
  store.list(`${PREFIX}${plural}/`).items.map(({ object }) => object);

/** Refuses, or warns of, what admission policies and their bindings do not allow. */
export const validatingPolicies = (source: () => PolicySource): AdmissionPlugin => {
  const compiled = new WeakMap<KubeObject, CompiledPolicy>();
  const compiledOf = (policy: ValidatingAdmissionPolicy): CompiledPolicy => {
    const known = compiled.get(policy);
    if (known !== undefined) return known;
    const problems: string[] = [];
    const expressions = compilePolicy(policy.spec, (_path, _source, error) => problems.push(error.message));
    const made = { expressions, problem: problems[0] };
    compiled.set(policy, made);
    return made;
  };
  return {
    name: 'ValidatingAdmissionPolicy',
    validate: (request) => {
      if (isExempt(request) || QUESTIONS.has(request.target.resource.group)) return undefined;
      const from = source();
      const policies = listOf(from, 'validatingadmissionpolicies') as readonly ValidatingAdmissionPolicy[];
      return policies.length === 0 ? undefined : new PolicyReview(from, compiledOf, request).run(policies);
    },
  };
};

/** One request before all policies. */
class PolicyReview {
  private readonly refusals: Refusal[] = [];

  constructor(
    private readonly source: PolicySource,
    private readonly compiledOf: (policy: ValidatingAdmissionPolicy) => CompiledPolicy,
    private readonly request: AdmissionRequest,
  ) {}

  async run(policies: readonly ValidatingAdmissionPolicy[]): Promise<void> {
    const bindings = listOf(
      this.source,
      'validatingadmissionpolicybindings',
    ) as readonly ValidatingAdmissionPolicyBinding[];
    for (const policy of policies) {
      const own = bindings.filter(({ spec }) => spec?.policyName === policy.metadata.name);
      const matched = own.length === 0 ? undefined : this.matches(policy.spec.matchConstraints, true);
      if (matched === undefined) continue;
      for (const binding of own) await this.bound(policy, binding, matched);
    }
    const [first] = this.refusals;
    if (first !== undefined) throw refusalError(this.request, first);
  }

  /** The resource as which a request matches; a binding without rules of its own takes those of its policy. */
  private matches(match: MatchResources | undefined, needsRules: boolean): ServedResource | undefined {
    const { registry, store } = this.source;
    const { request } = this;
    if (!matchesNamespace(store, match?.namespaceSelector, request)) return undefined;
    if (!matchesObject(match?.objectSelector, request)) return undefined;
    const excluded = match?.excludeResourceRules ?? [];
    if (matchedResource(registry, excluded, match?.matchPolicy, request) !== undefined) return undefined;
    const rules = match?.resourceRules ?? [];
    if (rules.length === 0 && !needsRules) return request.target.resource;
    return matchedResource(registry, rules, match?.matchPolicy, request);
  }

  private async bound(
    policy: ValidatingAdmissionPolicy,
    binding: ValidatingAdmissionPolicyBinding,
    matched: ServedResource,
  ): Promise<void> {
    if (binding.spec.matchResources !== undefined && this.matches(binding.spec.matchResources, false) === undefined)
      return;
    try {
      const { target } = this.request;
      const params = await paramsOf(this.source, policy.spec.paramKind, binding.spec.paramRef, target.namespace);
      for (const each of params) await this.evaluate(policy, binding, matched, each);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      if (!(error instanceof PolicyError)) {
        this.failed(policy, binding, `failed to configure binding: ${error.message}`, ['Deny']);
      } else if (policy.spec.failurePolicy !== 'Ignore') {
        const message = `failed to configure policy: ${error.message}`;
        this.refusals.push({ message, reason: undefined, policy: policy.metadata.name, binding: undefined });
      }
    }
  }

  /** Something about the policy itself went wrong; whether that refuses the request is the policy's to say. */
  private failed(
    policy: ValidatingAdmissionPolicy,
    binding: ValidatingAdmissionPolicyBinding,
    message: string,
    actions = binding.spec.validationActions ?? [],
  ): void {
    if (policy.spec.failurePolicy !== 'Ignore') this.act(policy, binding, { message, reason: undefined }, actions);
  }

  private act(
    policy: ValidatingAdmissionPolicy,
    binding: ValidatingAdmissionPolicyBinding,
    denial: Denial,
    actions = binding.spec.validationActions ?? [],
  ): void {
    const names = { policy: policy.metadata.name, binding: binding.metadata.name };
    if (actions.includes('Deny')) this.refusals.push({ ...denial, ...names });
    if (actions.includes('Warn')) {
      const text = `Validation failed for ValidatingAdmissionPolicy '${names.policy}' with binding '${names.binding}': ${denial.message}`;
      this.request.context.warnings.push(text);
    }
  }

  private async evaluate(
    policy: ValidatingAdmissionPolicy,
    binding: ValidatingAdmissionPolicyBinding,
    matched: ServedResource,
    params: KubeObject | null,
  ): Promise<void> {
    const { expressions, problem } = this.compiledOf(policy);
    if (problem !== undefined) {
      this.failed(policy, binding, problem);
      return;
    }
    const { object, oldObject } = this.request;
    const inVersion = async (each: KubeObject | undefined): Promise<KubeObject | undefined> =>
      each === undefined || matched === this.request.target.resource
        ? each
        : this.source.convert(each, matched.apiVersion, matched);
    const values = new RequestValues(this.source.store, this.source.authorize, {
      request: this.request,
      matched,
      object: await inVersion(object),
      oldObject: await inVersion(oldObject),
      params,
    });
    const conditions = evaluateConditions(expressions.matchConditions, values);
    if ('error' in conditions) {
      this.failed(policy, binding, conditions.error);
      return;
    }
    if (!conditions.matches) return;
    for (const { denial, isError } of evaluateValidations(policy.spec, expressions, values)) {
      if (isError) this.failed(policy, binding, denial.message);
      else this.act(policy, binding, denial);
    }
  }
}

const REASONS: ReadonlySet<string> = new Set(['Unauthorized', 'Forbidden', 'Invalid', 'RequestEntityTooLarge']);

const refusalError = (request: AdmissionRequest, { policy, binding, message, reason }: Refusal): ApiError => {
  const by = binding === undefined ? '' : ` with binding '${binding}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
  const { target, object } = request;
  const name = target.name ?? object?.metadata.name ?? '';
  const error = forbidden(target.resource, name, text, [{ message: text }]);
  const as = (REASONS.has(reason ?? '') ? reason : 'Invalid') as StatusReason;
  return new ApiError(as, error.message, error.details, STATUS_CODES[as]);
};
