import type { Library } from '../environment.js';
import { objectType } from '../types.js';
import { CelError, ExtensionValue } from '../values.js';

/** What an expression asks: may the user of this request do that? */
export interface AccessQuestion {
  readonly verb: string;
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Asked on behalf of this service account, `namespace` and `name`. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
}

export interface AccessAnswer {
  readonly allowed: boolean;
  readonly reason?: string;
}

/** Answers the questions of expressions. */
export type AskAccess = (question: AccessQuestion) => AccessAnswer;

const PREFIX = 'kubernetes.authorization.';
const type = (name: string): ReturnType<typeof objectType> => objectType(PREFIX + name);

/** The type of the variable `authorizer`. */
export const AUTHORIZER = type('Authorizer');
/** The type of `authorizer.requestResource`. */
export const RESOURCE_CHECK = type('ResourceCheck');

type Asked = Omit<AccessQuestion, 'verb'>;

class AccessValue extends ExtensionValue {
  readonly type: ReturnType<typeof objectType>;

  constructor(
    kind: string,
    readonly ask: AskAccess,
    readonly asked: Asked,
  ) {
    super();
    this.type = type(kind);
  }

  equals(other: AccessValue): boolean {
    return JSON.stringify(this.asked) === JSON.stringify(other.asked);
  }

  with(asked: Asked, kind: string): AccessValue {
    return new AccessValue(kind, this.ask, { ...this.asked, ...asked });
  }
}

class DecisionValue extends ExtensionValue {
  readonly type = type('Decision');

  constructor(readonly answer: AccessAnswer) {
    super();
  }

  equals(other: DecisionValue): boolean {
    return this.answer.allowed === other.answer.allowed;
  }
}

/** The variable `authorizer`. */
export const authorizerValue = (ask: AskAccess): ExtensionValue => new AccessValue('Authorizer', ask, {});

/** The variable `authorizer.requestResource`: what the request itself is about. */
export const requestResource = (ask: AskAccess, asked: Asked): ExtensionValue =>
  new AccessValue('ResourceCheck', ask, asked);

const check = (access: AccessValue, verb: string): DecisionValue =>
  new DecisionValue(access.ask({ ...access.asked, verb }));

const NAME = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;

const serviceAccount = (access: AccessValue, namespace: string, name: string): AccessValue => {
  if (!NAME.test(namespace)) throw new CelError(`Invalid service account namespace`);
  if (!NAME.test(name)) throw new CelError(`Invalid service account name`);
  return access.with({ serviceAccount: { namespace, name } }, 'Authorizer');
};

const onResource = (change: (text: string) => Asked) => (access: AccessValue, text: string) =>
  access.with(change(text), 'ResourceCheck');

const P = PREFIX;

export const AUTHORIZATION_LIBRARY: Library = {
  path: {
    [`authorizer_path ${P}Authorizer.(string) -> ${P}PathCheck`]: (access: AccessValue, path: string) =>
      access.with({ path }, 'PathCheck'),
  },
  group: {
    [`authorizer_group ${P}Authorizer.(string) -> ${P}GroupCheck`]: (access: AccessValue, group: string) =>
      access.with({ group }, 'GroupCheck'),
  },
  serviceAccount: {
    [`authorizer_serviceaccount ${P}Authorizer.(string, string) -> ${P}Authorizer`]: serviceAccount,
  },
  resource: {
    [`groupcheck_resource ${P}GroupCheck.(string) -> ${P}ResourceCheck`]: onResource((resource) => ({ resource })),
  },
  subresource: {
    [`resourcecheck_subresource ${P}ResourceCheck.(string) -> ${P}ResourceCheck`]: onResource((subresource) => ({
      subresource,
    })),
  },
  namespace: {
    [`resourcecheck_namespace ${P}ResourceCheck.(string) -> ${P}ResourceCheck`]: onResource((namespace) => ({
      namespace,
    })),
  },
  name: {
    [`resourcecheck_name ${P}ResourceCheck.(string) -> ${P}ResourceCheck`]: onResource((name) => ({ name })),
  },
  // Rules of RBAC know no selectors: they narrow a question, and the answer stays the same.
  fieldSelector: {
    [`authorizer_fieldselector ${P}ResourceCheck.(string) -> ${P}ResourceCheck`]: onResource(() => ({})),
  },
  labelSelector: {
    [`authorizer_labelselector ${P}ResourceCheck.(string) -> ${P}ResourceCheck`]: onResource(() => ({})),
  },
  check: {
    [`pathcheck_check ${P}PathCheck.(string) -> ${P}Decision`]: check,
    [`resourcecheck_check ${P}ResourceCheck.(string) -> ${P}Decision`]: check,
  },
  allowed: { [`decision_allowed ${P}Decision.() -> bool`]: ({ answer }: DecisionValue) => answer.allowed },
  reason: { [`decision_reason ${P}Decision.() -> string`]: ({ answer }: DecisionValue) => answer.reason ?? '' },
  errored: { [`decision_errored ${P}Decision.() -> bool`]: () => false },
  error: { [`decision_error ${P}Decision.() -> string`]: () => '' },
};
