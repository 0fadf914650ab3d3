import { createHash, createPrivateKey, createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import { exportJWK, jwtVerify, SignJWT, type JWK, type JWTPayload } from 'jose';
import type { Clock } from '../../objects/clock.js';
import type { KubeObject } from '../../objects/object.js';
import type { UserInfo } from './user.js';
import { AUTHENTICATED } from './user.js';

export const ISSUER = 'https://kubernetes.default.svc.cluster.local';

/** Who signed the tokens that Secrets hold; these never end. */
const SECRET_ISSUER = 'kubernetes/serviceaccount';
const SECRET_CLAIMS = 'kubernetes.io/serviceaccount';

const ALGORITHM = 'ES256';
const CLAIMS = 'kubernetes.io';
/** Verified tokens that are remembered, as checking a signature takes long. */
const REMEMBERED = 2000;

interface Reference {
  readonly name: string;
  readonly uid?: string;
}

/** What a token says beside the account: the object without which it is void. */
export interface TokenGrant {
  readonly namespace: string;
  readonly account: Reference;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly bound?: { readonly kind: 'Pod' | 'Secret' | 'Node' } & Reference;
  /** The node that the pod runs on. */
  readonly node?: Reference;
}

/** What the token of a Secret says. */
export interface SecretTokenGrant {
  readonly namespace: string;
  readonly account: { readonly name: string; readonly uid: string };
  readonly secret: string;
}

/** Reads an object of the core group by plural, namespace and name. */
export type ReadObject = (plural: string, namespace: string | undefined, name: string) => KubeObject | undefined;

interface Verified {
  /** `Infinity` for the token of a Secret. */
  readonly expires: number;
  readonly audiences: readonly string[];
  readonly claims: AccountClaims;
}

interface AccountClaims {
  readonly namespace: string;
  readonly serviceaccount: Reference;
  readonly pod?: Reference;
  readonly secret?: Reference;
  readonly node?: Reference;
  /** The token as the Secret holds it: it is void when the Secret holds another one. */
  readonly held?: string;
}

export interface TokenUser {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

/** Signs and checks the tokens of service accounts. */
export class ServiceAccountTokens {
  readonly #key: KeyObject;
  readonly #public: KeyObject;
  readonly #keyId: string;
  readonly #verified = new Map<string, Verified>();

  /** `key` is an EC P-256 private key, PEM. */
  constructor(
    key: string,
    private readonly read: ReadObject,
    private readonly clock: Clock,
  ) {
    this.#key = createPrivateKey(key);
    this.#public = createPublicKey(this.#key);
    const der = this.#public.export({ type: 'spki', format: 'der' });
    this.#keyId = createHash('sha256').update(der).digest('base64url');
  }

  async issue(grant: TokenGrant): Promise<{ token: string; expires: number }> {
    const now = Math.floor(this.clock.now() / 1000);
    const expires = now + grant.expirationSeconds;
    const { bound, node } = grant;
    const claims = {
      namespace: grant.namespace,
      serviceaccount: grant.account,
      ...(bound === undefined ? {} : { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } }),
      ...(node === undefined ? {} : { node }),
    };
    const token = await new SignJWT({ [CLAIMS]: claims })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.#keyId })
      .setIssuer(ISSUER)
      .setSubject(`system:serviceaccount:${grant.namespace}:${grant.account.name}`)
      .setAudience([...grant.audiences])
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(expires)
      .setJti(randomUUID())
      .sign(this.#key);
    return { token, expires: expires * 1000 };
  }

  /** A token that a Secret holds: it lasts until the Secret or the account goes. */
  async issueForSecret({ namespace, account, secret }: SecretTokenGrant): Promise<string> {
    return new SignJWT({
      [`${SECRET_CLAIMS}/namespace`]: namespace,
      [`${SECRET_CLAIMS}/secret.name`]: secret,
      [`${SECRET_CLAIMS}/service-account.name`]: account.name,
      [`${SECRET_CLAIMS}/service-account.uid`]: account.uid,
    })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.#keyId })
      .setIssuer(SECRET_ISSUER)
      .setSubject(`system:serviceaccount:${namespace}:${account.name}`)
      .sign(this.#key);
  }

  /** The user of a token that is good now: signed here, not expired, and its account and pod are there still. */
  async check(token: string): Promise<TokenUser | undefined> {
    const verified = this.#verified.get(token) ?? (await this.#verify(token));
    if (verified === undefined || verified.expires <= this.clock.now() || !this.#isAlive(verified.claims))
      return undefined;
    return { user: userOf(verified.claims), audiences: verified.audiences };
  }

  /** The keys by which others check tokens: `/openid/v1/jwks`. */
  async keys(): Promise<{ readonly keys: readonly JWK[] }> {
    const key = await exportJWK(this.#public);
    return { keys: [{ ...key, kid: this.#keyId, alg: ALGORITHM, use: 'sig' }] };
  }

  async #verify(token: string): Promise<Verified | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#public, {
        issuer: [ISSUER, SECRET_ISSUER],
        algorithms: [ALGORITHM],
        currentDate: new Date(this.clock.now()),
      });
      const verified =
        payload.iss === SECRET_ISSUER
          ? { expires: Number.POSITIVE_INFINITY, audiences: [ISSUER], claims: secretClaims(payload, token) }
          : {
              expires: (payload.exp ?? 0) * 1000,
              audiences: [payload.aud ?? []].flat(),
              claims: payload[CLAIMS] as AccountClaims,
            };
      if (this.#verified.size >= REMEMBERED) this.#verified.clear();
      this.#verified.set(token, verified);
      return verified;
    } catch {
      // Whatever is wrong with it: it is not a token of ours.
      return undefined;
    }
  }

  #isAlive({ namespace, serviceaccount, pod, secret, held }: AccountClaims): boolean {
    if (held !== undefined && this.#heldBy(namespace, secret?.name ?? '') !== held) return false;
    const is = (plural: string, reference: Reference | undefined): boolean => {
      if (reference === undefined) return true;
      const object = this.read(plural, namespace, reference.name);
      return object !== undefined && (reference.uid === undefined || object.metadata.uid === reference.uid);
    };
    return is('serviceaccounts', serviceaccount) && is('pods', pod) && is('secrets', secret);
  }

  #heldBy(namespace: string, name: string): string | undefined {
    const object: (KubeObject & { readonly data?: Readonly<Record<string, string>> }) | undefined = this.read(
      'secrets',
      namespace,
      name,
    );
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
    return Buffer.from(object.data?.['token'] ?? '', 'base64').toString();
  }
}

const secretClaims = (payload: JWTPayload, held: string): AccountClaims => {
  const claim = (name: string): string => {
    const value = payload[`${SECRET_CLAIMS}/${name}`];
    return typeof value === 'string' ? value : '';
  };
  return {
    namespace: claim('namespace'),
    serviceaccount: { name: claim('service-account.name'), uid: claim('service-account.uid') },
    secret: { name: claim('secret.name') },
    held,
  };
};

const userOf = ({ namespace, serviceaccount, pod, node }: AccountClaims): UserInfo => {
  const extra: Record<string, readonly string[]> = {};
  if (pod !== undefined) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid ?? ''];
  }
  if (node !== undefined) extra['authentication.kubernetes.io/node-name'] = [node.name];
  return {
    name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
    ...(serviceaccount.uid === undefined ? {} : { uid: serviceaccount.uid }),
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED],
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
};
