import type { StatefulSet } from '../../../objects/kinds/apps-v1.js';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, Volume } from '../../../objects/kinds/core-v1.js';
import { PersistentVolumeClaim as ClaimKind } from '../../../objects/kinds/core-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import { REVISION_LABEL } from '../history/revisions.js';
import { podFromTemplate } from '../pods/pod-control.js';

const POD_NAME = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX = 'apps.kubernetes.io/pod-index';

export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${ordinal}`;

/** The ordinal in a pod's name; undefined for a pod of another name. */
export const ordinalOf = (set: StatefulSet, pod: Pod): number | undefined => {
  const rest = pod.metadata.name.slice(set.metadata.name.length + 1);
  const isOurs = pod.metadata.name.startsWith(`${set.metadata.name}-`) && /^\d+$/.test(rest);
  return isOurs ? Number(rest) : undefined;
};

export const revisionOf = (pod: Pod): string => labelsOf(pod)[REVISION_LABEL] ?? '';

export const claimName = (template: PersistentVolumeClaim, set: StatefulSet, ordinal: number): string =>
  `${template.metadata.name}-${podName(set, ordinal)}`;

/** The pod of an ordinal from a revision's template: a name, a host name and volumes that stay the same. */
export const statefulPod = (set: StatefulSet, template: PodTemplateSpec, revision: string, ordinal: number): Pod => {
  const name = podName(set, ordinal);
  const pod = podFromTemplate(template, set, name);
  const claims = set.spec.volumeClaimTemplates ?? [];
  const claimed: Volume[] = claims.map((claim) => ({
    name: claim.metadata.name,
    persistentVolumeClaim: { claimName: claimName(claim, set, ordinal) },
  }));
  const others = (pod.spec.volumes ?? []).filter((volume) => !claimed.some((each) => each.name === volume.name));
  const { serviceName } = set.spec;
  const volumes = [...claimed, ...others];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...labelsOf(pod), [POD_NAME]: name, [POD_INDEX]: String(ordinal), [REVISION_LABEL]: revision },
    },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(serviceName === undefined || serviceName === '' ? {} : { subdomain: serviceName }),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  };
};

/** The pod with the labels that tell its place in the set: one that was adopted may lack them. */
export const withIdentity = (set: StatefulSet, pod: Pod): Pod => {
  const { name } = pod.metadata;
  if (labelsOf(pod)[POD_NAME] === name) return pod;
  const place = { [POD_NAME]: name, [POD_INDEX]: String(ordinalOf(set, pod) ?? '') };
  return { ...pod, metadata: { ...pod.metadata, labels: { ...labelsOf(pod), ...place } } };
};

/** The claims of an ordinal, as they are created. */
export const claimsOf = (set: StatefulSet, ordinal: number): readonly PersistentVolumeClaim[] =>
  (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    ...ClaimKind,
    metadata: {
      name: claimName(template, set, ordinal),
      ...(set.metadata.namespace === undefined ? {} : { namespace: set.metadata.namespace }),
      ...(template.metadata.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
    },
  }));
