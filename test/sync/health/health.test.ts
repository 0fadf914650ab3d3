import assert from 'node:assert/strict';
import type { KubeObject } from '../../../src/objects/object.js';
import type { HealthStatusCode } from '../../../src/sync/applications/application.js';
import { aggregateHealth } from '../../../src/sync/health/aggregate.js';
import { healthOf } from '../../../src/sync/health/health.js';

const object = (
  apiVersion: string,
  kind: string,
  spec: unknown,
  status: unknown,
  metadata: object = {},
): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'x', generation: 1, ...metadata },
  spec,
  status,
});

const condition = (type: string, status = 'True', reason = '', message = '') => ({ type, status, reason, message });
const waitingFor = (reason: string) => ({
  containerStatuses: [{ name: 'c', state: { waiting: { reason, message: 'm' } } }],
});
const ALWAYS = { restartPolicy: 'Always' };
const done = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

const TABLE: readonly (readonly [string, KubeObject, HealthStatusCode | undefined])[] = [
  ['a ConfigMap has none', object('v1', 'ConfigMap', {}, {}), undefined],
  ['what is being deleted', object('v1', 'ConfigMap', {}, {}, { deletionTimestamp: 't' }), 'Progressing'],
  ['a Deployment that is done', object('apps/v1', 'Deployment', { replicas: 2 }, done), 'Healthy'],
  ['a paused Deployment', object('apps/v1', 'Deployment', { paused: true }, done), 'Suspended'],
  [
    'a Deployment that is not observed',
    object('apps/v1', 'Deployment', {}, { ...done, observedGeneration: 0 }),
    'Progressing',
  ],
  [
    'a Deployment with old pods',
    object('apps/v1', 'Deployment', { replicas: 2 }, { ...done, replicas: 3 }),
    'Progressing',
  ],
  ['a Deployment with too few updated', object('apps/v1', 'Deployment', { replicas: 3 }, done), 'Progressing'],
  [
    'a Deployment with too few available',
    object('apps/v1', 'Deployment', { replicas: 2 }, { ...done, availableReplicas: 1 }),
    'Progressing',
  ],
  [
    'a Deployment past its deadline',
    object(
      'apps/v1',
      'Deployment',
      { replicas: 3 },
      { ...done, conditions: [condition('Progressing', 'False', 'ProgressDeadlineExceeded')] },
    ),
    'Degraded',
  ],
  ['a StatefulSet that is not observed', object('apps/v1', 'StatefulSet', {}, {}), 'Progressing'],
  [
    'a StatefulSet that is rolled out to its partition',
    object(
      'apps/v1',
      'StatefulSet',
      { replicas: 3, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
      { observedGeneration: 1, readyReplicas: 3, updatedReplicas: 2 },
    ),
    'Healthy',
  ],
  [
    'a StatefulSet of two revisions',
    object(
      'apps/v1',
      'StatefulSet',
      { replicas: 1 },
      { observedGeneration: 1, readyReplicas: 1, updateRevision: 'b', currentRevision: 'a' },
    ),
    'Progressing',
  ],
  [
    'a DaemonSet without nodes',
    object('apps/v1', 'DaemonSet', {}, { observedGeneration: 1, desiredNumberScheduled: 0 }),
    'Healthy',
  ],
  [
    'a DaemonSet on its way',
    object(
      'apps/v1',
      'DaemonSet',
      {},
      { observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 },
    ),
    'Progressing',
  ],
  [
    'a ReplicaSet that cannot make pods',
    object('apps/v1', 'ReplicaSet', {}, { observedGeneration: 1, conditions: [condition('ReplicaFailure')] }),
    'Degraded',
  ],
  [
    'a pod that is ready',
    object('v1', 'Pod', ALWAYS, { phase: 'Running', conditions: [condition('Ready')] }),
    'Healthy',
  ],
  ['a pod that is not ready', object('v1', 'Pod', ALWAYS, { phase: 'Running' }), 'Progressing'],
  [
    'a pod without its image',
    object('v1', 'Pod', ALWAYS, { phase: 'Pending', ...waitingFor('ImagePullBackOff') }),
    'Degraded',
  ],
  [
    'a pod whose container cannot start',
    object('v1', 'Pod', ALWAYS, { phase: 'Pending', ...waitingFor('ErrImagePull') }),
    'Degraded',
  ],
  [
    'a pod that is being made',
    object('v1', 'Pod', ALWAYS, { phase: 'Pending', ...waitingFor('ContainerCreating') }),
    'Progressing',
  ],
  ['a pod that failed', object('v1', 'Pod', { restartPolicy: 'Never' }, { phase: 'Failed' }), 'Degraded'],
  [
    'a pod that works to its end',
    object('v1', 'Pod', { restartPolicy: 'Never' }, { phase: 'Running', conditions: [condition('Ready')] }),
    'Progressing',
  ],
  ['a Job that runs', object('batch/v1', 'Job', {}, { active: 1 }), 'Progressing'],
  ['a Job that is complete', object('batch/v1', 'Job', {}, { conditions: [condition('Complete')] }), 'Healthy'],
  ['a Job that failed', object('batch/v1', 'Job', {}, { conditions: [condition('Failed')] }), 'Degraded'],
  ['a Job that is suspended', object('batch/v1', 'Job', {}, { conditions: [condition('Suspended')] }), 'Suspended'],
  [
    'a Job that was resumed and runs',
    object('batch/v1', 'Job', {}, { conditions: [condition('Suspended', 'False')] }),
    'Progressing',
  ],
  [
    'a CronJob whose last run failed',
    object(
      'batch/v1',
      'CronJob',
      {},
      { lastScheduleTime: '2026-01-02T00:00:00Z', lastSuccessfulTime: '2026-01-01T00:00:00Z' },
    ),
    'Degraded',
  ],
  ['a CronJob that is suspended', object('batch/v1', 'CronJob', { suspend: true }, {}), 'Healthy'],
  ['a claim that waits', object('v1', 'PersistentVolumeClaim', {}, { phase: 'Pending' }), 'Progressing'],
  ['a claim that lost its volume', object('v1', 'PersistentVolumeClaim', {}, { phase: 'Lost' }), 'Degraded'],
  ['a Service', object('v1', 'Service', { type: 'ClusterIP' }, {}), 'Healthy'],
  ['a Service without its load balancer', object('v1', 'Service', { type: 'LoadBalancer' }, {}), 'Progressing'],
  ['an Ingress without address', object('networking.k8s.io/v1', 'Ingress', {}, {}), 'Progressing'],
  [
    'an Ingress',
    object('networking.k8s.io/v1', 'Ingress', {}, { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } }),
    'Healthy',
  ],
  [
    'an autoscaler without metrics',
    object(
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      {},
      { conditions: [condition('ScalingActive', 'False', 'FailedGetResourceMetric')] },
    ),
    'Degraded',
  ],
  [
    'an autoscaler that has recovered',
    object(
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      {},
      { conditions: [condition('ScalingActive', 'True', 'FailedGetResourceMetric'), condition('AbleToScale')] },
    ),
    'Healthy',
  ],
  [
    'a definition that is not established',
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {}, {}),
    'Progressing',
  ],
  [
    'a child application',
    object('argoproj.io/v1alpha1', 'Application', {}, { health: { status: 'Degraded' } }),
    'Degraded',
  ],
];

describe('healthOf', () => {
  for (const [what, live, expected] of TABLE) {
    it(`${what}: ${expected ?? 'no health'}`, () => {
      assert.equal(healthOf(live)?.status, expected);
    });
  }

  it('is unknown for an object that makes no sense', () => {
    assert.equal(
      healthOf({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' }, status: {} })?.status,
      'Unknown',
    );
  });
});

describe('aggregateHealth', () => {
  const one = (status: HealthStatusCode, more = {}) => ({
    name: `apps/Deployment:${status}`,
    missing: false,
    health: { status },
    ...more,
  });

  it('is the worst of all, and names who caused it', () => {
    assert.deepEqual(aggregateHealth([one('Healthy'), one('Progressing'), one('Suspended')]), {
      status: 'Progressing',
      message: 'Caused by apps/Deployment:Progressing',
    });
    const many = Array.from({ length: 5 }, () => one('Degraded'));
    assert.match(aggregateHealth(many).message ?? '', / and 2 more$/);
    assert.deepEqual(aggregateHealth([]), { status: 'Healthy' });
  });

  it('is not worse for a part that is missing, only when everything is', () => {
    const missing = one('Missing', { missing: true });
    assert.equal(aggregateHealth([missing, one('Healthy')]).status, 'Healthy');
    assert.equal(aggregateHealth([missing, missing]).status, 'Missing');
  });

  it('does not count child applications that nobody has looked at', () => {
    assert.equal(aggregateHealth([one('Unknown', { isApplication: true }), one('Healthy')]).status, 'Healthy');
    assert.equal(aggregateHealth([one('Degraded', { isApplication: true })]).status, 'Degraded');
  });
});
