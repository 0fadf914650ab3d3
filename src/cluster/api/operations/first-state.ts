import type { CertificateSigningRequest } from '../../../objects/kinds/certificates-k8s-io-v1.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { UserInfo } from '../../auth/user.js';
import type { RequestContext } from '../request.js';
import { containersOf } from '../plugins/new-pod.js';
import { compareQuantities, tryParseQuantity } from '../../../objects/quantity.js';
import { newPod } from './new-pod-state.js';

type FirstState = (object: never, context: RequestContext) => KubeObject;

/** What the server itself adds to new objects of a kind, beyond defaults: it depends on uid or on the whole object. */
const FIRST_STATES: Readonly<Record<string, FirstState>> = {
  'v1/Pod': (pod: Pod, { warnings }) => newPod(pod, qosClass(pod), warnings),
  'certificates.k8s.io/v1/CertificateSigningRequest': (request: CertificateSigningRequest, { user }) =>
    withRequester(request, user),
};

export const withFirstState = (object: KubeObject, context: RequestContext): KubeObject => {
  const key = `${object.apiVersion}/${object.kind}`;
  const first = Object.hasOwn(FIRST_STATES, key) ? FIRST_STATES[key] : undefined;
  return first === undefined ? object : first(object as never, context);
};

/** A request for a certificate says who made it, whatever he says of himself. */
const withRequester = (request: CertificateSigningRequest, user: UserInfo): CertificateSigningRequest => {
  const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...spec } = request.spec;
  const { name, uid = '', groups, extra = {} } = user;
  return {
    ...request,
    spec: {
      ...spec,
      ...(name === '' ? {} : { username: name }),
      ...(uid === '' ? {} : { uid }),
      ...(groups.length === 0 ? {} : { groups: [...groups] }),
      ...(Object.keys(extra).length === 0 ? {} : { extra }),
    },
  };
};

const COMPUTE = ['cpu', 'memory'];

type Resources = Readonly<Record<string, string | number>> | undefined;

const isZero = (value: string | number): boolean => tryParseQuantity(value)?.nanos === 0n;

const setOf = (resources: Resources): readonly string[] =>
  COMPUTE.filter((name) => resources?.[name] !== undefined && !isZero(resources[name]));

const sameAmount = (left: string | number | undefined, right: string | number | undefined): boolean => {
  const [a, b] = [left, right].map((value) => (value === undefined ? undefined : tryParseQuantity(value)));
  return a !== undefined && b !== undefined && compareQuantities(a, b) === 0;
};

/** How a pod is treated when its node runs short: by what its containers ask for and are limited to. */
export const qosClass = (pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' => {
  const { spec } = pod;
  const containers = [...containersOf(pod), ...(spec.initContainers ?? [])];
  const asks = spec.resources === undefined ? containers.map(({ resources }) => resources) : [spec.resources];
  if (asks.every((each) => setOf(each?.requests).length === 0 && setOf(each?.limits).length === 0)) return 'BestEffort';
  const isGuaranteed = asks.every((each) =>
    COMPUTE.every((name) => {
      const limit = each?.limits?.[name];
      return limit !== undefined && !isZero(limit) && sameAmount(each?.requests?.[name] ?? limit, limit);
    }),
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
};
