import type {
  Namespace,
  Node,
  Pod,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  ServiceAccount,
} from '../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../objects/object.js';

type Normalizer = (object: never, old: never) => KubeObject;

const isUsed = (spec: PersistentVolumeClaimSpec | undefined): boolean =>
  spec !== undefined && (spec.dataSource !== undefined || spec.dataSourceRef !== undefined);

/** Of the older field only claims and snapshots come through; anything else has to be said in the newer one. */
const isKnownSource = ({ apiGroup, kind }: NonNullable<PersistentVolumeClaimSpec['dataSource']>): boolean =>
  (kind === 'PersistentVolumeClaim' && (apiGroup ?? '') === '') ||
  (kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io');

/** The two fields that say what a claim is filled with say the same. */
const withSources = (spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec | undefined) => {
  const { dataSource, dataSourceRef, ...rest } = spec;
  const isOfOtherNamespace = (dataSourceRef?.namespace ?? '') !== '';
  const ref = isOfOtherNamespace && old?.dataSourceRef === undefined ? undefined : dataSourceRef;
  const isDropped = !isUsed(old) && ref === undefined && dataSource !== undefined && !isKnownSource(dataSource);
  const source = isDropped ? undefined : dataSource;
  if (source !== undefined) return { ...rest, dataSource: source, dataSourceRef: ref ?? source };
  if (ref === undefined) return rest;
  const { namespace = '', ...named } = ref;
  return { ...rest, ...(namespace === '' ? { dataSource: named } : {}), dataSourceRef: ref };
};

const normalClaim = (claim: PersistentVolumeClaim, old: PersistentVolumeClaim | undefined): KubeObject =>
  isUsed(claim.spec) ? { ...claim, spec: withSources(claim.spec, old?.spec) } : claim;

/** Secrets of an account are of its own namespace: nothing is kept of them but their names. */
const normalAccount = (account: ServiceAccount): KubeObject =>
  account.secrets === undefined
    ? account
    : { ...account, secrets: account.secrets.map(({ name }) => (name === undefined ? {} : { name })) };

/** A namespace holds its content until the namespace controller has removed it. */
const normalNamespace = (namespace: Namespace, old: Namespace | undefined): KubeObject => {
  if (old !== undefined) return namespace;
  const finalizers = namespace.spec?.finalizers ?? [];
  return finalizers.includes('kubernetes')
    ? namespace
    : { ...namespace, spec: { ...namespace.spec, finalizers: [...finalizers, 'kubernetes'] } };
};

/** The first range of a node is told twice. */
const normalNode = (node: Node): KubeObject => {
  const { podCIDR = '', podCIDRs = [] } = node.spec ?? {};
  const ranges = podCIDR !== '' && podCIDRs[0] !== podCIDR ? [podCIDR] : podCIDRs;
  const [first] = ranges;
  return first === undefined ? node : { ...node, spec: { ...node.spec, podCIDR: first, podCIDRs: [...ranges] } };
};

/** The first address of a pod is told twice; how it is treated stays as it was found when the pod was made. */
const normalPod = (pod: Pod, old: Pod | undefined): KubeObject => {
  if (old === undefined || pod.status === undefined) return pod;
  const { podIP = '', podIPs = [], qosClass, ...status } = pod.status;
  const ips = podIP !== '' && podIPs[0]?.ip !== podIP ? [{ ip: podIP }] : podIPs;
  const treated = (qosClass ?? '') === '' ? old.status?.qosClass : qosClass;
  const [first] = ips;
  return {
    ...pod,
    status: {
      ...status,
      ...(first === undefined ? {} : { podIP: first.ip, podIPs: [...ips] }),
      ...(treated === undefined ? {} : { qosClass: treated }),
    },
  };
};

const NORMALIZERS: Readonly<Record<string, Normalizer>> = {
  'v1/Namespace': normalNamespace,
  'v1/Node': normalNode,
  'v1/Pod': normalPod,
  'v1/PersistentVolumeClaim': normalClaim,
  'v1/ServiceAccount': normalAccount,
};

/** The object in the form that the server gives it before it looks at it. `old` is undefined for a new one. */
export const inNormalForm = (object: KubeObject, old?: KubeObject): KubeObject => {
  const key = `${object.apiVersion}/${object.kind}`;
  const normalize = Object.hasOwn(NORMALIZERS, key) ? NORMALIZERS[key] : undefined;
  return normalize === undefined ? object : normalize(object as never, old as never);
};
