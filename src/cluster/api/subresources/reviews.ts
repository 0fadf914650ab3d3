import type { KubeObject } from '../../../objects/object.js';
import type { Authenticator } from '../../auth/authenticator.js';
import type { AccessAttributes, Authorizer } from '../../auth/authorizer.js';
import { ISSUER, type ServiceAccountTokens } from '../../auth/service-account-tokens.js';
import type { Rbac } from '../../auth/rbac/rbac.js';
import type { UserInfo } from '../../auth/user.js';
import type { PostHandler } from '../operations/pipeline.js';
import type { RequestContext } from '../request.js';
import { badRequest } from '../status-errors.js';

interface AccessSpec {
  readonly user?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly resourceAttributes?: Readonly<Record<string, string>>;
  readonly nonResourceAttributes?: Readonly<Record<string, string>>;
}

const specOf = (body: KubeObject): AccessSpec => (body['spec'] ?? {}) as AccessSpec;

/** Reviews are nobody's to keep: most have no name. */
const answered = (body: KubeObject, status: object): KubeObject => {
  const { name, ...rest } = body.metadata;
  return { ...body, metadata: (name === '' ? rest : body.metadata) as KubeObject['metadata'], status };
};

const attributesOf = (user: UserInfo, { resourceAttributes, nonResourceAttributes }: AccessSpec): AccessAttributes => {
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined)) {
    throw badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified');
  }
  if (nonResourceAttributes !== undefined) {
    return { user, verb: nonResourceAttributes['verb'] ?? '', path: nonResourceAttributes['path'] ?? '' };
  }
  const {
    verb = '',
    group = '',
    resource = '',
    subresource = '',
    namespace = '',
    name = '',
  } = resourceAttributes ?? {};
  return {
    user,
    verb,
    group,
    resource,
    ...(subresource === '' ? {} : { subresource }),
    ...(namespace === '' ? {} : { namespace }),
    ...(name === '' ? {} : { name }),
  };
};

const decide = (authorize: Authorizer, user: UserInfo, body: KubeObject): KubeObject => {
  const { allowed, reason } = authorize(attributesOf(user, specOf(body)));
  return answered(body, { allowed, ...(reason === undefined ? {} : { reason }) });
};

const namedUser = ({ user = '', uid, groups = [], extra }: AccessSpec): UserInfo => ({
  name: user,
  groups,
  ...(uid === undefined ? {} : { uid }),
  ...(extra === undefined ? {} : { extra }),
});

const userInfo = ({ user }: RequestContext): object => ({
  username: user.name,
  ...(user.uid === undefined ? {} : { uid: user.uid }),
  groups: user.groups,
  ...(user.extra === undefined ? {} : { extra: user.extra }),
});

/** The status of a SelfSubjectRulesReview. */
type RulesOf = (user: UserInfo, namespace: string) => object;

interface ReviewOptions {
  readonly authorize: Authorizer;
  readonly authenticator: Pick<Authenticator, 'userOfToken'>;
  readonly tokens: ServiceAccountTokens;
  /** Default: found out by asking the authorizer. */
  readonly rulesOf?: RulesOf | undefined;
}

/** The questions that clients ask about themselves and others: answered at once, never stored. */
export const reviews = ({
  authorize,
  authenticator,
  tokens,
  rulesOf = probedRules(authorize),
}: ReviewOptions): Readonly<Record<string, PostHandler>> => ({
  'authentication.k8s.io/selfsubjectreviews': (_machinery, context, _target, body) =>
    answered(body, { userInfo: userInfo(context) }),
  'authentication.k8s.io/tokenreviews': (_machinery, _context, _target, body) =>
    reviewToken(body, authenticator, tokens),
  'authorization.k8s.io/selfsubjectaccessreviews': (_machinery, { user }, _target, body) =>
    decide(authorize, user, body),
  'authorization.k8s.io/selfsubjectrulesreviews': (_machinery, { user }, _target, body) =>
    answered(body, rulesOf(user, namespaceOf(body))),
  'authorization.k8s.io/subjectaccessreviews': (_machinery, _context, _target, body) =>
    decide(authorize, namedUser(specOf(body)), body),
  'authorization.k8s.io/localsubjectaccessreviews': (_machinery, _context, { namespace }, body) => {
    if ((specOf(body).resourceAttributes?.['namespace'] ?? '') !== namespace) {
      throw badRequest('spec.resourceAttributes.namespace must match the namespace of the request');
    }
    return decide(authorize, namedUser(specOf(body)), body);
  },
});

const namespaceOf = (body: KubeObject): string => {
  const { namespace = '' } = (body['spec'] ?? {}) as { namespace?: string };
  if (namespace === '') throw badRequest('no namespace on request');
  return namespace;
};

/** What a user may do by the rules of his roles. */
export const heldRules =
  (rbac: Rbac): RulesOf =>
  (user, namespace) => {
    const { rules, problems } = rbac.rulesFor(user, namespace);
    return {
      resourceRules: rules
        .filter(({ resources = [] }) => resources.length > 0)
        .map(({ verbs, apiGroups, resources, resourceNames }) => ({ verbs, apiGroups, resources, resourceNames })),
      nonResourceRules: rules
        .filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0)
        .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
      incomplete: problems.length > 0,
      ...(problems.length === 0 ? {} : { evaluationError: problems.join(', ') }),
    };
  };

/** What a user may do, as far as an authorizer without rules can say: everything, or what must be asked one by one. */
const probedRules =
  (authorize: Authorizer): RulesOf =>
  (user, namespace) => {
    const everything = authorize({ user, verb: '*', group: '*', resource: '*', namespace }).allowed;
    return {
      resourceRules: everything ? [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] : [],
      nonResourceRules: everything ? [{ verbs: ['*'], nonResourceURLs: ['*'] }] : [],
      incomplete: !everything,
    };
  };

const reviewToken = async (
  body: KubeObject,
  authenticator: Pick<Authenticator, 'userOfToken'>,
  tokens: ServiceAccountTokens,
): Promise<KubeObject> => {
  const { token = '', audiences: asked = [] } = (body['spec'] ?? {}) as { token?: string; audiences?: string[] };
  if (token === '')
    throw badRequest('spec.token: Required value: must be non-empty for token authentication during create');
  const account = await tokens.check(token);
  const user = account?.user ?? (await authenticator.userOfToken(token));
  if (user === undefined) return answered(body, { authenticated: false, user: {}, error: 'invalid bearer token' });
  const valid = account?.audiences ?? [ISSUER];
  const audiences = asked.length === 0 ? valid : asked.filter((audience) => valid.includes(audience));
  if (audiences.length === 0)
    return answered(body, { authenticated: false, user: {}, error: 'token audiences do not match' });
  const { name, uid, groups, extra } = user;
  return answered(body, { authenticated: true, user: { username: name, uid, groups, extra }, audiences });
};
