import { ApiError } from '../../objects/api-error.js';
import { MASTERS, type UserInfo } from './user.js';

/** What somebody wants to do: to a resource, or with a path that is none. */
export interface AccessAttributes {
  readonly user: UserInfo;
  readonly verb: string;
  /** Of a resource; empty for the core group. */
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Set for what is no resource. */
  readonly path?: string;
}

export interface Decision {
  readonly allowed: boolean;
  readonly reason?: string;
}

/** Decides who may do what. */
export type Authorizer = (attributes: AccessAttributes) => Decision;

/** Whoever has shown a credential may do everything. */
export const allowAuthenticated: Authorizer = ({ user }) => ({
  allowed: !user.groups.includes('system:unauthenticated'),
});

/** Members of `system:masters` may do everything, whatever the rules say; others are left to the next authorizer. */
export const mastersFirst =
  (next: Authorizer): Authorizer =>
  (attributes) =>
    attributes.user.groups.includes(MASTERS) ? { allowed: true } : next(attributes);

/** The refusal, as Kubernetes words it. */
export const accessDenied = (attributes: AccessAttributes, reason = ''): ApiError => {
  const { user, verb, group = '', resource = '', subresource, namespace, name = '', path } = attributes;
  if (path !== undefined) {
    return new ApiError(
      'Forbidden',
      `forbidden: User ${quote(user.name)} cannot ${verb} path ${quote(path)}${because(reason)}`,
    );
  }
  const full = subresource === undefined ? resource : `${resource}/${subresource}`;
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const subject = name === '' ? qualified : `${qualified} ${quote(name)}`;
  const place = namespace === undefined ? 'at the cluster scope' : `in the namespace ${quote(namespace)}`;
  return new ApiError(
    'Forbidden',
    `${subject} is forbidden: User ${quote(user.name)} cannot ${verb} resource ${quote(full)} in API group ${quote(group)} ${place}${because(reason)}`,
    { name, ...(group === '' ? {} : { group }), kind: resource },
  );
};

const quote = (text: string): string => JSON.stringify(text);
const because = (reason: string): string => (reason === '' ? '' : `: ${reason}`);
