import type { Deployment, ReplicaSet } from '../../../objects/kinds/apps-v1.js';
import type { PodTemplateSpec } from '../../../objects/kinds/core-v1.js';
import type { Labels } from '../../../objects/labels.js';
import { LAST_APPLIED_ANNOTATION, annotationOf } from '../../../objects/labels.js';
import { controllerReference } from '../../../objects/owner-references.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { templateHash } from '../template-hash.js';
import { maxSurge } from './rollout-limits.js';

export const TEMPLATE_HASH_LABEL = 'pod-template-hash';
export const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
/** Annotations of a Deployment that say something about itself, not about its ReplicaSets. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  LAST_APPLIED_ANNOTATION,
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);
const HISTORY_LIMIT = 2000;

/** A Deployment's ReplicaSets: the one of its template as it is now, and the others. Oldest first. */
export interface Revisions {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

export const byAge = (a: ReplicaSet, b: ReplicaSet): number => {
  const first = a.metadata.creationTimestamp ?? '';
  const second = b.metadata.creationTimestamp ?? '';
  if (first !== second) return first < second ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
};

/** Sorts ReplicaSets into current and old. Of several with the same template the oldest is the current one. */
export const revisionsOf = (deployment: Deployment, replicaSets: readonly ReplicaSet[]): Revisions => {
  const sorted = replicaSets.toSorted(byAge);
  const current = sorted.find((replicaSet) => hasTemplate(replicaSet, deployment.spec.template));
  return { current, old: sorted.filter((replicaSet) => replicaSet !== current) };
};

/** True when the ReplicaSet was made from this template; the hash label of its own does not count. */
export const hasTemplate = (replicaSet: ReplicaSet, template: PodTemplateSpec): boolean =>
  isSemanticallyEqual(withoutHash(replicaSet.spec.template ?? {}), withoutHash(template));

const withoutHash = (template: PodTemplateSpec): PodTemplateSpec => {
  if (template.metadata?.labels?.[TEMPLATE_HASH_LABEL] === undefined) return template;
  const { [TEMPLATE_HASH_LABEL]: _, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
};

export const revisionNumber = (object: ReplicaSet | Deployment): number => {
  const number = Number(annotationOf(object, REVISION) ?? 0);
  return Number.isSafeInteger(number) ? number : 0;
};

/** The revision that the current ReplicaSet should have: one more than every old one. */
export const nextRevision = (old: readonly ReplicaSet[]): number => Math.max(0, ...old.map(revisionNumber)) + 1;

/** The ReplicaSet of the Deployment's template, as it is created with `replicas`. */
export const newReplicaSet = (deployment: Deployment, old: readonly ReplicaSet[], replicas: number): ReplicaSet => {
  const { spec } = deployment;
  const hash = templateHash(spec.template, deployment.status?.collisionCount);
  const labels = { ...spec.template.metadata?.labels, [TEMPLATE_HASH_LABEL]: hash };
  const { namespace, name } = deployment.metadata;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: {
        ...copiedAnnotations(deployment),
        ...sizeAnnotations(deployment),
        [REVISION]: String(nextRevision(old)),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: {
        ...spec.selector,
        matchLabels: { ...spec.selector.matchLabels, [TEMPLATE_HASH_LABEL]: hash },
      },
      template: {
        ...spec.template,
        metadata: { ...spec.template.metadata, labels } as PodTemplateSpec['metadata'] & object,
      },
    },
  };
};

/** The current ReplicaSet with the annotations and minReadySeconds that it should have; itself when it has them. */
export const refreshedReplicaSet = (
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): ReplicaSet => {
  const annotations: Labels = {
    ...current.metadata.annotations,
    ...copiedAnnotations(deployment),
    ...revisionAnnotations(current, nextRevision(old)),
  };
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (
    isSemanticallyEqual(annotations, current.metadata.annotations) &&
    minReadySeconds === (current.spec.minReadySeconds ?? 0)
  ) {
    return current;
  }
  return {
    ...current,
    metadata: { ...current.metadata, annotations },
    spec: { ...current.spec, minReadySeconds },
  };
};

const copiedAnnotations = (deployment: Deployment): Labels =>
  Object.fromEntries(Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !NOT_COPIED.has(key)));

/** The revision moves forward only; the one before is kept in the history (a rollback makes an old set current). */
const revisionAnnotations = (current: ReplicaSet, revision: number): Labels => {
  const known = revisionNumber(current);
  if (known >= revision) return {};
  if (known === 0) return { [REVISION]: String(revision) };
  const history = (annotationOf(current, REVISION_HISTORY) ?? '').split(',').filter((entry) => entry !== '');
  history.push(String(known));
  while (history.join(',').length > HISTORY_LIMIT) history.shift();
  return { [REVISION]: String(revision), [REVISION_HISTORY]: history.join(',') };
};

/** What the Deployment's size was when the ReplicaSet was last scaled: proportional scaling starts from it. */
export const sizeAnnotations = (deployment: Deployment): Labels => {
  const replicas = deployment.spec.replicas ?? 1;
  return { [DESIRED_REPLICAS]: String(replicas), [MAX_REPLICAS]: String(replicas + maxSurge(deployment)) };
};

export const desiredReplicasOf = (replicaSet: ReplicaSet): number | undefined => numberOf(replicaSet, DESIRED_REPLICAS);
export const maxReplicasOf = (replicaSet: ReplicaSet): number | undefined => numberOf(replicaSet, MAX_REPLICAS);

const numberOf = (replicaSet: ReplicaSet, annotation: string): number | undefined => {
  const text = annotationOf(replicaSet, annotation);
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
};
