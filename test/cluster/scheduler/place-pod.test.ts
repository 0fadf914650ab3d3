import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Pod, PodSpec } from '../../../src/objects/kinds/core-v1.js';
import { podInfo } from '../../../src/cluster/scheduler/cluster-snapshot.js';
import { cluster, node, place, pod, requesting } from './fixtures.js';

const refused = (one: Pod, ...args: Parameters<typeof cluster>): string => {
  const placement = place(one, cluster(...args));
  return placement.node === undefined ? placement.message : `placed on ${placement.node}`;
};

const replica = (name: string, nodeName?: string): Pod =>
  pod(name, nodeName === undefined ? {} : { nodeName }, {
    labels: { app: 'web' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u1', controller: true }],
  });

describe('placePod', () => {
  it('says that there are no nodes', () => {
    assert.equal(refused(pod('p'), []), 'no nodes available to schedule pods');
  });

  it('counts the reasons of all nodes, sorted, in the words of Kubernetes', () => {
    const nodes = [
      node('a', { cpu: '1' }),
      node('b', { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } }),
      node('c', { spec: { unschedulable: true } }),
      node('d', { cpu: '1', memory: '1Gi' }),
    ];
    assert.equal(
      refused(pod('p', requesting('2', '2Gi')), nodes),
      '0/4 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {gpu: yes}, ' +
        '1 node(s) were unschedulable, 2 Insufficient cpu.',
    );
  });

  it('sums what placed pods take, and forgets it when they end or go', () => {
    const nodes = [node('a', { cpu: '2' })];
    const big = pod('big', { ...requesting('1500m'), nodeName: 'a' });
    assert.equal(refused(pod('p', requesting('1')), nodes, [big]), '0/1 nodes are available: 1 Insufficient cpu.');
    const snapshot = cluster(nodes, [big]);
    snapshot.setPod({ ...big, status: { phase: 'Succeeded' } });
    assert.equal(place(pod('p', requesting('1')), snapshot).node, 'a');
    const other = cluster(nodes, [big]);
    other.removePod(big);
    assert.equal(place(pod('p', requesting('1')), other).node, 'a');
  });

  it('takes the larger of the containers together and of each init container with the sidecars before it', () => {
    const request = (cpu: string) => ({ image: 'i', resources: { requests: { cpu } } });
    const spec: PodSpec = {
      initContainers: [
        { name: 'side', restartPolicy: 'Always', ...request('500m') },
        { name: 'init', ...request('2') },
      ],
      containers: [{ name: 'c', ...request('1') }],
    };
    assert.equal(podInfo(pod('p', spec)).requests.get('cpu'), 2500);
    const longer = { ...spec, containers: [{ name: 'c', ...request('3') }] };
    assert.equal(podInfo(pod('p', longer)).requests.get('cpu'), 3500);
  });

  it('fills a node up to its number of pods', () => {
    const nodes = [node('a', { pods: '1' })];
    assert.equal(refused(pod('p'), nodes, [pod('q', { nodeName: 'a' })]), '0/1 nodes are available: 1 Too many pods.');
  });

  it('obeys nodeSelector and required node affinity', () => {
    const nodes = [node('a', { labels: { disk: 'hdd', gen: '3' } }), node('b', { labels: { disk: 'ssd', gen: '12' } })];
    assert.equal(place(pod('p', { nodeSelector: { disk: 'ssd' } }), cluster(nodes)).node, 'b');
    const affinity = (operator: string, key: string, values: string[]): Partial<PodSpec> => ({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
          },
        },
      },
    });
    assert.equal(place(pod('p', affinity('Gt', 'gen', ['5'])), cluster(nodes)).node, 'b');
    assert.equal(place(pod('p', affinity('NotIn', 'disk', ['ssd'])), cluster(nodes)).node, 'a');
    assert.equal(
      refused(pod('p', affinity('In', 'disk', ['nvme'])), nodes),
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
    );
  });

  it('prefers what preferred node affinity and softer taints say', () => {
    const prefer: Partial<PodSpec> = {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 100, preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] } },
          ],
        },
      },
    };
    const nodes = [node('a', { labels: { zone: 'a' } }), node('b', { labels: { zone: 'b' } })];
    assert.equal(place(pod('p', prefer), cluster(nodes)).node, 'b');
    const tainted = [node('a', { spec: { taints: [{ key: 'slow', effect: 'PreferNoSchedule' }] } }), node('b')];
    assert.equal(place(pod('p'), cluster(tainted)).node, 'b');
  });

  it('lets a toleration cover its taint only', () => {
    const nodes = [node('a', { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } })];
    const tolerating = (toleration: object) => pod('p', { tolerations: [toleration] });
    assert.equal(place(tolerating({ key: 'gpu', operator: 'Equal', value: 'yes' }), cluster(nodes)).node, 'a');
    assert.equal(place(tolerating({ operator: 'Exists' }), cluster(nodes)).node, 'a');
    assert.equal(place(tolerating({ key: 'gpu', value: 'no' }), cluster(nodes)).node, undefined);
    assert.equal(
      place(tolerating({ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }), cluster(nodes)).node,
      undefined,
    );
  });

  it('keeps host ports apart', () => {
    const withPort = (name: string, hostIP?: string, nodeName?: string) =>
      pod(name, {
        ...(nodeName !== undefined && { nodeName }),
        containers: [
          { name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: 80, ...(hostIP && { hostIP }) }] },
        ],
      });
    const nodes = [node('a')];
    assert.equal(
      refused(withPort('p'), nodes, [withPort('q', undefined, 'a')]),
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
    );
    assert.equal(refused(withPort('p', '127.0.0.2'), nodes, [withPort('q', '127.0.0.1', 'a')]), 'placed on a');
  });

  it('prefers the emptier node, and spreads the replicas of a controller', () => {
    const nodes = [node('a'), node('b')];
    assert.equal(
      place(pod('p', requesting('1')), cluster(nodes, [pod('q', { ...requesting('2'), nodeName: 'a' })])).node,
      'b',
    );
    const placed = [replica('r1', 'a'), replica('r2', 'a'), replica('r3', 'b')];
    assert.equal(place(replica('r4'), cluster(nodes, placed)).node, 'b');
  });

  it('keeps the skew of a hard topology spread constraint', () => {
    const spread: Partial<PodSpec> = {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'web' } },
        },
      ],
    };
    const nodes = [node('a', { labels: { zone: 'x' } }), node('b', { labels: { zone: 'y' }, cpu: '0' }), node('c')];
    const wanted = pod('p', { ...spread, ...requesting('1') }, { labels: { app: 'web' } });
    assert.equal(
      refused(wanted, nodes, [replica('r1', 'a')]),
      "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints, " +
        "1 node(s) didn't match pod topology spread constraints (missing required label).",
    );
  });

  it('keeps pods together and apart as their affinity says, for newcomers and for those who are there', () => {
    const term = (app: string) => ({ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app } } });
    const apart = (app: string): Partial<PodSpec> => ({
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app)] } },
    });
    const together: Partial<PodSpec> = {
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('web')] } },
    };
    const nodes = [node('a'), node('b')];
    const web = pod('web', { nodeName: 'b' }, { labels: { app: 'web' } });
    assert.equal(place(pod('p', together), cluster(nodes, [web])).node, 'b');
    assert.equal(place(pod('p', apart('web')), cluster(nodes, [web])).node, 'a');
    const lonely = pod('lonely', { nodeName: 'a', ...apart('web') }, { labels: { app: 'lonely' } });
    assert.equal(place(pod('p', {}, { labels: { app: 'web' } }), cluster(nodes, [lonely])).node, 'b');
    assert.equal(
      refused(pod('p', together), nodes),
      "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.",
    );
    assert.notEqual(place(pod('p', together, { labels: { app: 'web' } }), cluster(nodes)).node, undefined);
  });

  it('never puts more on a node than fits, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2500 }), { maxLength: 40 }), (requests) => {
        const snapshot = cluster([node('a', { cpu: '4' }), node('b', { cpu: '2' })]);
        for (const [index, milli] of requests.entries()) {
          const one = pod(`p${index}`, requesting(`${milli}m`));
          const { node: chosen } = place(one, snapshot);
          if (chosen !== undefined) snapshot.assume(podInfo(one), chosen);
        }
        for (const { allocatable, requested } of snapshot.nodes) {
          assert.ok((requested.get('cpu') ?? 0) <= (allocatable.get('cpu') ?? 0));
        }
      }),
    );
  });
});
