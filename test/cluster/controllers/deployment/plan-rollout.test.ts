import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Scale } from '../../../../src/cluster/controllers/deployment/plan-rollout.js';
import {
  planCleanup,
  planRollingUpdate,
  planScaling,
} from '../../../../src/cluster/controllers/deployment/plan-rollout.js';
import { newReplicaSet, revisionsOf } from '../../../../src/cluster/controllers/deployment/revision.js';
import { rolloutLimits } from '../../../../src/cluster/controllers/deployment/rollout-limits.js';
import type { IntOrString } from '../../../../src/objects/int-or-string.js';
import type { Deployment, ReplicaSet } from '../../../../src/objects/kinds/apps-v1.js';

const deployment = (
  replicas: number,
  maxSurge: IntOrString = '25%',
  maxUnavailable: IntOrString = '25%',
  image = 'web:9',
): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', uid: 'u' },
  spec: {
    replicas,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { name: '', labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
  },
});

/** A ReplicaSet that was sized when the Deployment wanted `wanted` pods and allowed `most`. */
const replicaSet = (name: string, replicas: number, available = replicas, wanted = 10, most = 13): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name,
    creationTimestamp: `2026-01-0${name.slice(-1)}T00:00:00Z`,
    generation: 1,
    annotations: {
      'deployment.kubernetes.io/revision': name.slice(-1),
      'deployment.kubernetes.io/desired-replicas': String(wanted),
      'deployment.kubernetes.io/max-replicas': String(most),
    },
  },
  spec: { replicas, selector: {} },
  status: { replicas, availableReplicas: available, observedGeneration: 1 },
});

const text = (scales: readonly Scale[]): string[] =>
  scales.map(({ replicaSet: { metadata }, replicas }) => `${metadata.name}=${replicas}`);

describe('rolloutLimits', () => {
  it('rounds the surge up and the unavailable down, and never leaves both at zero', () => {
    assert.deepEqual(rolloutLimits('25%', '25%', 10), { surge: 3, unavailable: 2 });
    assert.deepEqual(rolloutLimits('1%', '1%', 10), { surge: 1, unavailable: 0 });
    assert.deepEqual(rolloutLimits(0, '1%', 10), { surge: 0, unavailable: 1 });
  });
});

describe('planRollingUpdate', () => {
  it('lets the new ReplicaSet grow to the surge, then the old ones shrink by what is available', () => {
    const old = replicaSet('rs1', 10);
    assert.deepEqual(text(planRollingUpdate(deployment(10), { current: replicaSet('rs2', 0), old: [old] })), ['rs2=3']);
    assert.deepEqual(text(planRollingUpdate(deployment(10), { current: replicaSet('rs2', 3, 0), old: [old] })), [
      'rs1=8',
    ]);
    assert.deepEqual(text(planRollingUpdate(deployment(10), { current: replicaSet('rs2', 3, 3), old: [old] })), [
      'rs1=5',
    ]);
  });

  it('removes old pods that are not available before those that are', () => {
    const revisions = { current: replicaSet('rs3', 3, 0), old: [replicaSet('rs1', 5, 5), replicaSet('rs2', 5, 1)] };
    assert.deepEqual(text(planRollingUpdate(deployment(10), revisions)), ['rs2=3']);
  });

  it('never goes below what must be available nor above the surge, and always gets to the end', () => {
    const limit = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        limit,
        limit,
        fc.integer({ min: 0, max: 20 }),
        (wanted, surge, unavailable, notReady) => {
          const asked = deployment(wanted, surge, unavailable);
          const limits = rolloutLimits(surge, unavailable, wanted);
          const least = wanted - Math.min(limits.unavailable, wanted);
          let current = replicaSet('rs2', 0);
          let old = replicaSet('rs1', wanted, Math.max(0, wanted - notReady));
          for (let step = 0; step < 200; step++) {
            const before = (old.status?.availableReplicas ?? 0) + (current.status?.availableReplicas ?? 0);
            const scales = planRollingUpdate(asked, { current, old: [old] });
            for (const {
              replicaSet: { metadata },
              replicas,
            } of scales) {
              if (metadata.name === 'rs2') current = replicaSet('rs2', replicas, current.status?.availableReplicas);
              else old = replicaSet('rs1', replicas, Math.min(replicas, old.status?.availableReplicas ?? 0));
            }
            const total = (old.spec.replicas ?? 0) + (current.spec.replicas ?? 0);
            const available = (old.status?.availableReplicas ?? 0) + (current.status?.availableReplicas ?? 0);
            assert.ok(total <= Math.max(wanted + limits.surge, wanted), `${total} pods`);
            assert.ok(available >= Math.min(before, least), `${available} available of ${least}`);
            if (scales.length > 0) continue;
            // Nothing to do: the new pods become available, one step further.
            const size = current.spec.replicas ?? 0;
            if (current.status?.availableReplicas === size) break;
            current = replicaSet('rs2', size, size);
          }
          assert.deepEqual([current.spec.replicas, old.spec.replicas], [wanted, 0]);
        },
      ),
    );
  });
});

describe('planScaling', () => {
  it('spreads a change of size in proportion to the ReplicaSets', () => {
    // 10 to 15 in the middle of a rollout: the example of the Kubernetes documentation.
    const revisions = { current: replicaSet('rs2', 5, 0), old: [replicaSet('rs1', 8)] };
    assert.deepEqual(text(planScaling(deployment(15, 3, 2), revisions)), ['rs1=11', 'rs2=7']);
  });

  it('scales the only one, and every one to nothing', () => {
    assert.deepEqual(
      text(planScaling(deployment(4), { current: replicaSet('rs2', 10), old: [replicaSet('rs1', 0)] })),
      ['rs2=4'],
    );
    const both = { current: replicaSet('rs2', 5, 0), old: [replicaSet('rs1', 8)] };
    assert.deepEqual(text(planScaling(deployment(0), both)), ['rs1=0', 'rs2=0']);
  });

  it('gives away every pod of the change, whatever the sizes', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 60 }), (list, wanted) => {
        const total = list.reduce((sum, size) => sum + size, 0);
        const sets = list.map((size, index) => replicaSet(`rs${index + 1}`, size, size, total, total));
        const plan = planScaling(deployment(wanted, 2, 0), { current: sets.at(-1), old: sets.slice(0, -1) });
        const after = plan.reduce((sum, { replicas }) => sum + replicas, 0);
        assert.ok(plan.every(({ replicas }) => replicas >= 0));
        // A set cannot get smaller than nothing: only then the sum may differ.
        if (plan.every(({ replicas }) => replicas > 0)) assert.equal(after, wanted + 2);
      }),
    );
  });
});

describe('planCleanup', () => {
  it('removes the oldest revisions that have no pods, beyond the limit', () => {
    const old = [replicaSet('rs3', 0), replicaSet('rs1', 0), replicaSet('rs2', 1), replicaSet('rs4', 0)];
    const asked = { ...deployment(1), spec: { ...deployment(1).spec, revisionHistoryLimit: 1 } };
    assert.deepEqual(
      planCleanup(asked, { current: replicaSet('rs5', 1), old }).map(({ metadata }) => metadata.name),
      ['rs1', 'rs3'],
    );
  });
});

describe('newReplicaSet', () => {
  it('has a hash that only the template and the collision count change', () => {
    const name = (object: Deployment): string => newReplicaSet(object, [], 1).metadata.name;
    assert.equal(name(deployment(1)), name(deployment(7, 1, 1)));
    assert.notEqual(name(deployment(1)), name(deployment(1, 1, 1, 'web:10')));
    assert.notEqual(name(deployment(1)), name({ ...deployment(1), status: { collisionCount: 1 } }));
  });

  it('is found again as the current one, with or without empty fields', () => {
    const asked = deployment(1);
    const made = newReplicaSet(asked, [], 1);
    const template = {
      ...asked.spec.template,
      spec: { ...asked.spec.template.spec, containers: asked.spec.template.spec?.containers ?? [], volumes: [] },
    };
    assert.equal(revisionsOf({ ...asked, spec: { ...asked.spec, template } }, [made]).current, made);
    assert.equal(revisionsOf(deployment(1, 1, 1, 'web:10'), [made]).current, undefined);
  });
});
