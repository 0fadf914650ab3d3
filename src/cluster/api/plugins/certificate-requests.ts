import { timestamp } from '../../../objects/conditions.js';
import type { Clock } from '../../../objects/clock.js';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../../objects/kinds/certificates-k8s-io-v1.js';
import type { Authorizer } from '../../auth/authorizer.js';
import { MASTERS } from '../../auth/user.js';
import { forbidden } from '../status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission-plugin.js';

const GROUP = 'certificates.k8s.io';

/** Who may approve or sign for a signer must be allowed to; nobody gets a certificate of an administrator. */
export const certificateRequests = (authorize: Authorizer, clock: Clock): AdmissionPlugin => ({
  name: 'CertificateRequests',
  admit: (request) =>
    isAbout(request) && request.operation === 'UPDATE' && request.target.subresource !== undefined
      ? withTimes(request.object as CertificateSigningRequest, request.oldObject as CertificateSigningRequest, clock)
      : request.object,
  validate: async (request) => {
    if (!isAbout(request)) return;
    const { operation, target, object, oldObject } = request;
    const asked = object as CertificateSigningRequest;
    if (operation === 'CREATE') await refuseAdministrators(request, asked);
    if (operation !== 'UPDATE') return;
    if (target.subresource === 'approval') demand(authorize, request, 'approve', asked.spec.signerName);
    const before = (oldObject as CertificateSigningRequest).status?.certificate;
    if (target.subresource === 'status' && asked.status?.certificate !== before) {
      demand(authorize, request, 'sign', asked.spec.signerName);
    }
  },
});

const isAbout = ({ target: { resource } }: AdmissionRequest): boolean =>
  resource.group === GROUP && resource.plural === 'certificatesigningrequests';

const demand = (
  authorize: Authorizer,
  { context: { user }, target, object }: AdmissionRequest,
  verb: 'approve' | 'sign',
  signer: string,
): void => {
  const may = (name: string): boolean => authorize({ user, verb, group: GROUP, resource: 'signers', name }).allowed;
  if (may(signer) || may(`${signer.split('/', 1)[0]}/*`)) return;
  const why = `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`;
  throw forbidden(target.resource, object?.metadata.name ?? '', why);
};

const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

const refuseAdministrators = async (
  { target, object }: AdmissionRequest,
  { spec }: CertificateSigningRequest,
): Promise<void> => {
  if (spec.signerName !== CLIENT_SIGNER) return;
  const { readRequest } = await import('../../auth/sign-request.js');
  let groups: readonly string[];
  try {
    groups = readRequest(Buffer.from(spec.request, 'base64').toString()).organizations;
  } catch {
    // It is no request; the signer says so.
    return;
  }
  if (!groups.includes(MASTERS)) return;
  const why = `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`;
  throw forbidden(target.resource, object?.metadata.name ?? '', why);
};

/** Conditions get the times that their writer left out. */
const withTimes = (
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  clock: Clock,
): CertificateSigningRequest => {
  const { conditions } = request.status ?? {};
  if (conditions === undefined) return request;
  const now = timestamp(clock.now());
  const timed = ({ lastUpdateTime, lastTransitionTime, ...condition }: CertificateSigningRequestCondition) => {
    const same = (old.status?.conditions ?? []).find(
      ({ type, status }) => type === condition.type && status === condition.status,
    );
    return {
      ...condition,
      lastUpdateTime: lastUpdateTime ?? now,
      lastTransitionTime: lastTransitionTime ?? same?.lastTransitionTime ?? now,
    };
  };
  return { ...request, status: { ...request.status, conditions: conditions.map(timed) } };
};
