import type { Client } from '../../cluster/client/client.js';
import type { Clock } from '../../objects/clock.js';
import type { TokenRequest } from '../../objects/kinds/authentication-k8s-io-v1.js';
import type { Pod } from '../../objects/kinds/core-v1.js';
import { ServiceAccount } from '../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../objects/object.js';

const DEFAULT_SECONDS = 3600;
const LONGEST_AGE_MS = 24 * 3600 * 1000;
/** A token is renewed when this part of its life is over. */
const RENEW_AT = 0.8;

interface Held {
  readonly token: string;
  readonly renewAt: number;
}

/** Tokens for pods, bound to them, renewed before they expire. */
export interface TokenSource {
  token(pod: Pod, audience: string | undefined, expirationSeconds: number | undefined): Promise<string>;
  forget(podUid: string): void;
}

/** Asks the API for tokens of the pod's service account and keeps them until they are old. */
export const createTokenSource = (client: Client, clock: Clock): TokenSource => {
  const held = new Map<string, Map<string, Held>>();
  return {
    token: async (pod, audience, expirationSeconds = DEFAULT_SECONDS) => {
      const uid = pod.metadata.uid ?? '';
      const key = JSON.stringify([audience, expirationSeconds]);
      const present = held.get(uid)?.get(key);
      if (present !== undefined && clock.now() < present.renewAt) return present.token;
      const status = (await requestToken(client, pod, audience, expirationSeconds)).status;
      if (status === undefined) throw new Error('the API answered without a token');
      const now = clock.now();
      const life = Date.parse(status.expirationTimestamp) - now;
      const tokens = held.get(uid) ?? new Map<string, Held>();
      held.set(uid, tokens);
      tokens.set(key, { token: status.token, renewAt: now + Math.min(life * RENEW_AT, LONGEST_AGE_MS) });
      return status.token;
    },
    forget: (podUid) => {
      held.delete(podUid);
    },
  };
};

const requestToken = (
  client: Client,
  pod: Pod,
  audience: string | undefined,
  expirationSeconds: number,
): Promise<TokenRequest & KubeObject> => {
  const { name, namespace = 'default', uid } = pod.metadata;
  const account = { namespace, name: pod.spec.serviceAccountName ?? 'default' };
  return client.subresource<TokenRequest & KubeObject>(ServiceAccount, account, 'token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: account.name, namespace },
    spec: {
      audiences: audience === undefined ? [] : [audience],
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, ...(uid === undefined ? {} : { uid }) },
    },
  });
};
