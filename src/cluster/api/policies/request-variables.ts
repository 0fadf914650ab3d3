import { jsonValue, mapValue } from '../../admission/cel/json-values.js';
import { authorizerValue, requestResource, type AskAccess } from '../../admission/cel/libraries/authorization.js';
import { readTimestamp } from '../../admission/cel/time.js';
import { CelError, type CelValue } from '../../admission/cel/values.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Authorizer } from '../../auth/authorizer.js';
import type { UserInfo } from '../../auth/user.js';
import type { Store } from '../../store/store.js';
import type { AdmissionRequest } from '../plugins/admission-plugin.js';
import type { ServedResource } from '../request.js';

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions', CONNECT: '' } as const;

/** The kind of what is sent: parts of objects such as scales have kinds of their own. */
const kindOf = ({ group, version, kind, subresources }: ServedResource, subresource: string | undefined): object => {
  const part = subresources.find(({ name }) => name === subresource)?.kind;
  if (part === undefined) return { group, version, kind };
  const [partVersion = '', partGroup = ''] = part.apiVersion.split('/').toReversed();
  return { group: partGroup, version: partVersion, kind: part.kind };
};
const resourceOf = ({ group, version, plural }: ServedResource): object => ({ group, version, resource: plural });

/** The part of an AdmissionReview that says what is asked, without the objects. `matched` is the version that matched. */
export const reviewRequest = (
  request: AdmissionRequest,
  matched: ServedResource,
): Readonly<Record<string, unknown>> => {
  const { target, operation, object, dryRun, context } = request;
  const { user } = context;
  const name = target.name ?? object?.metadata.name ?? '';
  return {
    kind: kindOf(matched, target.subresource),
    resource: resourceOf(matched),
    ...(target.subresource === undefined ? {} : { subResource: target.subresource }),
    requestKind: kindOf(target.resource, target.subresource),
    requestResource: resourceOf(target.resource),
    ...(target.subresource === undefined ? {} : { requestSubResource: target.subresource }),
    ...(name === '' ? {} : { name }),
    ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
    operation,
    userInfo: userInfoOf(user),
    dryRun,
    options:
      OPTIONS[operation] === '' ? null : { kind: OPTIONS[operation], apiVersion: 'meta.k8s.io/v1', ...request.options },
  };
};

const userInfoOf = ({ name, uid, groups, extra }: UserInfo): object => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra === undefined ? {} : { extra }),
});

const text = (key: string, value: string | undefined): object =>
  value === undefined || value === '' ? {} : { [key]: value };

/** What CEL may ask of authorization: on behalf of the user of the request, or of a service account. */
export const askFor =
  (authorize: Authorizer, user: UserInfo): AskAccess =>
  ({ serviceAccount, verb, path, group, resource, subresource, namespace, name }) => {
    const asker =
      serviceAccount === undefined
        ? user
        : {
            name: `system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}`,
            groups: [
              'system:serviceaccounts',
              `system:serviceaccounts:${serviceAccount.namespace}`,
              'system:authenticated',
            ],
          };
    return authorize({
      user: asker,
      verb,
      ...(path === undefined ? { group: group ?? '', resource: resource ?? '' } : { path }),
      ...text('subresource', subresource),
      ...text('namespace', namespace),
      ...text('name', name),
    });
  };

const TIMES = ['creationTimestamp', 'deletionTimestamp'] as const;

const namespaceValue = (namespace: KubeObject | undefined): CelValue => {
  if (namespace === undefined) return null;
  const { metadata } = namespace;
  const times = TIMES.flatMap((name) => {
    const time = metadata[name];
    return time === undefined ? [] : [[name, readTimestamp(time)] as const];
  });
  const { name, labels, annotations, uid, generation, resourceVersion, finalizers } = metadata;
  const shown = { name, labels, annotations, UID: uid, generation, resourceVersion, finalizers };
  const known = Object.entries(shown).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, jsonValue(value)] as const],
  );
  return mapValue({
    metadata: mapValue(Object.fromEntries([...known, ...times])),
    spec: jsonValue(namespace['spec'] ?? {}),
    status: jsonValue(namespace['status'] ?? {}),
  });
};

/** What an expression about a request is evaluated with. */
export interface RequestSubject {
  readonly request: AdmissionRequest;
  readonly matched: ServedResource;
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
  readonly params?: KubeObject | null;
}

/** The variables of expressions about one request; each is made when it is first asked for. */
export class RequestValues {
  private readonly known = new Map<string, CelValue>();

  constructor(
    private readonly store: Store,
    private readonly authorize: Authorizer,
    private readonly subject: RequestSubject,
  ) {}

  /** undefined for a name that is none. */
  find(name: string): CelValue {
    if (this.known.has(name)) return this.known.get(name);
    const made = this.make(name);
    this.known.set(name, made);
    return made;
  }

  private make(name: string): CelValue {
    const { request, matched, object, oldObject, params } = this.subject;
    const { target, context } = request;
    switch (name) {
      case 'object':
        return jsonValue(object ?? null);
      case 'oldObject':
        return jsonValue(oldObject ?? null);
      case 'params':
        return jsonValue(params ?? null);
      case 'request':
        return jsonValue(reviewRequest(request, matched));
      case 'namespaceObject':
        return namespaceValue(this.namespace());
      case 'authorizer':
        return authorizerValue(askFor(this.authorize, context.user));
      case 'authorizer.requestResource':
        return requestResource(askFor(this.authorize, context.user), {
          group: target.resource.group,
          resource: target.resource.plural,
          ...(target.subresource === undefined ? {} : { subresource: target.subresource }),
          ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
          ...(target.name === undefined ? {} : { name: target.name }),
        });
      default:
        throw new CelError(`no such attribute(s): ${name}`);
    }
  }

  private namespace(): KubeObject | undefined {
    const { target } = this.subject.request;
    if (target.namespace === undefined) return undefined;
    return this.store.get(`/registry/core/namespaces/${target.namespace}`)?.object;
  }
}
