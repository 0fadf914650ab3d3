import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import { kubeconfigFor } from '../../../src/cluster/auth/kubeconfig.js';
import type { Client } from '../../../src/cluster/client/client.js';
import { Endpoints, Node, Pod, Service } from '../../../src/objects/kinds/core-v1.js';
import { EndpointSlice } from '../../../src/objects/kinds/discovery-k8s-io-v1.js';
import { Ingress } from '../../../src/objects/kinds/networking-k8s-io-v1.js';
import { ServerUnderTest } from '../../cluster/api/server-under-test.js';

/**
 * A program with Prometheus' own discovery of Kubernetes. It reads KUBECONFIG, waits until the targets of every role have
 * come, and prints `{role: {target: labels}}`.
 */
const PROGRAM = env['FAIRLEAD_PROMETHEUS_DISCOVERY'];

type Labels = Readonly<Record<string, string>>;

const run = promisify(execFile);

const metadata = { name: 'web', namespace: 'default', labels: { app: 'web' } };

/** A node with a pod on it, behind a Service and an Ingress: as kubelet and controllers would write them. */
const fill = async (client: Client): Promise<void> => {
  await client.create<Node>({ ...Node, metadata: { name: 'node-1', labels: { zone: 'a' } }, spec: {} });
  await client.patch(
    Node,
    { name: 'node-1' },
    {
      type: 'merge',
      body: {
        status: {
          addresses: [{ type: 'InternalIP', address: '192.0.2.7' }],
          daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
        },
      },
    },
    { subresource: 'status' },
  );
  await client.create<Pod>({
    ...Pod,
    metadata,
    spec: {
      nodeName: 'node-1',
      containers: [{ name: 'web', image: 'example.com/web', ports: [{ name: 'http', containerPort: 8080 }] }],
    },
  });
  const status = {
    phase: 'Running',
    podIP: '10.1.0.9',
    podIPs: [{ ip: '10.1.0.9' }],
    hostIP: '192.0.2.7',
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  await client.patch(Pod, metadata, { type: 'merge', body: { status } }, { subresource: 'status' });
  await client.create<Service>({
    ...Service,
    metadata,
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  });
  const target = { kind: 'Pod', name: 'web', namespace: 'default' };
  await client.create<Endpoints>({
    ...Endpoints,
    metadata,
    subsets: [
      {
        addresses: [{ ip: '10.1.0.9', nodeName: 'node-1', targetRef: target }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ],
  });
  await client.create<EndpointSlice>({
    ...EndpointSlice,
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.0.9'], conditions: { ready: true }, nodeName: 'node-1', targetRef: target }],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  });
  const backend = { service: { name: 'web', port: { number: 80 } } };
  await client.create<Ingress>({
    ...Ingress,
    metadata,
    spec: {
      tls: [{ hosts: ['web.example'], secretName: 'certificate' }],
      rules: [{ host: 'web.example', http: { paths: [{ path: '/shop', pathType: 'Prefix', backend }] } }],
    },
  });
};

/** What the targets of a role must say, beside what they say of themselves. */
const EXPECTED: Readonly<Record<string, Labels>> = {
  node: {
    __address__: '192.0.2.7:10250',
    __meta_kubernetes_node_name: 'node-1',
    __meta_kubernetes_node_label_zone: 'a',
  },
  pod: {
    __address__: '10.1.0.9:8080',
    __meta_kubernetes_pod_name: 'web',
    __meta_kubernetes_pod_container_port_name: 'http',
    __meta_kubernetes_pod_ready: 'true',
    __meta_kubernetes_pod_phase: 'Running',
    __meta_kubernetes_pod_label_app: 'web',
    __meta_kubernetes_node_label_zone: 'a',
  },
  service: {
    __address__: 'web.default.svc:80',
    __meta_kubernetes_service_name: 'web',
    __meta_kubernetes_service_port_name: 'http',
    __meta_kubernetes_service_type: 'ClusterIP',
  },
  endpoints: {
    __address__: '10.1.0.9:8080',
    __meta_kubernetes_endpoints_name: 'web',
    __meta_kubernetes_service_name: 'web',
    __meta_kubernetes_pod_name: 'web',
    __meta_kubernetes_pod_container_name: 'web',
    __meta_kubernetes_node_label_zone: 'a',
  },
  endpointslice: {
    __address__: '10.1.0.9:8080',
    __meta_kubernetes_endpointslice_name: 'web',
    __meta_kubernetes_endpointslice_endpoint_conditions_ready: 'true',
    __meta_kubernetes_service_name: 'web',
    __meta_kubernetes_pod_name: 'web',
  },
  ingress: {
    __address__: 'web.example',
    __meta_kubernetes_ingress_name: 'web',
    __meta_kubernetes_ingress_path: '/shop',
    __meta_kubernetes_ingress_scheme: 'https',
  },
};

const test = (program: string) =>
  function (this: Mocha.Suite): void {
    this.timeout(90_000);
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-prometheus-'));
    let found: Readonly<Record<string, Readonly<Record<string, Labels>>>> = {};
    let server: ServerUnderTest | undefined;

    before(async () => {
      server = await ServerUnderTest.start();
      await fill(server.api.client());
      const { authority, adminToken: token } = server.credentials;
      const text = kubeconfigFor({ server: server.server.url, authority: authority.certificate, token });
      const kubeconfig = join(folder, 'kubeconfig');
      writeFileSync(kubeconfig, text, { mode: 0o600 });
      found = JSON.parse((await run(program, [], { env: { KUBECONFIG: kubeconfig } })).stdout) as typeof found;
    });
    after(async () => {
      await server?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    for (const [role, expected] of Object.entries(EXPECTED)) {
      it(`finds the targets of the role ${role}`, () => {
        const targets = Object.values(found[role] ?? {}).filter(
          (each) => each['__address__'] === expected['__address__'],
        );
        assert.equal(targets.length, 1, JSON.stringify(found[role]));
        const labels = Object.fromEntries(Object.keys(expected).map((name) => [name, targets[0]?.[name]]));
        assert.deepEqual(labels, expected);
      });
    }
  };

// Defined only where somebody has built the program: Debian's prometheus comes without this discovery.
if (PROGRAM !== undefined && PROGRAM !== '') describe("Prometheus' discovery", test(PROGRAM));
