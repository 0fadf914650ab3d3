import { ControllerRevision } from '../../../objects/kinds/apps-v1.js';
import type { PodTemplateSpec } from '../../../objects/kinds/core-v1.js';
import { isRecord } from '../../../objects/json.js';
import type { KubeObject } from '../../../objects/object.js';
import { controllerReference } from '../../../objects/owner-references.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { templateHash } from '../template-hash.js';

/** Where pods say of which revision they are. */
export const REVISION_LABEL = 'controller-revision-hash';

/** Where revisions say their hash: under the label of the pods for DaemonSets, under one of their own for StatefulSets. */
export type HashLabel = typeof REVISION_LABEL | 'controller.kubernetes.io/hash';

interface Templated extends KubeObject {
  readonly spec: { readonly template: PodTemplateSpec };
}

/**
 * A template as a patch that puts it back: what `kubectl rollout undo` applies. Its keys are in order, because kubectl
 * compares the text with what it makes of the template itself.
 */
const revisionData = (owner: Templated): unknown =>
  inKeyOrder({ spec: { template: { ...owner.spec.template, $patch: 'replace' } } });

const inKeyOrder = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (!isRecord(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, inKeyOrder(value[key])]));
};

/** The template that a revision keeps. */
export const templateOf = (revision: ControllerRevision): PodTemplateSpec => {
  const data = revision.data as
    | { readonly spec?: { readonly template?: Readonly<Record<string, unknown>> } }
    | undefined;
  const { $patch: _patch, ...template } = data?.spec?.template ?? {};
  return template as PodTemplateSpec;
};

export const byNumber = (a: ControllerRevision, b: ControllerRevision): number =>
  a.revision - b.revision || (a.metadata.name < b.metadata.name ? -1 : 1);

/** The revision of the owner's template as it is now. */
export const newRevision = (
  owner: Templated,
  number: number,
  collisionCount: number | undefined,
  label: HashLabel,
): ControllerRevision => {
  const hash = templateHash(owner.spec.template, collisionCount);
  const { namespace, name } = owner.metadata;
  return {
    ...ControllerRevision,
    metadata: {
      name: `${name.slice(0, 223)}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...owner.spec.template.metadata?.labels, [label]: hash },
      ...(owner.metadata.annotations === undefined ? {} : { annotations: owner.metadata.annotations }),
      ownerReferences: [controllerReference(owner)],
    },
    data: revisionData(owner),
    revision: number,
  };
};

/** The history with the revision of the owner's template as its newest. */
export type RevisionPlan =
  | { readonly type: 'known'; readonly revision: ControllerRevision }
  /** An earlier template is back: its revision gets the next number. */
  | { readonly type: 'renumber'; readonly revision: ControllerRevision }
  | { readonly type: 'create'; readonly revision: ControllerRevision };

export const planRevision = (
  owner: Templated,
  history: readonly ControllerRevision[],
  collisionCount: number | undefined,
  label: HashLabel,
): RevisionPlan => {
  const sorted = history.toSorted(byNumber);
  const newest = sorted.at(-1);
  const next = (newest?.revision ?? 0) + 1;
  const same = sorted.findLast((revision) => isSemanticallyEqual(templateOf(revision), owner.spec.template));
  if (same === undefined) return { type: 'create', revision: newRevision(owner, next, collisionCount, label) };
  if (same === newest) return { type: 'known', revision: same };
  return { type: 'renumber', revision: { ...same, revision: next } };
};

/** Old revisions beyond the limit that no pod has any more. */
export const planTruncation = (
  history: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
  limit: number,
): readonly ControllerRevision[] => {
  const unused = history.filter(({ metadata }) => !inUse.has(metadata.name)).toSorted(byNumber);
  return unused.slice(0, Math.max(0, unused.length - limit));
};
