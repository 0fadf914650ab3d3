import assert from 'node:assert/strict';
import type { Client } from '../../../src/cluster/client/client.js';
import { builtinControllers } from '../../../src/cluster/controllers/builtin-controllers.js';
import { ApiError } from '../../../src/objects/api-error.js';
import { ControllerRevision, Deployment, ReplicaSet, StatefulSet } from '../../../src/objects/kinds/apps-v1.js';
import { Job } from '../../../src/objects/kinds/batch-v1.js';
import { Endpoints, PersistentVolumeClaim, Pod, Service } from '../../../src/objects/kinds/core-v1.js';
import { EndpointSlice } from '../../../src/objects/kinds/discovery-k8s-io-v1.js';
import { ClusterUnderTest, NAMESPACE } from './cluster-under-test.js';

const WRITES = ['create', 'update', 'updateStatus', 'patch', 'apply', 'delete'] as const;

interface Crash {
  /** The write at which the process dies, counted from 1. */
  readonly at: number;
  /** Whether the server has carried it out by then. */
  readonly carriedOut: boolean;
}

/** A client that dies at a write: that one and everything after it fails, as if the process were gone. */
const dyingClient = (client: Client, { at, carriedOut }: Crash, died: () => void): Client => {
  let writes = 0;
  let dead = false;
  const dying = new Set<string>(WRITES);
  return new Proxy(client, {
    get: (target, name, receiver) => {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      if (name === 'watch') return method.bind(target) as unknown;
      return async (...args: readonly unknown[]) => {
        if (dead) throw new ApiError('ServiceUnavailable', 'the process is gone');
        if (!dying.has(String(name)) || ++writes < at) return Reflect.apply(method, target, args) as unknown;
        dead = true;
        died();
        if (carriedOut) await Reflect.apply(method, target, args);
        throw new ApiError('ServiceUnavailable', 'the process dies');
      };
    },
  });
};

interface Scenario {
  readonly name: string;
  readonly prepare: (cluster: ClusterUnderTest) => Promise<void>;
  /** What users and kubelets do meanwhile; called again and again. */
  readonly live: (cluster: ClusterUnderTest) => Promise<void>;
  /** The state that matters, as text; the same whatever happened. */
  readonly state: (cluster: ClusterUnderTest) => Promise<string>;
  readonly wanted: string;
}

const image = (object: Pod | ReplicaSet): string =>
  object.kind === 'Pod'
    ? ((object as Pod).spec.containers[0]?.image ?? '')
    : ((object as ReplicaSet).spec.template?.spec?.containers[0]?.image ?? '');

const deployment: Scenario = {
  name: 'a Deployment that is rolled over, behind a Service',
  prepare: async (cluster) => {
    const labels = { app: 'web' };
    const containers = [{ name: 'c', image: 'web:1' }];
    await cluster.client.create<Service>({
      ...Service,
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: { selector: labels, ports: [{ port: 80 }] },
    });
    await cluster.client.create<Deployment>({
      ...Deployment,
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { name: '', labels }, spec: { containers } },
      },
    });
  },
  live: async (cluster) => {
    const pods = await cluster.list(Pod);
    for (const [number, pod] of pods.entries()) {
      if (pod.status?.phase === 'Running') continue;
      const ip = `10.0.0.${number + 1}`;
      await cluster.client.updateStatus<Pod>({
        ...pod,
        status: { ...cluster.readyStatus(), podIP: ip, podIPs: [{ ip }] },
      });
    }
    const { status, spec } = await cluster.get(Deployment, 'web');
    if (status?.availableReplicas !== 2 || spec.template.spec?.containers[0]?.image !== 'web:1') return;
    const containers = [{ name: 'c', image: 'web:2' }];
    const body = { spec: { template: { spec: { containers } } } };
    await cluster.client.patch(Deployment, { namespace: NAMESPACE, name: 'web' }, { type: 'merge', body });
  },
  state: async (cluster) => {
    const { status, metadata } = await cluster.get(Deployment, 'web');
    const pods = (await cluster.list(Pod)).map(image).sort();
    const sets = (await cluster.list(ReplicaSet)).map((set) => `${image(set)} x${set.spec.replicas}`).sort();
    const slices = (await cluster.list(EndpointSlice)).flatMap((slice) => slice.endpoints).length;
    const subsets = (await cluster.list(Endpoints)).flatMap((each) => each.subsets ?? []).length;
    const progress = status?.conditions?.find(({ type }) => type === 'Progressing')?.reason;
    const revision = metadata.annotations?.['deployment.kubernetes.io/revision'];
    return JSON.stringify([pods, sets, slices, subsets, status?.availableReplicas, progress, revision]);
  },
  wanted: JSON.stringify([['web:2', 'web:2'], ['web:1 x0', 'web:2 x2'], 2, 1, 2, 'NewReplicaSetAvailable', '2']),
};

const job: Scenario = {
  name: 'a Job of two pods of which one fails once',
  prepare: async (cluster) => {
    const containers = [{ name: 'c', image: 'i' }];
    await cluster.client.create<Job>({
      ...Job,
      metadata: { name: 'work', namespace: NAMESPACE },
      spec: {
        completions: 2,
        parallelism: 2,
        completionMode: 'Indexed',
        template: { spec: { restartPolicy: 'Never', containers } },
      },
    });
  },
  live: async (cluster) => {
    const pods = await cluster.list(Pod);
    const hasFailed =
      pods.some((pod) => pod.status?.phase === 'Failed') || ((await cluster.get(Job, 'work')).status?.failed ?? 0) > 0;
    for (const pod of pods) {
      if ((pod.status?.phase ?? 'Pending') !== 'Pending') continue;
      const phase = pod.spec.hostname === 'work-0' && !hasFailed ? 'Failed' : 'Succeeded';
      await cluster.client.updateStatus<Pod>({ ...pod, status: { ...pod.status, phase } });
    }
    await cluster.clock.advance(1000);
  },
  state: async (cluster) => {
    const { status } = await cluster.get(Job, 'work');
    const conditions = (status?.conditions ?? []).map(({ type }) => type).sort();
    const held = (await cluster.list(Pod)).filter((pod) => (pod.metadata.finalizers ?? []).length > 0).length;
    const phases = (await cluster.list(Pod))
      .map((pod) => pod.status?.phase)
      .sort((a = '', b = '') => a.localeCompare(b));
    return JSON.stringify([conditions, status?.succeeded, status?.failed, status?.completedIndexes, held, phases]);
  },
  wanted: JSON.stringify([['Complete', 'SuccessCriteriaMet'], 2, 1, '0,1', 0, ['Failed', 'Succeeded', 'Succeeded']]),
};

const statefulSet: Scenario = {
  name: 'a StatefulSet with claims that is rolled over',
  prepare: async (cluster) => {
    const labels = { app: 'db' };
    const claim = { ...PersistentVolumeClaim, metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } };
    await cluster.client.create<StatefulSet>({
      ...StatefulSet,
      metadata: { name: 'db', namespace: NAMESPACE },
      spec: {
        replicas: 2,
        serviceName: 'db',
        selector: { matchLabels: labels },
        template: { metadata: { name: '', labels }, spec: { containers: [{ name: 'c', image: 'db:1' }] } },
        volumeClaimTemplates: [{ ...claim, spec: { ...claim.spec, resources: { requests: { storage: '1Gi' } } } }],
      },
    });
  },
  live: async (cluster) => {
    await cluster.makeReady();
    const { status, spec } = await cluster.get(StatefulSet, 'db');
    if (status?.readyReplicas !== 2 || spec.template.spec?.containers[0]?.image !== 'db:1') return;
    const body = { spec: { template: { spec: { containers: [{ name: 'c', image: 'db:2' }] } } } };
    await cluster.client.patch(StatefulSet, { namespace: NAMESPACE, name: 'db' }, { type: 'merge', body });
  },
  state: async (cluster) => {
    const { status } = await cluster.get(StatefulSet, 'db');
    const pods = (await cluster.list(Pod)).map((pod) => `${pod.metadata.name} ${image(pod)}`).sort();
    const claims = (await cluster.list(PersistentVolumeClaim)).map(({ metadata }) => metadata.name).sort();
    const revisions = (await cluster.list(ControllerRevision)).map(({ revision }) => revision).sort((x, y) => x - y);
    const isThrough = status?.currentRevision === status?.updateRevision;
    return JSON.stringify([pods, claims, revisions, status?.readyReplicas, status?.updatedReplicas, isThrough]);
  },
  wanted: JSON.stringify([['db-0 db:2', 'db-1 db:2'], ['data-db-0', 'data-db-1'], [1, 2], 2, 2, true]),
};

/** Runs the scenario with a crash and a restart. False when the scenario ended before the crash. */
const survive = async (scenario: Scenario, crash: Crash): Promise<boolean> => {
  let died = false;
  const first = await ClusterUnderTest.start(builtinControllers, {
    wrap: (client) => dyingClient(client, crash, () => (died = true)),
  });
  await scenario.prepare(first);
  await first.until('the end or the crash', async () => {
    if (!died) await scenario.live(first);
    return died || (await scenario.state(first)) === scenario.wanted;
  });
  await first.close();
  const second = await ClusterUnderTest.start(builtinControllers, { api: first.api, clock: first.clock });
  let state = '';
  try {
    await second.until('the wanted state', async () => {
      await scenario.live(second);
      state = await scenario.state(second);
      return state === scenario.wanted;
    });
    await second.quiet();
    assert.equal(await scenario.state(second), scenario.wanted);
  } catch (error) {
    throw new Error(`crash at write ${crash.at}, carried out: ${crash.carriedOut}: ${state}`, { cause: error });
  } finally {
    await second.close();
  }
  return died;
};

describe('controllers that die at any write', () => {
  for (const scenario of [deployment, job, statefulSet]) {
    for (const carriedOut of [false, true]) {
      it(`end in the same state: ${scenario.name}, the write ${carriedOut ? 'carried out' : 'lost'}`, async function () {
        this.timeout(60_000);
        // Every fifth write, another fifth each way: all of them take half a minute.
        let at = carriedOut ? 1 : 3;
        while (await survive(scenario, { at, carriedOut })) at += 5;
        assert.ok(at > 8, `only ${at} writes`);
      });
    }
  }
});
