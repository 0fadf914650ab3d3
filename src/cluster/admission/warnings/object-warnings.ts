import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KubeObject } from '../../../objects/object.js';
import type { Node, Pod, PodTemplateSpec, Secret } from '../../../objects/kinds/core-v1.js';
import { dns1123Label } from '../../../objects/names.js';
import { rangeWarnings } from './addresses.js';
import { claimSpecWarnings, claimWarnings, volumeWarnings } from './claim-warnings.js';
import { podWarnings, templateWarnings } from './pod-warnings.js';
import {
  driverWarnings,
  ingressWarnings,
  networkPolicyWarnings,
  quotaWarnings,
  runtimeClassWarnings,
  storageClassWarnings,
} from './policy-warnings.js';
import { endpointsWarnings, serviceWarnings } from './service-warnings.js';

/** `old` is absent for a new object. */
type Warnings = (object: never, old: never) => readonly string[];

const nodeWarnings = ({ spec }: Node): readonly string[] => [
  ...(spec?.configSource === undefined ? [] : ['spec.configSource: the feature is removed']),
  ...((spec?.externalID ?? '') === ''
    ? []
    : ['spec.externalID: this field is deprecated, and is unused by Kubernetes']),
  ...(spec?.podCIDRs ?? []).flatMap((range, index) => rangeWarnings(`spec.podCIDRs[${index}]`, range)),
];

const pemOf = (data: string | undefined): string => Buffer.from(data ?? '', 'base64').toString('utf8');
const BLOCK = /-----BEGIN [^-]+-----[\s\S]*?-----END [^-]+-----/;

/** A certificate goes with its key. */
const secretWarnings = ({ type, data }: Secret): readonly string[] => {
  if (type !== 'kubernetes.io/tls') return [];
  const [certificate, key] = [pemOf(data?.['tls.crt']), pemOf(data?.['tls.key'])];
  if (!BLOCK.test(certificate)) return ['tls: failed to find any PEM data in certificate input'];
  if (!BLOCK.test(key)) return ['tls: failed to find any PEM data in key input'];
  try {
    const isPair = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    return isPair ? [] : ['tls: private key does not match public key'];
  } catch {
    return ['tls: failed to parse private key'];
  }
};

const MOUNTABLE = 'kubernetes.io/enforce-mountable-secrets';

const accountWarnings = ({ metadata }: KubeObject, old: KubeObject | undefined): readonly string[] =>
  metadata.annotations?.[MOUNTABLE] === undefined || old?.metadata.annotations?.[MOUNTABLE] !== undefined
    ? []
    : [
        `metadata.annotations[${MOUNTABLE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
      ];

const nameWarnings = ({ metadata: { name } }: KubeObject, where = 'Pod names and hostnames'): readonly string[] => {
  const wrong = dns1123Label(name);
  if (wrong.length === 0) return [];
  const words = `this is used in ${where}, which can result in surprising behavior`;
  return [`metadata.name: ${words}; a DNS label is recommended: [${wrong.join(' ')}]`];
};

/** Templates are looked at when they are new and when anything that the user asks for has changed. */
const isSame = (object: KubeObject, old: KubeObject | undefined): boolean =>
  old !== undefined && old.metadata.generation === object.metadata.generation;

const ofTemplate =
  (path: readonly string[], names: boolean) =>
  (object: KubeObject, old: KubeObject | undefined): readonly string[] => {
    if (isSame(object, old)) return [];
    const template = path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], object);
    return [
      ...(names && old === undefined ? nameWarnings(object) : []),
      ...templateWarnings(path.join('.'), template as PodTemplateSpec | undefined),
    ];
  };

const OF_SPEC = ['spec', 'template'];

const statefulSetWarnings = (object: KubeObject, old: KubeObject | undefined): readonly string[] => {
  if (isSame(object, old)) return [];
  const { volumeClaimTemplates: claims = [], revisionHistoryLimit: limit = 0 } = object['spec'] as {
    volumeClaimTemplates?: readonly { readonly spec?: object }[];
    revisionHistoryLimit?: number;
  };
  return [
    ...ofTemplate(OF_SPEC, false)(object, old),
    ...claims.flatMap(({ spec = {} }, index) => claimSpecWarnings(`spec.volumeClaimTemplates[${index}].spec`, spec)),
    ...(limit < 0
      ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
      : []),
  ];
};

const WARNINGS: Readonly<Record<string, Warnings>> = {
  'v1/Pod': (pod: Pod, old: Pod | undefined) =>
    old === undefined ? [...nameWarnings(pod, "the Pod's hostname"), ...podWarnings(pod)] : [],
  'v1/PodTemplate': ofTemplate(['template'], false),
  'v1/ReplicationController': ofTemplate(OF_SPEC, true),
  'v1/Service': serviceWarnings,
  'v1/Endpoints': endpointsWarnings,
  'v1/Node': nodeWarnings,
  'v1/PersistentVolume': volumeWarnings,
  'v1/PersistentVolumeClaim': claimWarnings,
  'v1/ResourceQuota': quotaWarnings,
  'v1/Secret': secretWarnings,
  'v1/ServiceAccount': accountWarnings,
  'apps/v1/DaemonSet': ofTemplate(OF_SPEC, false),
  'apps/v1/Deployment': ofTemplate(OF_SPEC, true),
  'apps/v1/ReplicaSet': ofTemplate(OF_SPEC, true),
  'apps/v1/StatefulSet': statefulSetWarnings,
  'batch/v1/Job': ofTemplate(OF_SPEC, true),
  'batch/v1/CronJob': ofTemplate(['spec', 'jobTemplate', 'spec', 'template'], true),
  'networking.k8s.io/v1/Ingress': ingressWarnings,
  'networking.k8s.io/v1/NetworkPolicy': networkPolicyWarnings,
  'node.k8s.io/v1/RuntimeClass': runtimeClassWarnings,
  'storage.k8s.io/v1/CSIDriver': driverWarnings,
  'storage.k8s.io/v1/StorageClass': storageClassWarnings,
};

/** What is allowed in an object of a built-in kind, but hardly meant. */
export const objectWarnings = (object: KubeObject, old: KubeObject | undefined): readonly string[] => {
  const key = `${object.apiVersion}/${object.kind}`;
  const warnings = Object.hasOwn(WARNINGS, key) ? WARNINGS[key] : undefined;
  return warnings === undefined ? [] : [...new Set(warnings(object as never, old as never))];
};
