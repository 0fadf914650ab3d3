import assert from 'node:assert/strict';
import { createSliceMirroringController } from '../../../../src/cluster/controllers/endpoint-slice/mirroring-controller.js';
import { createEndpointSliceController } from '../../../../src/cluster/controllers/endpoint-slice/endpoint-slice-controller.js';
import type { ServiceSpec } from '../../../../src/objects/kinds/core-v1.js';
import { Endpoints, Pod, Service } from '../../../../src/objects/kinds/core-v1.js';
import { EndpointSlice } from '../../../../src/objects/kinds/discovery-k8s-io-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

describe('the EndpointSlice controller', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [
      createEndpointSliceController(deps),
      createSliceMirroringController(deps),
    ]);
  });
  afterEach(() => cluster.close());

  const service = (spec: Partial<ServiceSpec> = {}) =>
    cluster.client.create<Service>({
      ...Service,
      metadata: { name: 'web', namespace: NAMESPACE, labels: { team: 'a' } },
      spec: {
        selector: { app: 'web' },
        ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
        ...spec,
      },
    });
  const pod = async (name: string, ip: string, ready = true, port = 8080): Promise<void> => {
    const created = await cluster.client.create<Pod>({
      ...Pod,
      metadata: { name, namespace: NAMESPACE, labels: { app: 'web' } },
      spec: {
        nodeName: 'n1',
        containers: [{ name: 'c', image: 'i', ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }] }],
      },
    });
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
    await cluster.client.updateStatus<Pod>({
      ...created,
      status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions },
    });
  };
  const slices = () => cluster.list(EndpointSlice);
  const endpoints = async (): Promise<string[]> =>
    (await slices())
      .flatMap((slice) =>
        (slice.endpoints ?? []).map(
          ({ addresses, conditions }) =>
            `${addresses[0]}:${slice.ports?.[0]?.port} ${conditions?.ready ? 'ready' : 'not ready'}${conditions?.terminating ? ' terminating' : ''}`,
        ),
      )
      .sort();

  it('lists the pods of a Service by their named port', async () => {
    await service();
    await pod('a', '10.0.0.1');
    await pod('b', '10.0.0.2', false);
    await pod('c', '10.0.0.3', true, 9090);
    await cluster.until('three endpoints', async () => (await endpoints()).length === 3);
    assert.deepEqual(await endpoints(), ['10.0.0.1:8080 ready', '10.0.0.2:8080 not ready', '10.0.0.3:9090 ready']);
    const slice = (await slices()).find(({ ports }) => ports?.[0]?.port === 8080);
    assert.match(slice?.metadata.name ?? '', /^web-.{5}$/);
    assert.deepEqual(slice?.metadata.labels, {
      team: 'a',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
    assert.equal(slice?.metadata.ownerReferences?.[0]?.name, 'web');
    const target = slice?.endpoints[0]?.targetRef;
    assert.deepEqual([target?.kind, target?.name, slice?.endpoints[0]?.nodeName], ['Pod', 'a', 'n1']);
  });

  it('writes Endpoints as well, without what is going away', async () => {
    await service();
    await pod('a', '10.0.0.1');
    await pod('b', '10.0.0.2', false);
    await cluster.until('both', async () => (await endpoints()).length === 2);
    await cluster.until(
      'Endpoints',
      async () => (await cluster.list(Endpoints))[0]?.subsets?.[0]?.notReadyAddresses?.length === 1,
    );
    const [legacy] = await cluster.list(Endpoints);
    assert.deepEqual(
      legacy?.subsets?.[0]?.addresses?.map(({ ip }) => ip),
      ['10.0.0.1'],
    );
    assert.deepEqual(legacy?.subsets?.[0]?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
    await cluster.delete(await cluster.get(Pod, 'a'));
    await cluster.until('terminating', async () => (await endpoints()).includes('10.0.0.1:8080 not ready terminating'));
    await cluster.until(
      'gone from Endpoints',
      async () => (await cluster.list(Endpoints))[0]?.subsets?.[0]?.addresses === undefined,
    );
  });

  it('keeps an empty slice for a Service without pods, and follows its selector', async () => {
    await service();
    await cluster.until('one slice', async () => (await slices()).length === 1);
    assert.deepEqual((await slices())[0]?.endpoints ?? [], []);
    await pod('a', '10.0.0.1');
    await cluster.until('one endpoint', async () => (await endpoints()).length === 1);
    await cluster.change(Service, 'web', (object) => ({
      ...object,
      spec: { ...object.spec, selector: { app: 'other' } },
    }));
    await cluster.until('none', async () => (await endpoints()).length === 0);
  });

  it('leaves a Service without selector to others', async () => {
    await cluster.client.create<Service>({
      ...Service,
      metadata: { name: 'manual', namespace: NAMESPACE },
      spec: { ports: [{ port: 80 }] },
    });
    await cluster.quiet();
    assert.equal((await slices()).length, 0);
  });

  it('removes the Endpoints with the Service', async () => {
    const made = await service();
    await cluster.until('there', async () => (await cluster.list(Endpoints)).length === 1);
    await cluster.delete(made);
    await cluster.until('gone', async () => (await cluster.list(Endpoints)).length === 0);
  });

  it('mirrors Endpoints that somebody made for a Service without selector, and only those', async () => {
    const manual = { name: 'manual', namespace: NAMESPACE };
    await cluster.client.create<Service>({ ...Service, metadata: manual, spec: { ports: [{ port: 80 }] } });
    const subsets = [
      {
        addresses: [{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }],
        notReadyAddresses: [{ ip: '192.0.2.2' }],
        ports: [{ port: 8080 }],
      },
    ];
    await cluster.client.create<Endpoints>({ ...Endpoints, metadata: manual, subsets });
    await service();
    await pod('a', '10.0.0.1');
    const mirrored = async () =>
      (await slices()).filter(
        ({ metadata }) =>
          metadata.labels?.['endpointslice.kubernetes.io/managed-by'] === 'endpointslicemirroring-controller.k8s.io',
      );
    await cluster.until('two slices', async () => (await mirrored()).length === 2 && (await slices()).length === 3);
    const four = (await mirrored()).find(({ addressType }) => addressType === 'IPv4');
    assert.deepEqual(
      four?.endpoints.map(({ addresses, conditions }) => [addresses[0], conditions?.ready]),
      [
        ['192.0.2.1', true],
        ['192.0.2.2', false],
      ],
    );
    assert.equal(four?.metadata.labels?.['kubernetes.io/service-name'], 'manual');
    await cluster.change(Endpoints, 'manual', (object) => ({ ...object, subsets: [] }));
    await cluster.until('gone', async () => (await mirrored()).length === 0);
  });

  it('writes nothing when nothing changed', async () => {
    await service();
    await pod('a', '10.0.0.1');
    await cluster.until('one endpoint', async () => (await endpoints()).length === 1);
    await cluster.quiet();
    const versions = (await slices()).map((slice) => slice.metadata.resourceVersion);
    await cluster.setPods(() => true, { message: 'something else' });
    await cluster.quiet();
    assert.deepEqual(
      (await slices()).map((slice) => slice.metadata.resourceVersion),
      versions,
    );
  });
});
