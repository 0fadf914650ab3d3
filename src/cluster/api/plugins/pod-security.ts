import type { Namespace, Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { PodShape } from '../../admission/pod-security/check.js';
import {
  allowsAll,
  isStricter,
  podPolicy,
  sameStandard,
  standardText,
  type Standard,
} from '../../admission/pod-security/policy.js';
import { violationsOf, violationsText } from '../../admission/pod-security/violations.js';
import type { Store } from '../../store/store.js';
import { forbidden, invalid } from '../status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission-plugin.js';

/** Where kinds that make pods keep what they make them of. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  '/podtemplates': ['template'],
  '/replicationcontrollers': ['spec', 'template'],
  'apps/daemonsets': ['spec', 'template'],
  'apps/deployments': ['spec', 'template'],
  'apps/replicasets': ['spec', 'template'],
  'apps/statefulsets': ['spec', 'template'],
  'batch/cronjobs': ['spec', 'jobTemplate', 'spec', 'template'],
  'batch/jobs': ['spec', 'template'],
};

/** Parts of pods that do not say what their containers may do. */
const HARMLESS_PARTS = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status']);

/** Pods do what the labels `pod-security.kubernetes.io/...` of their namespace let them. */
export const podSecurity = (store: Store): AdmissionPlugin => ({
  name: 'PodSecurity',
  validate: (request) => {
    const { operation, target, object } = request;
    if (object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
    const id = `${target.resource.group}/${target.resource.plural}`;
    if (id === '/namespaces') reviewNamespace(store, request, object as Namespace);
    else if (id === '/pods') reviewPod(store, request, object as Pod);
    else if (target.subresource === undefined) reviewTemplate(store, request, templateIn(object, TEMPLATES[id]));
  },
});

const templateIn = (object: KubeObject, path: readonly string[] | undefined): PodShape | undefined => {
  let value: unknown = path === undefined ? undefined : object;
  for (const field of path ?? []) value = (value as Readonly<Record<string, unknown>> | undefined)?.[field];
  return (value as Partial<PodShape> | undefined)?.spec === undefined ? undefined : (value as PodShape);
};

/** The policy of the namespace, when it asks for anything at all. */
const policyIn = (store: Store, namespace = '') => {
  const labels = store.get(`/registry/core/namespaces/${namespace}`)?.object.metadata.labels;
  const { policy, problems } = podPolicy(labels);
  return problems.length === 0 && allowsAll(policy) ? undefined : policy;
};

const reviewPod = (store: Store, request: AdmissionRequest, pod: Pod): void => {
  const { target, context, oldObject } = request;
  if (HARMLESS_PARTS.has(target.subresource ?? '')) return;
  const policy = policyIn(store, target.namespace);
  if (policy === undefined) return;
  if (request.operation === 'UPDATE' && !runsOtherImages(pod, oldObject as Pod)) return;
  const violations = violationsOf(policy.enforce, pod);
  if (violations.length > 0) {
    const why = `violates PodSecurity "${standardText(policy.enforce)}": ${violationsText(violations)}`;
    throw forbidden(target.resource, pod.metadata.name, why);
  }
  warn(context.warnings, policy.warn, pod);
};

const reviewTemplate = (store: Store, { target, context }: AdmissionRequest, template: PodShape | undefined): void => {
  const policy = template === undefined ? undefined : policyIn(store, target.namespace);
  if (policy !== undefined) warn(context.warnings, policy.warn, template as PodShape);
};

const warn = (warnings: string[], standard: Standard, pod: PodShape): void => {
  const violations = violationsOf(standard, pod);
  if (violations.length === 0) return;
  warnings.push(`would violate PodSecurity "${standardText(standard)}": ${violationsText(violations)}`);
};

/** The only changes of a pod that matter here: what may change else gives it no rights. */
const runsOtherImages = ({ spec }: Pod, { spec: old }: Pod): boolean => {
  const differs = (parts: readonly Image[] = [], oldParts: readonly Image[] = []): boolean =>
    parts.length !== oldParts.length || parts.some(({ image }, index) => image !== oldParts[index]?.image);
  const before = new Map((old.ephemeralContainers ?? []).map(({ name, image }) => [name, image]));
  return (
    differs(spec.containers, old.containers) ||
    differs(spec.initContainers, old.initContainers) ||
    (spec.ephemeralContainers ?? []).some(({ name, image }) => !before.has(name) || before.get(name) !== image)
  );
};

interface Image {
  readonly image?: string;
}

/** Labels must be readable; who asks more of a namespace learns which of its pods would not be let in again. */
const reviewNamespace = (store: Store, request: AdmissionRequest, namespace: Namespace): void => {
  const { target, operation, oldObject, context } = request;
  if (target.subresource !== undefined) return;
  const { policy, problems } = podPolicy(namespace.metadata.labels);
  const before = operation === 'UPDATE' ? podPolicy(oldObject?.metadata.labels) : undefined;
  if (problems.length > 0 && JSON.stringify(problems) !== JSON.stringify(before?.problems)) {
    throw invalid({ group: '', kind: 'Namespace' }, namespace.metadata.name, problems);
  }
  if (before === undefined || policy.enforce.level === 'privileged') return;
  const was = before.policy.enforce;
  const isRelaxed = policy.enforce.minor === was.minor && !isStricter(policy.enforce, was);
  if (sameStandard(policy.enforce, was) || isRelaxed) return;
  context.warnings.push(...podWarnings(store, namespace.metadata.name, policy.enforce));
};

/** How many pods are looked at when a namespace asks more of them. */
const MOST_PODS = 3000;

const podWarnings = (store: Store, namespace: string, standard: Standard): readonly string[] => {
  const pods = oneOfEachFirst(store.list(`/registry/core/pods/${namespace}/`).items.map(({ object }) => object as Pod));
  const checked = pods.slice(0, MOST_PODS);
  const offenders = new Map<string, string[]>();
  for (const pod of checked) {
    const reasons = violationsOf(standard, pod).map(({ reason }) => reason);
    if (reasons.length === 0) continue;
    const text = reasons.join(', ');
    offenders.set(text, [...(offenders.get(text) ?? []), pod.metadata.name]);
  }
  const lines = [...offenders].map(([text, names]) => `${podsText(names)}: ${text}`).toSorted();
  const many = `new PodSecurity enforce level only checked against the first ${String(checked.length)} of ${String(pods.length)} existing pods`;
  const title = `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${standardText(standard)}"`;
  return [...(checked.length < pods.length ? [many] : []), ...(lines.length === 0 ? [] : [title]), ...lines];
};

const podsText = (names: readonly string[]): string => {
  const [first = ''] = names.toSorted();
  const others = names.length - 1;
  if (others === 0) return first;
  return `${first} (and ${String(others)} other ${others === 1 ? 'pod' : 'pods'})`;
};

/** Pods of one controller are alike: one of each comes before all others. */
const oneOfEachFirst = (pods: readonly Pod[]): readonly Pod[] => {
  const seen = new Set<string>();
  const others: Pod[] = [];
  const first = pods.filter((pod) => {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    const isNew = owner === undefined || !seen.has(owner);
    if (owner !== undefined) seen.add(owner);
    if (!isNew) others.push(pod);
    return isNew;
  });
  return [...first, ...others];
};
