import { isApiError } from '../../../objects/api-error.js';
import { ControllerRevision } from '../../../objects/kinds/apps-v1.js';
import type { PodTemplateSpec } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import { isControlledBy } from '../../../objects/owner-references.js';
import type { Client } from '../../client/client.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { type HashLabel, newRevision, planRevision, templateOf } from './revisions.js';

interface Templated extends KubeObject {
  readonly spec: { readonly template: PodTemplateSpec };
}

/** The revision of the owner's template, and the collision count that its name needed. */
export interface CurrentRevision {
  readonly revision: ControllerRevision;
  readonly collisionCount: number | undefined;
}

/** Makes sure that the history has the owner's template as its newest revision. */
export const ensureRevision = async (
  client: Client,
  owner: Templated,
  history: readonly ControllerRevision[],
  knownCollisions: number | undefined,
  label: HashLabel,
): Promise<CurrentRevision> => {
  const plan = planRevision(owner, history, knownCollisions, label);
  if (plan.type === 'known') return { revision: plan.revision, collisionCount: knownCollisions };
  if (plan.type === 'renumber') {
    return { revision: await client.update(plan.revision), collisionCount: knownCollisions };
  }
  let collisionCount = knownCollisions;
  for (;;) {
    const wanted = newRevision(owner, plan.revision.revision, collisionCount, label);
    try {
      return { revision: await client.create(wanted), collisionCount };
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
      const known = await client.get(ControllerRevision, keyOf(wanted));
      if (known !== undefined && isControlledBy(known, owner) && isSameTemplate(known, owner)) {
        return { revision: known, collisionCount };
      }
      collisionCount = (collisionCount ?? 0) + 1;
    }
  }
};

const isSameTemplate = (revision: ControllerRevision, owner: Templated): boolean =>
  isSemanticallyEqual(templateOf(revision), owner.spec.template);
