import assert from 'node:assert/strict';
import type { Client, ListOptions } from '../../../../src/cluster/client/client.js';
import { createAutoscalerController } from '../../../../src/cluster/controllers/horizontal-autoscaler/autoscaler-controller.js';
import { createReplicaSetController } from '../../../../src/cluster/controllers/replica-set/replica-set-controller.js';
import { timestamp } from '../../../../src/objects/conditions.js';
import type { KindOf } from '../../../../src/objects/kind.js';
import { ReplicaSet } from '../../../../src/objects/kinds/apps-v1.js';
import { HorizontalPodAutoscaler } from '../../../../src/objects/kinds/autoscaling-v2.js';
import { Pod } from '../../../../src/objects/kinds/core-v1.js';
import type { KubeObject } from '../../../../src/objects/object.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

describe('the HorizontalPodAutoscaler controller', () => {
  let cluster: ClusterUnderTest;
  /** What every pod uses; undefined: nothing is measured. */
  let cpu: string | undefined;
  beforeEach(async () => {
    cpu = undefined;
    cluster = await ClusterUnderTest.start(
      (deps) => [createAutoscalerController(deps), createReplicaSetController(deps)],
      { wrap: measuring },
    );
    const labels = { app: 'web' };
    await cluster.client.create<ReplicaSet>({
      ...ReplicaSet,
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { name: '', labels },
          spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }] },
        },
      },
    });
    await cluster.client.create<HorizontalPodAutoscaler>({
      ...HorizontalPodAutoscaler,
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web' },
        minReplicas: 1,
        maxReplicas: 5,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
        ],
      },
    });
    await cluster.until('pods', async () => (await cluster.list(Pod)).length === 2);
  });
  afterEach(() => cluster.close());

  /** Kubelets measure; here the test says what. */
  const measuring = (client: Client): Client =>
    new Proxy(client, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        if (name !== 'list') return method.bind(target) as unknown;
        return async (kind: KindOf, options: ListOptions): Promise<unknown> => {
          if (kind.kind !== 'PodMetrics') return target.list(kind, options);
          const items = cpu === undefined ? [] : (await cluster.list(Pod)).map((pod) => metricsOf(pod, cpu ?? '0'));
          return { items, resourceVersion: '' };
        };
      },
    });
  const metricsOf = ({ metadata: { name } }: Pod, usage: string): KubeObject => ({
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'PodMetrics',
    metadata: { name },
    timestamp: timestamp(cluster.clock.now()),
    window: '15s',
    containers: [{ name: 'c', usage: { cpu: usage } }],
  });
  const run = async (seconds: number): Promise<void> => {
    for (let passed = 0; passed < seconds; passed += 5) {
      for (const pod of await cluster.list(Pod)) {
        if (pod.status?.phase === 'Running') continue;
        await cluster.client.updateStatus<Pod>({
          ...pod,
          status: { ...cluster.readyStatus(), startTime: timestamp(cluster.clock.now()) },
        });
      }
      await cluster.clock.advance(5000);
      await cluster.quiet();
    }
  };
  const size = async (): Promise<number | undefined> => (await cluster.get(ReplicaSet, 'web')).spec.replicas;
  const reason = async (type: string): Promise<string | undefined> =>
    (await cluster.get(HorizontalPodAutoscaler, 'web')).status?.conditions?.find((condition) => condition.type === type)
      ?.reason;

  it('says that it cannot scale without metrics, and changes nothing', async () => {
    await run(20);
    assert.deepEqual(
      [await size(), await reason('ScalingActive'), await reason('AbleToScale')],
      [2, 'FailedGetResourceMetric', 'SucceededGetScale'],
    );
  });

  it('grows with the load up to the maximum, and shrinks only after five quiet minutes', async () => {
    cpu = '100m';
    await run(120);
    assert.equal(await reason('ScalingActive'), 'ValidMetricFound');
    assert.deepEqual([await size(), await reason('ScalingLimited')], [5, 'TooManyReplicas']);
    const { status } = await cluster.get(HorizontalPodAutoscaler, 'web');
    assert.deepEqual(status?.currentMetrics?.[0]?.resource?.current, { averageUtilization: 100, averageValue: '100m' });
    cpu = '0';
    await run(200);
    assert.equal(await size(), 5);
    await run(200);
    assert.equal(await size(), 1);
    assert.ok(
      (await cluster.events()).includes(
        'SuccessfulRescale New size: 4; reason: cpu resource utilization (percentage of request) above target',
      ),
    );
  });
});
