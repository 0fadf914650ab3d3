import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../../objects/api-error.js';
import { AUTHENTICATED, MASTERS, type UserInfo } from './user.js';

const EXTRA = 'impersonate-extra-';

/** The user that the administrator wants to act as, by the `Impersonate-*` headers; everyone else is refused. */
export const impersonated = (user: UserInfo, headers: IncomingHttpHeaders): UserInfo => {
  const name = headers['impersonate-user'];
  const asked = Object.keys(headers).some((header) => header.startsWith('impersonate-'));
  if (!asked) return user;
  if (typeof name !== 'string' || name === '') {
    throw new ApiError('BadRequest', 'requested groups, uid or extra without impersonating a user');
  }
  if (!user.groups.includes(MASTERS)) {
    throw new ApiError(
      'Forbidden',
      `users "${name}" is forbidden: User "${user.name}" cannot impersonate resource "users" in API group "" at the cluster scope`,
    );
  }
  const groups = listOf(headers['impersonate-group']);
  const uid = headers['impersonate-uid'];
  const extra = Object.entries(headers)
    .filter(([header]) => header.startsWith(EXTRA))
    .map(([header, value]) => [decodeURIComponent(header.slice(EXTRA.length)), listOf(value)] as const);
  return {
    name,
    groups: [...new Set([...groups, ...serviceAccountGroups(name, groups), AUTHENTICATED])],
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
};

const listOf = (value: string | string[] | undefined): readonly string[] =>
  value === undefined ? [] : [value].flat().flatMap((text) => text.split(',').map((part) => part.trim()));

/** Service accounts belong to the groups of all of them and of their namespace, unless groups are named. */
const serviceAccountGroups = (name: string, groups: readonly string[]): readonly string[] => {
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name) ?? [];
  if (namespace === undefined || groups.length > 0) return [];
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
};
