import type { Volume } from '../../../objects/kinds/core-v1.js';
import { procMount } from './baseline-checks.js';
import {
  containersOf,
  containersText,
  counted,
  hasOwnUsers,
  isWindows,
  namesOf,
  quoted,
  settersText,
  sorted,
  type AnyContainer,
  type Check,
  type CheckPod,
} from './check.js';
import { seccompRequired } from './seccomp.js';

const escalation: CheckPod = (pod) => {
  const names = namesOf(pod, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (names.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containersText(names)} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

const capabilities: CheckPod = (pod) => {
  const added = ({ securityContext }: AnyContainer) =>
    (securityContext?.capabilities?.add ?? []).filter((each) => each !== 'NET_BIND_SERVICE');
  const keeping = namesOf(pod, ({ securityContext }) => securityContext?.capabilities?.drop?.includes('ALL') !== true);
  const adding = namesOf(pod, (container) => added(container).length > 0);
  const forbidden = quoted(sorted(containersOf(pod).flatMap(added)));
  const problems = [
    ...(keeping.length === 0 ? [] : [`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`]),
    ...(adding.length === 0
      ? []
      : [`${containersText(adding)} must not include ${forbidden} in securityContext.capabilities.add`]),
  ];
  return problems.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: problems.join('; ') };
};

const ALLOWED_VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
] as const satisfies readonly (keyof Volume)[];

const KNOWN_VOLUMES = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'nfs',
  'iscsi',
  'glusterfs',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'fc',
  'azureFile',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'scaleIO',
  'storageos',
] as const satisfies readonly (keyof Volume)[];

const volumes: CheckPod = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter((volume) => !ALLOWED_VOLUMES.some((type) => volume[type] !== undefined));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map((volume) => KNOWN_VOLUMES.find((type) => volume[type] !== undefined) ?? 'unknown'));
  const [noun, verb] = [counted(bad, 'volume', 'volumes'), counted(bad, 'uses', 'use')];
  const what = counted(types, 'restricted volume type', 'restricted volume types');
  return {
    reason: 'restricted volume types',
    detail: `${noun} ${quoted(bad.map(({ name }) => name))} ${verb} ${what} ${quoted(types)}`,
  };
};

const nonRoot: CheckPod = (pod) => {
  const byPod = pod.spec.securityContext?.runAsNonRoot;
  const reason = 'runAsNonRoot != true';
  const setters = settersText(
    byPod === false,
    namesOf(pod, ({ securityContext }) => securityContext?.runAsNonRoot === false),
  );
  if (setters !== '') return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  const silent =
    byPod === true ? [] : namesOf(pod, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (silent.length === 0) return undefined;
  return { reason, detail: `pod or ${containersText(silent)} must set securityContext.runAsNonRoot=true` };
};

const nonRootUser: CheckPod = (pod) => {
  const setters = settersText(
    pod.spec.securityContext?.runAsUser === 0,
    namesOf(pod, ({ securityContext }) => securityContext?.runAsUser === 0),
  );
  return setters === '' ? undefined : { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` };
};

const unlessWindows =
  (check: CheckPod): CheckPod =>
  (pod) =>
    isWindows(pod) ? undefined : check(pod);

const unlessOwnUsers =
  (check: CheckPod): CheckPod =>
  (pod) =>
    hasOwnUsers(pod) ? undefined : check(pod);

/** What a pod hardened by today's practice says, in the order of messages. */
export const RESTRICTED_CHECKS: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    revisions: [
      { since: 8, check: escalation },
      { since: 25, check: unlessWindows(escalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    overrides: 'capabilities_baseline',
    revisions: [
      { since: 22, check: capabilities },
      { since: 25, check: unlessWindows(capabilities) },
    ],
  },
  { id: 'procMount_restricted', overrides: 'procMount', revisions: [{ since: 35, check: procMount }] },
  { id: 'restrictedVolumes', overrides: 'hostPathVolumes', revisions: [{ since: 0, check: volumes }] },
  {
    id: 'runAsNonRoot',
    revisions: [
      { since: 0, check: nonRoot },
      { since: 35, check: unlessOwnUsers(nonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    revisions: [
      { since: 23, check: nonRootUser },
      { since: 35, check: unlessOwnUsers(nonRootUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    overrides: 'seccompProfile_baseline',
    revisions: [
      { since: 19, check: seccompRequired },
      { since: 25, check: unlessWindows(seccompRequired) },
    ],
  },
];
