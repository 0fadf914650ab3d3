import type { RequestFacts } from '../../auth/sign-request.js';

/** What a signer of the cluster asks of a request; the problem, or undefined. */
export type SignerRule = (request: RequestFacts, usages: ReadonlySet<string>) => string | undefined;

const KEY_USES = ['key encipherment', 'digital signature'];

const has = (usages: ReadonlySet<string>, needed: readonly string[], allowed: readonly string[]): boolean =>
  needed.every((usage) => usages.has(usage)) &&
  [...usages].every((usage) => needed.includes(usage) || allowed.includes(usage));

const isNode = ({ commonName, organizations }: RequestFacts): string | undefined => {
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes') {
    return 'subject organization is not system:nodes';
  }
  return commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:';
};

/**
 * The signers that a cluster has by itself, by the names that requests call
 * (https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers).
 */
export const SIGNERS: Readonly<Record<string, SignerRule>> = {
  'kubernetes.io/kube-apiserver-client': (_request, usages) =>
    has(usages, ['client auth'], ['signing', ...KEY_USES]) ? undefined : 'usages did not match expected usages',
  'kubernetes.io/kube-apiserver-client-kubelet': (request, usages) => {
    const { dns, ip, email, url } = request.alternatives;
    if (dns > 0) return 'DNS subjectAltNames are not allowed';
    if (email > 0) return 'Email subjectAltNames are not allowed';
    if (ip > 0) return 'IP subjectAltNames are not allowed';
    if (url > 0) return 'URI subjectAltNames are not allowed';
    if (!has(usages, ['digital signature', 'client auth'], KEY_USES)) return 'usages did not match expected usages';
    return isNode(request);
  },
  'kubernetes.io/kubelet-serving': (request, usages) => {
    const { dns, ip, email, url } = request.alternatives;
    if (dns + ip === 0) return 'DNS or IP subjectAltName is required';
    if (email > 0) return 'Email subjectAltNames are not allowed';
    if (url > 0) return 'URI subjectAltNames are not allowed';
    if (!has(usages, ['digital signature', 'server auth'], KEY_USES)) return 'usages did not match expected usages';
    return isNode(request);
  },
  'kubernetes.io/legacy-unknown': () => undefined,
};
