import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { ApiError } from '../../objects/api-error.js';
import { ANONYMOUS, AUTHENTICATED, MASTERS, type UserInfo } from './user.js';

/** Checks a bearer token; undefined when it is not one of its own. */
export type TokenCheck = (token: string) => Promise<UserInfo | undefined> | UserInfo | undefined;

/** Turns a request into a user. */
export interface Authenticator {
  /** Throws Unauthorized for a wrong credential; a request without any is anonymous. */
  authenticate(request: IncomingMessage): Promise<UserInfo> | UserInfo;
  /** The user of a bearer token, undefined when nobody vouches for it. */
  userOfToken(token: string): Promise<UserInfo | undefined>;
}

export const unauthorized = (): ApiError => new ApiError('Unauthorized', 'Unauthorized');

/** The administrator's token: compared in constant time. */
export const staticToken = (token: string, user: UserInfo): TokenCheck => {
  const digest = digestOf(token);
  return (offered) => (timingSafeEqual(digestOf(offered), digest) ? user : undefined);
};

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

export const ADMIN_USER: UserInfo = { name: 'kubernetes-admin', groups: [MASTERS, AUTHENTICATED] };

export const createAuthenticator = (checks: readonly TokenCheck[]): Authenticator => {
  const certificateUsers = new WeakMap<TLSSocket, UserInfo | null>();

  const userOfToken = async (token: string): Promise<UserInfo | undefined> => {
    for (const check of checks) {
      const user = check(token);
      const found = user instanceof Promise ? await user : user;
      if (found !== undefined) return found;
    }
    return undefined;
  };

  const userOfCertificate = (socket: TLSSocket): UserInfo | undefined => {
    const known = certificateUsers.get(socket);
    if (known !== undefined) return known ?? undefined;
    const user = readCertificate(socket);
    certificateUsers.set(socket, user ?? null);
    return user;
  };

  return {
    userOfToken,
    authenticate: (request) => {
      const byCertificate = userOfCertificate(request.socket as TLSSocket);
      if (byCertificate !== undefined) return byCertificate;
      const token = bearerToken(request);
      if (token === undefined) return ANONYMOUS;
      for (const check of checks) {
        const user = check(token);
        if (user instanceof Promise) return userOfToken(token).then(orUnauthorized);
        if (user !== undefined) return user;
      }
      throw unauthorized();
    },
  };
};

const orUnauthorized = (user: UserInfo | undefined): UserInfo => {
  if (user === undefined) throw unauthorized();
  return user;
};

/** The common name is the user, the organizations are the groups. */
const readCertificate = (socket: TLSSocket): UserInfo | undefined => {
  if (!socket.authorized) return undefined;
  const subject = socket.getPeerCertificate().subject as { CN?: string | string[]; O?: string | string[] } | undefined;
  const name = [subject?.CN ?? []].flat()[0];
  if (name === undefined || name === '') return undefined;
  return { name, groups: [...[subject?.O ?? []].flat(), AUTHENTICATED] };
};

/** The token of an `Authorization: Bearer` header, or of the websocket protocol that stands for it in browsers. */
const bearerToken = ({ headers }: IncomingMessage): string | undefined => {
  const [, token] = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  if (token !== undefined) return token;
  const [, encoded] =
    /(?:^|,)\s*base64url\.bearer\.authorization\.k8s\.io\.([\w-]+)/.exec(headers['sec-websocket-protocol'] ?? '') ?? [];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64url').toString('utf8');
};
