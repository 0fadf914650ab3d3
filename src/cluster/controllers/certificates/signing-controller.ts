import { isConditionTrue, timestamp } from '../../../objects/conditions.js';
import { CertificateSigningRequest } from '../../../objects/kinds/certificates-k8s-io-v1.js';
import type { KeyedCertificate } from '../../auth/certificates.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { SIGNERS } from './signers.js';

/** How long a certificate is good where the request does not ask for less, and the least. */
const YEAR_SECONDS = 365 * 86_400;
const LEAST_SECONDS = 600;

const isOpen = ({ status }: CertificateSigningRequest): boolean =>
  isConditionTrue(status?.conditions, 'Approved') &&
  !isConditionTrue(status?.conditions, 'Denied') &&
  !isConditionTrue(status?.conditions, 'Failed') &&
  (status?.certificate ?? '') === '';

/** Signs what was approved, for the signers that are the cluster's own. */
export const createSigningController = (
  { client, clock, informers }: ControllerDeps,
  authority: KeyedCertificate,
): Controller => {
  const requests = informers.informer(CertificateSigningRequest);

  const withCertificate = async (request: CertificateSigningRequest, pem: string, usages: readonly string[]) => {
    const { expirationSeconds = YEAR_SECONDS } = request.spec;
    const seconds = Math.min(Math.max(expirationSeconds, LEAST_SECONDS), YEAR_SECONDS);
    const { signRequest } = await import('../../auth/sign-request.js');
    const certificate = await signRequest(authority, pem, { usages, seconds, now: clock.now() });
    return { ...request, status: { ...request.status, certificate: Buffer.from(certificate).toString('base64') } };
  };

  const withFailure = (request: CertificateSigningRequest, message: string): CertificateSigningRequest => {
    const now = timestamp(clock.now());
    const failed = {
      type: 'Failed',
      status: 'True',
      reason: 'SignerValidationFailure',
      message,
      lastUpdateTime: now,
      lastTransitionTime: now,
    };
    return { ...request, status: { ...request.status, conditions: [...(request.status?.conditions ?? []), failed] } };
  };

  return {
    name: 'csrsigning',
    watches: [watchSelf(CertificateSigningRequest)],
    reconcile: async (key) => {
      const request = requests.get(key);
      if (request === undefined || !isOpen(request)) return DONE;
      const { signerName } = request.spec;
      const rule = Object.hasOwn(SIGNERS, signerName) ? SIGNERS[signerName] : undefined;
      if (rule === undefined) return DONE;
      const pem = Buffer.from(request.spec.request, 'base64').toString();
      const usages = request.spec.usages ?? [];
      const { readRequest } = await import('../../auth/sign-request.js');
      let signed: CertificateSigningRequest;
      try {
        const problem = rule(readRequest(pem), new Set(usages));
        signed = problem === undefined ? await withCertificate(request, pem, usages) : withFailure(request, problem);
      } catch (error) {
        signed = withFailure(request, `unable to parse csr ${JSON.stringify(key.name)}: ${(error as Error).message}`);
      }
      await client.updateStatus<CertificateSigningRequest>(signed);
      return DONE;
    },
  };
};
