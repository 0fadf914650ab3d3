import assert from 'node:assert/strict';
import type { Container, Pod } from '../../../../src/objects/kinds/core-v1.js';
import { containerConfig } from '../../../../src/runtime/kubelet/config/container-config.js';
import { podDns } from '../../../../src/runtime/kubelet/config/dns.js';
import { containerResources } from '../../../../src/runtime/kubelet/config/resources.js';
import { podHostname, sandboxConfig } from '../../../../src/runtime/kubelet/config/sandbox-config.js';
import { container, podOf } from '../pods.js';

const GIB = 1024 ** 3;

describe('containerResources', () => {
  const of = (resources: Container['resources'], spec: Partial<Pod['spec']> = {}) => {
    const only = container('c', resources === undefined ? {} : { resources });
    return containerResources(podOf({ ...spec, containers: [only] }), only, 10 * GIB);
  };

  it('turns requests into shares and limits into quotas', () => {
    assert.deepEqual(of({ requests: { cpu: '250m', memory: '1Gi' }, limits: { cpu: '500m', memory: '2Gi' } }), {
      cpuShares: 256,
      cpuQuota: 50_000,
      cpuPeriod: 100_000,
      memory: 2 * GIB,
      oomScoreAdj: 900,
    });
  });

  it('keeps to the least that the kernel takes', () => {
    assert.equal(of(undefined).cpuShares, 2);
    assert.equal(of({ limits: { cpu: '1m' } }).cpuQuota, 1000);
  });

  it('says who is killed first', () => {
    assert.equal(of(undefined).oomScoreAdj, 1000);
    assert.equal(of({ limits: { cpu: '1', memory: '1Gi' } }).oomScoreAdj, -997);
    assert.equal(of({ requests: { memory: '10Gi' } }).oomScoreAdj, 3);
    assert.equal(of({ requests: { cpu: '1' } }).oomScoreAdj, 999);
  });
});

describe('containerConfig', () => {
  const config = (pod: Pod, more: Partial<Container> = {}, user = '') =>
    containerConfig({
      pod,
      container: { role: 'main', spec: container('c', more) },
      owner: { nodeName: 'n1' },
      attempt: 2,
      nextBackoffMs: 20_000,
      image: { id: 'sha256:1', tags: [], digests: [], sizeBytes: 0, user },
      env: [{ name: 'A', value: 'a' }],
      mounts: [],
      nodeMemoryBytes: GIB,
      terminationMessageFile: '/tmp/message',
    });

  it('remembers on the container what a new kubelet must know', () => {
    const { attempt, annotations, labels } = config(podOf());
    assert.equal(attempt, 2);
    assert.equal(annotations['fairlead.dev/restart-backoff-ms'], '20000');
    assert.match(annotations['io.kubernetes.container.hash'] ?? '', /^[0-9a-f]{8}$/);
    assert.equal(labels['io.kubernetes.pod.uid'], 'u');
    assert.equal(labels['fairlead.dev/node'], 'n1');
  });

  it('expands references in command and args', () => {
    const { command, args } = config(podOf(), { command: ['x', '$(A)'], args: ['$(B)', '$$(A)'] });
    assert.deepEqual(
      [command, args],
      [
        ['x', 'a'],
        ['$(B)', '$(A)'],
      ],
    );
  });

  it('tells the runtime which containers are expected to end', () => {
    const key = 'fairlead.dev/runs-to-completion';
    assert.equal(config(podOf()).annotations[key], undefined);
    assert.equal(config(podOf({ restartPolicy: 'Never' })).annotations[key], 'true');
  });

  it('prefers the security context of the container', () => {
    const pod = podOf({ securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] } });
    const own = { runAsUser: 9, capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] }, allowPrivilegeEscalation: false };
    const { security } = config(pod, { securityContext: own });
    assert.equal(security.runAsUser, 9);
    assert.equal(security.runAsGroup, 2);
    assert.deepEqual(security.supplementalGroups, [3, 4]);
    assert.deepEqual([security.addCapabilities, security.dropCapabilities], [['NET_ADMIN'], ['ALL']]);
    assert.equal(security.allowPrivilegeEscalation, false);
  });

  it('refuses to run as root where that is forbidden', () => {
    const pod = podOf({ securityContext: { runAsNonRoot: true } });
    const reason = 'CreateContainerConfigError';
    assert.throws(() => config(pod), { reason, message: /image will run as root/ });
    assert.throws(() => config(pod, {}, 'app'), { reason, message: /non-numeric user \(app\)/ });
    assert.throws(() => config(pod, { securityContext: { runAsUser: 0 } }), {
      reason,
      message: /breaks non-root policy/,
    });
    config(pod, {}, '1000:1000');
    config(pod, { securityContext: { runAsUser: 5 } });
  });
});

describe('podDns', () => {
  const host = { servers: ['1.1.1.1'], searches: ['home'], options: ['edns0'] };
  const cluster = { servers: ['10.96.0.10'], domain: 'cluster.local', host };

  it('resolves names of the cluster first', () => {
    assert.deepEqual(podDns(podOf(), cluster), {
      servers: ['10.96.0.10'],
      searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'home'],
      options: ['ndots:5'],
    });
  });

  it('does as the host where the pod asks for it or there is no other', () => {
    assert.deepEqual(podDns(podOf({ dnsPolicy: 'Default' }), cluster), host);
    assert.deepEqual(podDns(podOf({ hostNetwork: true }), cluster), host);
    assert.deepEqual(podDns(podOf(), { ...cluster, servers: [] }), host);
  });

  it('adds what dnsConfig names, and lets its options win', () => {
    const dnsConfig = {
      nameservers: ['9.9.9.9'],
      searches: ['x'],
      options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }],
    };
    assert.deepEqual(podDns(podOf({ dnsPolicy: 'None', dnsConfig }), cluster), {
      servers: ['9.9.9.9'],
      searches: ['x'],
      options: ['ndots:2', 'rotate'],
    });
    assert.deepEqual(podDns(podOf({ dnsConfig }), cluster).options, ['ndots:2', 'rotate']);
  });
});

describe('sandboxConfig', () => {
  const dns = { servers: [], domain: 'cluster.local', host: { servers: [], searches: [], options: [] } };

  it('carries the ports of all containers', () => {
    const ports = [
      { containerPort: 80, hostPort: 8080, hostIP: '127.0.0.1' },
      { containerPort: 53, protocol: 'UDP' },
    ];
    const config = sandboxConfig(podOf({ containers: [container('c', { ports })] }), 0, { nodeName: 'n' }, 'host', dns);
    assert.deepEqual(config.ports, [
      { containerPort: 80, hostPort: 8080, hostIp: '127.0.0.1', protocol: 'TCP' },
      { containerPort: 53, hostPort: 0, protocol: 'UDP' },
    ]);
  });

  it('names the host after the pod', () => {
    assert.equal(podHostname(podOf()), 'p');
    assert.equal(podHostname(podOf({ hostname: 'own' })), 'own');
    const long = podOf();
    assert.equal(podHostname({ ...long, metadata: { ...long.metadata, name: `${'a'.repeat(62)}-b` } }), 'a'.repeat(62));
    const config = sandboxConfig(podOf({ hostNetwork: true }), 0, { nodeName: 'n' }, 'machine', dns);
    assert.equal(config.hostname, 'machine');
  });
});
