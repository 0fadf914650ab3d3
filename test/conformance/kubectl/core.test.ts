import assert from 'node:assert/strict';
import { KubectlUnderTest, NAMES } from './kubectl-under-test.js';

const service = (role: string): string => `
apiVersion: v1
kind: Service
metadata: {name: redis-${role}, labels: {app: redis}}
spec:
  ports: [{port: 6379, targetPort: 6379}]
  selector: {app: redis, role: ${role}, tier: backend}
`;

const controller = (name: string, replicas: number): string => `
apiVersion: v1
kind: ReplicationController
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  template:
    metadata: {labels: {name: ${name}}}
    spec:
      containers:
      - {name: main, image: pause, env: [{name: GET_HOSTS_FROM, value: dns}], ports: [{containerPort: 80}]}
`;

const TWO_PORTS = `
apiVersion: v1
kind: Pod
metadata: {name: etcd-server}
spec:
  containers: [{name: etcd, image: etcd, ports: [{name: serverport, containerPort: 2380}, {name: clientport, containerPort: 2379}]}]
`;

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: pair}
spec:
  selector: {matchLabels: {name: pair}}
  template:
    metadata: {labels: {name: pair}}
    spec: {containers: [{name: nginx, image: nginx, ports: [{containerPort: 80}]}, {name: perl, image: perl}]}
`;

const TEMPLATE = JSON.stringify({
  apiVersion: 'v1',
  kind: 'PodTemplate',
  metadata: { name: 'nginx' },
  template: { metadata: { labels: { name: 'nginx' } }, spec: { containers: [{ name: 'nginx', image: 'nginx' }] } },
});

describe('kubectl and the core group', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('core');
  });

  after(() => kubectl.stop());

  /** `describe` reads in pages, and so do the lists that it needs besides. */
  const readsInPages = async (resource: string, besides: readonly string[] = []): Promise<void> => {
    for (const [flag, limit] of [
      ['--chunk-size=1', 1],
      ['--chunk-size=500', 500],
    ] as const) {
      const { err, code } = await kubectl.run(`describe ${resource} ${flag} -v=6`);
      assert.equal(code, 0, err);
      for (const list of [resource, ...besides]) assert.match(err, new RegExp(`/${list}\\?[^"]*limit=${limit}\\b`));
    }
  };

  describe('configmaps and secrets', () => {
    it('create makes them of literals, and in a dry run not', async () => {
      for (const kind of ['configmap', 'secret generic']) {
        await kubectl.ok(`create ${kind} made --dry-run=client --from-literal=key1=value1`);
        await kubectl.ok(`create ${kind} made --dry-run=server --from-literal=key1=value1`);
        assert.match(await kubectl.fails(`get ${kind.split(' ')[0]} made`), /"made" not found/);
        await kubectl.ok(`create ${kind} made --from-literal=key1=value1`);
      }
      assert.match(await kubectl.ok('get configmap made -o yaml'), /^ {2}key1: value1$/m);
      assert.match(await kubectl.ok('get secret made -o yaml'), /^ {2}key1: dmFsdWUx$/m);
      await readsInPages('configmaps', ['events']);
      await readsInPages('secrets');
    });

    it('bytes that are no text go to binaryData', async () => {
      const file = kubectl.file('bytes', '');
      const { writeFileSync } = await import('node:fs');
      writeFileSync(file, Buffer.from([0, 255, 254, 128]));
      await kubectl.ok(`create configmap bytes --from-file=${file}`);
      await kubectl.is('configmap bytes', '{{.binaryData.bytes}}{{.data}}', 'AP/+gA==<no value>');
    });

    it('secrets of every generator', async () => {
      await kubectl.ok(
        'create secret docker-registry registry --docker-username=u --docker-password=p --docker-email=u@x.com',
      );
      await kubectl.is('secret registry', '{{.type}}', 'kubernetes.io/dockerconfigjson');
      const config = kubectl.file('dockerconfig.json', '{"auths":{"http://foo.example.com":{"username":"foo"}}}');
      await kubectl.ok(`create secret docker-registry by-file --from-file=.dockerconfigjson=${config}`);
      await kubectl.is('secret by-file', '{{.type}}', 'kubernetes.io/dockerconfigjson');
      await kubectl.ok('create secret generic typed --type=test-type');
      await kubectl.is('secret typed', '{{.type}}', 'test-type');
      assert.match(
        await kubectl.ok('create secret generic shown --from-literal=a=b -o go-template={{.metadata.name}}:'),
        /^shown:$/,
      );
    });

    it('stringData is written over data, and never shown', async () => {
      const secret = { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'strings' } };
      const input = JSON.stringify({ ...secret, data: { k1: 'djE=', k2: '' }, stringData: { k2: 'v2' } });
      await kubectl.ok('create -f -', { input });
      await kubectl.is('secret strings', '{{.data}}{{.stringData}}', 'map[k1:djE= k2:djI=]<no value>');
    });

    it('raw requests write and delete', async () => {
      const path = '/api/v1/namespaces/core/configmaps';
      const made = (data: object): string =>
        JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'raw' }, data });
      await kubectl.ok(`create --raw ${path} -f -`, { input: made({}) });
      assert.match(await kubectl.ok(`replace --raw ${path}/raw -f -`, { input: made({ key: 'config1' }) }), /"uid"/);
      assert.match(await kubectl.ok(`get --raw ${path}/raw`), /config1/);
      assert.match(await kubectl.ok(`delete --raw ${path}/raw`), /"status":"Success"/);
      assert.match(await kubectl.fails('get configmap raw'), /configmaps "raw" not found/);
    });
  });

  describe('services', () => {
    before(async () => {
      kubectl.file('master.yaml', service('master'));
      await kubectl.ok('create -f -', { input: service('master') });
    });

    it('describe and events', async () => {
      const text = await kubectl.ok('describe services redis-master');
      for (const title of ['Name', 'Labels', 'Selector', 'IP', 'Port', 'Endpoints', 'Session Affinity', 'Events']) {
        assert.match(text, new RegExp(`^${title}:`, 'm'));
      }
      assert.doesNotMatch(await kubectl.ok('describe services --show-events=false'), /^Events:/m);
      await readsInPages('services', ['events']);
    });

    it('set selector changes and checks versions', async () => {
      const values = '{{range .spec.selector}}{{.}}:{{end}}';
      const file = kubectl.file('master.yaml', service('master'));
      await kubectl.ok(`set selector -f ${file} role=padawan --dry-run=client -o yaml`);
      await kubectl.ok(`set selector -f ${file} role=padawan`);
      await kubectl.is('service redis-master', values, 'padawan:');
      await kubectl.ok(`set selector -f ${file} app=redis,role=master,tier=backend`);
      await kubectl.is('service redis-master', values, 'redis:master:backend:');
      await kubectl.ok('set selector services redis-master role=padawan --dry-run=server -o yaml');
      assert.ok((await kubectl.managers('service redis-master')).includes('kubectl-set'));
      const version = await kubectl.ok('get service redis-master -o jsonpath={.metadata.resourceVersion}');
      await kubectl.ok(`set selector services redis-master test=true --resource-version=${version}`);
      assert.match(
        await kubectl.fails('set selector services redis-master test=no --resource-version=1'),
        /Error from server \(Conflict\): Operation cannot be fulfilled on services "redis-master"/,
      );
    });

    it('a dump can be created again, with its address', async () => {
      const dump = (await kubectl.ok('get service redis-master -o json')).replaceAll(/"resourceVersion": "\d+",/g, '');
      await kubectl.ok('delete service redis-master');
      await kubectl.ok('create -f -', { input: dump });
      await kubectl.ok('replace -f -', { input: await kubectl.ok('get service redis-master -o json') });
    });

    it('external names, and what run and expose make', async () => {
      await kubectl.ok('create service externalname beep-boop --dry-run=server --external-name bar.com');
      await kubectl.ok('create service externalname beep-boop --external-name bar.com');
      await kubectl.ok('run exposed --image=nginx --port=80 --expose --dry-run=server');
      assert.equal(
        await kubectl.ok('run exposed --image=nginx --port=80 --expose'),
        'service/exposed created\npod/exposed created',
      );
      assert.ok((await kubectl.managers('pod exposed')).includes('kubectl-run'));
      await kubectl.ok([
        ...'expose pod exposed --port=1000 --target-port=80 --type=NodePort --name=again'.split(' '),
        '--overrides={"metadata":{"annotations":{"zone-context":"work"}}}',
      ]);
      await kubectl.is('service again', '{{.metadata.annotations}}', 'map[zone-context:work]');
      assert.ok((await kubectl.managers('service again')).includes('kubectl-expose'));
      const columns = '-o=custom-columns=NAME:.metadata.name,RSRC:.metadata.resourceVersion';
      assert.match(await kubectl.ok(`get services ${columns}`), /^NAME +RSRC\nagain +\d+$/m);
      await kubectl.ok('delete services again exposed beep-boop redis-master');
      await kubectl.ok('delete pod exposed');
    });
  });

  describe('replication controllers', () => {
    const replicas = '{{.spec.replicas}}';
    before(async () => {
      await kubectl.ok('create -f -', { input: `${controller('frontend', 3)}---${controller('backend', 1)}` });
    });

    it('describe and pages', async () => {
      const text = await kubectl.ok('describe rc frontend');
      for (const title of ['Pod Template', 'Selector', 'Replicas', 'Pods Status', 'Volumes', 'GET_HOSTS_FROM']) {
        assert.match(text, new RegExp(`^ *${title}:`, 'm'));
      }
      await readsInPages('replicationcontrollers', ['events']);
    });

    it('scale with and without what is expected', async () => {
      await kubectl.ok('scale --current-replicas=3 --replicas=2 rc frontend');
      await kubectl.is('rc frontend', replicas, '2');
      assert.match(
        await kubectl.fails('scale --current-replicas=3 --replicas=2 rc frontend'),
        /Expected replicas to be 3, was 2/,
      );
      assert.match(await kubectl.ok('scale rc/frontend rc/backend --replicas=4'), /frontend scaled\n.*backend scaled/);
      await kubectl.is('rc', '{{range .items}}{{.spec.replicas}}:{{end}}', '4:4:');
      const file = kubectl.file('rc.yaml', controller('frontend', 3));
      await kubectl.ok(`scale --replicas=0 -f ${file}`);
      await kubectl.becomes('pods -l name=frontend', NAMES, '');
    });

    it('expose takes ports and names', async () => {
      const port = '{{with index .spec.ports 0}}{{.name}} {{.port}}{{end}}';
      await kubectl.ok('expose rc frontend --port=80');
      await kubectl.is('service frontend', port, '<no value> 80');
      await kubectl.ok('expose service frontend --name=same');
      await kubectl.is('service same', port, '<no value> 80');
      assert.match(await kubectl.fails('expose nodes 127.0.0.1'), /cannot expose/);
      const file = kubectl.file('etcd.yaml', TWO_PORTS);
      assert.match(await kubectl.ok(`expose -f ${file} --selector=test=etcd`), /service\/etcd-server exposed/);
      await kubectl.is(
        'service etcd-server',
        '{{range .spec.ports}}{{.name}} {{.port}}:{{end}}',
        'port-1 2380:port-2 2379:',
      );
      const long = 'a-name-of-a-service-that-has-many-more-than-sixty-three-characters-in-it';
      assert.match(await kubectl.fails(`expose rc frontend --name=${long} --port=1`), /metadata.name: Invalid value/);
      await kubectl.ok('delete service frontend same etcd-server');
    });

    it('autoscale makes an autoscaler', async () => {
      const numbers =
        '{{.spec.minReplicas}} {{.spec.maxReplicas}} {{(index .spec.metrics 0).resource.target.averageUtilization}}';
      await kubectl.ok('autoscale rc frontend --max=2 --cpu=70%');
      await kubectl.is('hpa frontend', numbers, '1 2 70');
      await kubectl.ok('delete hpa frontend');
      await kubectl.ok('autoscale rc frontend --min=2 --max=3');
      await kubectl.is('hpa frontend', numbers, '2 3 80');
      assert.match(await kubectl.fails('autoscale rc frontend'), /required flag\(s\) "max" not set/);
      await kubectl.ok('delete hpa,rc --all');
      await kubectl.becomes('pods', NAMES, '');
    });
  });

  it('set resources reaches one container or all', async () => {
    const file = kubectl.file('deployment.yaml', DEPLOYMENT);
    assert.match(await kubectl.ok(`set resources -f ${file} -c=perl --limits=cpu=300m --local -o yaml`), /cpu: 300m/);
    await kubectl.fails(`set resources -f ${file} -c=perl --limits=cpu=300m --dry-run=client -o yaml`);
    await kubectl.ok(`create -f ${file}`);
    const limits = '{{range .spec.template.spec.containers}}{{.resources.limits.cpu}}:{{end}}';
    await kubectl.ok('set resources deployment pair --limits=cpu=100m');
    await kubectl.is('deployment pair', limits, '100m:100m:');
    assert.match(
      await kubectl.fails('set resources deployment pair -c=redis --limits=cpu=1'),
      /unable to find container/,
    );
    await kubectl.ok('set resources deployment pair -c=nginx --limits=cpu=200m');
    await kubectl.ok(`set resources -f ${file} -c=perl --limits=cpu=300m --requests=cpu=300m --dry-run=server`);
    await kubectl.is('deployment pair', limits, '200m:100m:');
    await kubectl.ok(`delete -f ${file}`);
  });

  describe('namespaces', () => {
    it('are made, waited for and deleted with what is in them', async () => {
      await kubectl.ok('create namespace mine --dry-run=server');
      assert.match(await kubectl.fails('get ns/mine'), /namespaces "mine" not found/);
      await kubectl.ok('create namespace mine');
      await readsInPages('namespaces', ['resourcequotas', 'limitranges']);
      await kubectl.ok('delete namespace mine --wait=false');
      await kubectl.ok('wait --for=delete ns/mine --timeout=20s');
      assert.match(await kubectl.fails('get ns/mine'), /not found/);
    });

    it('delete --all leaves the permanent ones, with a warning about the scope', async () => {
      await kubectl.ok('create namespace other');
      const { out, err, code } = await kubectl.run('delete namespace -n other --all');
      assert.equal(code, 1);
      assert.match(err, /^Warning: deleting cluster-scoped resources, not scoped to the provided namespace$/m);
      assert.match(out, /^namespace "other" deleted$/m);
      assert.match(err, /namespaces "kube-system" is forbidden: this namespace may not be deleted/);
    });

    it('quotas, service accounts and pod templates', async () => {
      await kubectl.namespace('accounts');
      await kubectl.ok('create quota test-quota --dry-run=server');
      await kubectl.ok('create quota test-quota');
      await readsInPages('resourcequotas');
      await kubectl.ok('create serviceaccount mine --dry-run=server');
      await kubectl.ok('create serviceaccount mine');
      await readsInPages('serviceaccounts', ['events']);
      await kubectl.ok('create -f -', { input: TEMPLATE });
      assert.match(
        await kubectl.ok('get podtemplates'),
        /^NAME +CONTAINERS +IMAGES +POD LABELS\nnginx +nginx +nginx +name=nginx$/,
      );
      await readsInPages('podtemplates', ['events']);
      await kubectl.ok('delete podtemplate nginx');
      assert.match(
        await kubectl.fails('get pod one --all-namespaces'),
        /a resource cannot be retrieved by name across all namespaces/,
      );
    });
  });

  it('describes nodes that nobody looks after', async () => {
    const text = await kubectl.ok('describe nodes 127.0.0.1');
    for (const title of ['Name', 'Labels', 'CreationTimestamp', 'Addresses', 'Capacity', 'System Info', 'Events']) {
      assert.match(text, new RegExp(`^${title}:`, 'm'));
    }
    await readsInPages('nodes', ['pods', 'events']);
    await kubectl.ok(['patch', 'node', '127.0.0.1', '-p', '{"spec":{"unschedulable":true}}']);
    await kubectl.is('node 127.0.0.1', '{{.spec.unschedulable}}', 'true');
    await kubectl.ok(['patch', 'node', '127.0.0.1', '-p', '{"spec":{"unschedulable":null}}']);
    await kubectl.is('node 127.0.0.1', '{{.spec.unschedulable}}', '<no value>');
  });
});
