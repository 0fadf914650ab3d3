import type { KindRef } from '../../../objects/kind.js';
import type {
  ExpressionWarning,
  ValidatingAdmissionPolicy,
} from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import { groupOf, versionOf } from '../../../objects/kind.js';
import { checkTypes } from '../cel/program.js';
import { requestEnvironment } from '../cel/request-types.js';
import { DYN, type CelType } from '../cel/types.js';

/** A kind that a policy is about, with what its objects look like. */
export interface TypedKind {
  readonly kind: KindRef;
  readonly type: CelType;
}

/** What is wrong with the expressions of a policy for objects of these kinds, one warning an expression. */
export const checkPolicy = (
  { spec }: ValidatingAdmissionPolicy,
  kinds: readonly TypedKind[],
  params: CelType | undefined,
): readonly ExpressionWarning[] => {
  const composed = new Map((spec.variables ?? []).map(({ name = '' }) => [name, DYN] as const));
  const hasParams = spec.paramKind !== undefined;
  const warningOf = (expression: string): string =>
    kinds
      .flatMap(({ kind, type }) => {
        const types = { object: type, ...(params === undefined ? {} : { params }) };
        const found = checkTypes(
          expression,
          requestEnvironment({ hasParams, hasAuthorizer: true, types, ...(composed.size === 0 ? {} : { composed }) }),
        );
        return found === undefined ? [] : [`${shown(kind)}: ${found}\n`];
      })
      .join('\n');
  return (spec.validations ?? []).flatMap(({ expression, messageExpression = '' }, index) => {
    const field = `spec.validations[${index}]`;
    const parts = { expression, ...(messageExpression === '' ? {} : { messageExpression }) };
    return Object.entries(parts).flatMap(([name, text]) => {
      const warning = warningOf(text);
      return warning === '' ? [] : [{ fieldRef: `${field}.${name}`, warning }];
    });
  });
};

const shown = ({ apiVersion, kind }: KindRef): string =>
  `${groupOf(apiVersion)}/${versionOf(apiVersion)}, Kind=${kind}`;

/** How many kinds of a rule are looked at. */
const MOST_KINDS = 10;

/** A resource that is served, and the kind of its objects. */
export interface ServedKind extends KindRef {
  readonly resource: string;
}

/** The kinds that a policy names; those behind `*` are not looked for. */
export const kindsOf = ({ spec }: ValidatingAdmissionPolicy, served: readonly ServedKind[]): readonly KindRef[] => {
  const found = new Map<string, KindRef>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec.matchConstraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions].some((name) => name.includes('*'))) continue;
    const named = resources.filter((name) => !/[*/]/.test(name));
    const matching = served.filter(
      ({ apiVersion, resource }) =>
        apiGroups.includes(groupOf(apiVersion)) &&
        apiVersions.includes(versionOf(apiVersion)) &&
        named.includes(resource),
    );
    for (const { apiVersion, kind } of matching.slice(0, MOST_KINDS)) {
      found.set(shown({ apiVersion, kind }), { apiVersion, kind });
    }
    if (matching.length >= MOST_KINDS) break;
  }
  return [...found].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, kind]) => kind);
};
