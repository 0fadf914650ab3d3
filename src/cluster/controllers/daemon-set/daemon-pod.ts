import type { DaemonSet } from '../../../objects/kinds/apps-v1.js';
import type { Node, NodeSelectorTerm, Pod, PodSpec, Toleration } from '../../../objects/kinds/core-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import { matchesNodeSelection } from '../../scheduler/plugins/node-affinity.js';
import { tolerates } from '../../scheduler/plugins/taint-toleration.js';
import { REVISION_LABEL } from '../history/revisions.js';
import { podFromTemplate } from '../pods/pod-control.js';

/** What daemon pods bear besides what their template says: a node in trouble keeps its daemons. */
const TOLERATIONS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];
const HOST_NETWORK: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

const NAME_FIELD = 'metadata.name';

/** The pod of a node: bound to it by affinity, so that the scheduler still counts its resources. */
export const daemonPod = (set: DaemonSet, hash: string, nodeName: string): Pod => {
  const pod = podFromTemplate(set.spec.template, set);
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...labelsOf(pod), ...generationLabel(set), [REVISION_LABEL]: hash } },
    spec: { ...pod.spec, affinity: pinned(pod.spec, nodeName), tolerations: withTolerations(pod.spec) },
  };
};

/** The number of the template, which the server counts in an annotation. */
const generationLabel = ({ metadata }: DaemonSet): Readonly<Record<string, string>> => {
  const generation = metadata.annotations?.['deprecated.daemonset.template.generation'];
  return generation === undefined ? {} : { 'pod-template-generation': generation };
};

const withTolerations = (spec: PodSpec): readonly Toleration[] => {
  const own = spec.tolerations ?? [];
  const added = spec.hostNetwork === true ? [...TOLERATIONS, HOST_NETWORK] : TOLERATIONS;
  const isThere = ({ key, effect }: Toleration): boolean =>
    own.some((toleration) => toleration.key === key && toleration.effect === effect);
  return [...own, ...added.filter((toleration) => !isThere(toleration))];
};

/** The affinity that allows one node only; its requirement replaces those of the template, which were checked before. */
const pinned = (spec: PodSpec, nodeName: string): PodSpec['affinity'] & object => {
  const term: NodeSelectorTerm = { matchFields: [{ key: NAME_FIELD, operator: 'In', values: [nodeName] }] };
  return {
    ...spec.affinity,
    nodeAffinity: {
      ...spec.affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
    },
  };
};

/** The node of a daemon pod, also before the scheduler has put it there. */
export const nodeNameOf = (pod: Pod): string | undefined => {
  if ((pod.spec.nodeName ?? '') !== '') return pod.spec.nodeName;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const fields = (required?.nodeSelectorTerms ?? []).flatMap((term) => term.matchFields ?? []);
  return fields.find(({ key, operator }) => key === NAME_FIELD && operator === 'In')?.values?.[0];
};

export interface Eligibility {
  /** The node should get a pod. */
  readonly shouldRun: boolean;
  /** A pod that is there may stay. */
  readonly mayStay: boolean;
}

/** Whether the template's selectors and tolerations fit the node. */
export const eligibility = (set: DaemonSet, node: Node): Eligibility => {
  const template = set.spec.template.spec ?? { containers: [] };
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: '' }, spec: template };
  const isNamed = (template.nodeName ?? '') === '' || template.nodeName === node.metadata.name;
  if (!isNamed || !matchesNodeSelection(pod, node)) return { shouldRun: false, mayStay: false };
  const tolerations = withTolerations(template);
  const untolerated = (node.spec?.taints ?? []).filter(
    (taint) => !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
  const expels = untolerated.some(({ effect }) => effect === 'NoExecute');
  const repels = untolerated.some(({ effect }) => effect === 'NoSchedule');
  return { shouldRun: !expels && !repels, mayStay: !expels };
};
