import { timestamp } from '../../../objects/conditions.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { ISSUER, type ServiceAccountTokens, type TokenGrant } from '../../auth/service-account-tokens.js';
import type { Machinery } from '../operations/machinery.js';
import type { PostHandler } from '../operations/pipeline.js';
import { requireStored } from '../operations/read.js';
import type { Target } from '../request.js';
import { badRequest, conflict, invalid, notFound } from '../status-errors.js';

const KIND = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const DEFAULT_SECONDS = 3600;
const LEAST_SECONDS = 600;
const MOST_SECONDS = 2 ** 32;

interface TokenRequestSpec {
  readonly audiences?: readonly string[];
  readonly expirationSeconds?: number;
  readonly boundObjectRef?: {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly name?: string;
    readonly uid?: string;
  };
}

/** POST to `serviceaccounts/token`: a token for the account. */
export const tokenRequest =
  (tokens: ServiceAccountTokens): PostHandler =>
  async (machinery, _context, target, body) => {
    const { subresource: _token, ...accountTarget } = target;
    const account = requireStored(machinery, accountTarget).object;
    const asked = nameOf(body);
    if (asked !== '' && asked !== account.metadata.name) {
      const message = `Invalid value: ${JSON.stringify(asked)}: must match the service account name if specified`;
      throw invalid(KIND, account.metadata.name, [{ reason: 'FieldValueInvalid', field: 'metadata.name', message }]);
    }
    const spec = (body['spec'] ?? {}) as TokenRequestSpec;
    const expirationSeconds = secondsOf(nameOf(body), spec);
    const grant = {
      namespace: target.namespace ?? '',
      account: { name: account.metadata.name, uid: account.metadata.uid ?? '' },
      audiences: (spec.audiences ?? []).length === 0 ? [ISSUER] : (spec.audiences ?? []),
      expirationSeconds,
      ...boundTo(machinery, target, spec),
    };
    const { token, expires } = await tokens.issue(grant);
    return {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {
        name: account.metadata.name,
        namespace: grant.namespace,
        creationTimestamp: timestamp(machinery.clock.now()),
      },
      spec: {
        audiences: grant.audiences,
        expirationSeconds,
        boundObjectRef: spec.boundObjectRef ?? null,
      },
      status: { token, expirationTimestamp: timestamp(expires) },
    };
  };

const nameOf = (body: { readonly metadata?: unknown }): string =>
  (body.metadata as { readonly name?: string } | undefined)?.name ?? '';

const secondsOf = (name: string, { expirationSeconds = DEFAULT_SECONDS }: TokenRequestSpec): number => {
  const wrong = (why: string): never => {
    const message = `Invalid value: ${expirationSeconds}: ${why}`;
    throw invalid(KIND, name, [{ reason: 'FieldValueInvalid', field: 'spec.expirationSeconds', message }]);
  };
  if (expirationSeconds < LEAST_SECONDS) wrong('may not specify a duration less than 10 minutes');
  if (expirationSeconds > MOST_SECONDS) wrong('may not specify a duration larger than 2^32 seconds');
  return expirationSeconds;
};

const PLURALS: Readonly<Record<string, string>> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' };

/** The object that the token is bound to; it must be there, and a pod must run as the account. */
const boundTo = (
  { store }: Machinery,
  target: Target,
  { boundObjectRef: reference }: TokenRequestSpec,
): Pick<TokenGrant, 'bound' | 'node'> => {
  if (reference === undefined || reference === null) return {};
  const { apiVersion = '', kind = '', name = '', uid } = reference;
  const plural = PLURALS[kind];
  if (plural === undefined) throw badRequest(`cannot bind token to object of type /${apiVersion}, Kind=${kind}`);
  const scope = kind === 'Node' ? '' : `${target.namespace ?? ''}/`;
  const object = store.get(`/registry/core/${plural}/${scope}${name}`)?.object;
  if (object === undefined) throw notFound({ group: '', plural }, name);
  if (uid !== undefined && uid !== '' && uid !== object.metadata.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', plural }, name, why);
  }
  const bound = { kind: kind as 'Pod' | 'Secret' | 'Node', name, uid: object.metadata.uid ?? '' };
  return kind === 'Pod' ? { bound, ...nodeOf(store, target, object) } : { bound };
};

const nodeOf = (store: Machinery['store'], target: Target, object: KubeObject): Pick<TokenGrant, 'node'> => {
  const { spec } = object as Pod;
  if (spec.serviceAccountName !== target.name) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(target.name)} to pod running with different serviceaccount name.`,
    );
  }
  const { nodeName } = spec;
  if (nodeName === undefined || nodeName === '') return {};
  const uid = store.get(`/registry/core/nodes/${nodeName}`)?.object.metadata.uid;
  return { node: { name: nodeName, ...(uid === undefined ? {} : { uid }) } };
};
