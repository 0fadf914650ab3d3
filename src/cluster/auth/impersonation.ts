import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../objects/api-error.js';
import { accessDenied, type AccessAttributes, type Authorizer } from './authorizer.js';
import { AUTHENTICATED, type UserInfo } from './user.js';

const EXTRA = 'impersonate-extra-';
const AUTHENTICATION = 'authentication.k8s.io';
const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

type Asked = Omit<AccessAttributes, 'user' | 'verb'>;

const askedUser = (name: string): Asked => {
  const [, namespace, account] = ACCOUNT.exec(name) ?? [];
  if (namespace === undefined || account === undefined) return { resource: 'users', name };
  return { resource: 'serviceaccounts', namespace, name: account };
};

/**
 * Whom somebody wants to act as, by the `Impersonate-*` headers. Who may not `impersonate` the user, each group, the uid
 * and each extra value is refused.
 */
export const impersonated = (
  user: UserInfo,
  { headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
  authorize: Authorizer,
): UserInfo => {
  const name = headers['impersonate-user'];
  const asked = Object.keys(headers).some((header) => header.startsWith('impersonate-'));
  if (!asked) return user;
  if (typeof name !== 'string' || name === '') {
    throw new ApiError('BadRequest', 'requested groups, uid or extra without impersonating a user');
  }
  // A header stands for one value, which may well contain commas.
  const distinct = distinctHeaders(rawHeaders);
  const groups = distinct.get('impersonate-group') ?? [];
  const uid = headers['impersonate-uid'];
  const extra = [...distinct]
    .filter(([header]) => header.startsWith(EXTRA))
    .map(([header, values]) => [extraKey(header), values] as const);
  const wanted: readonly Asked[] = [
    askedUser(name),
    ...groups.map((group) => ({ resource: 'groups', name: group })),
    ...(typeof uid === 'string' ? [{ group: AUTHENTICATION, resource: 'uids', name: uid }] : []),
    ...extra.flatMap(([key, values]) =>
      values.map((value) => ({ group: AUTHENTICATION, resource: 'userextras', subresource: key, name: value })),
    ),
  ];
  for (const each of wanted) {
    const asked = { user, verb: 'impersonate', ...each };
    const { allowed, reason } = authorize(asked);
    if (!allowed) throw accessDenied(asked, reason);
  }
  return {
    name,
    groups: [...new Set([...groups, ...serviceAccountGroups(name, groups), AUTHENTICATED])],
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
};

/** The values of each header, one for each time it was sent; requests of HTTP/2 have no `headersDistinct`. */
const distinctHeaders = (rawHeaders: readonly string[]): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const values = found.get(name) ?? [];
    values.push(rawHeaders[at + 1] ?? '');
    found.set(name, values);
  }
  return found;
};

/** The key that a header names, as it is written where it cannot be decoded. */
const extraKey = (header: string): string => {
  const key = header.slice(EXTRA.length);
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
};

/** Service accounts belong to the groups of all of them and of their namespace, unless groups are named. */
const serviceAccountGroups = (name: string, groups: readonly string[]): readonly string[] => {
  const [, namespace] = ACCOUNT.exec(name) ?? [];
  if (namespace === undefined || groups.length > 0) return [];
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
};
