import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubectlUnderTest } from './kubectl-under-test.js';

const SERVER = 'echo started; mkdir -p www; echo page > www/index.html; exec busybox httpd -f -p $POD_IP:8080 -h www';

const OBJECTS = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: busybox
        command: [sh, -c, '${SERVER}']
        ports: [{name: http, containerPort: 8080}]
---
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: reader}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: first, image: busybox, stdin: true, command: [sh, -c, 'echo begun; while read line; do echo "read $line"; done']}
  - {name: second, image: busybox, command: [sh, -c, 'for i in 1 2 3; do echo line $i; done; exec sleep 3600']}
`;

describe('kubectl and what goes on in containers', function () {
  this.timeout(90_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.start();
    await kubectl.namespace('streams');
    await kubectl.ok('apply -f -', { input: OBJECTS });
    await kubectl.ok('wait --for=condition=Ready pod --all --timeout=60s');
  });

  after(() => kubectl.stop());

  const page = async (port: string, path: string): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return `${answer.status} ${(await answer.text()).trim()}`;
  };

  const FORWARDING = /Forwarding from 127\.0\.0\.1:(\d+) -> \d+/;

  for (const websockets of ['true', 'false']) {
    it(`attach gives lines and gets lines; websockets ${websockets}`, async () => {
      const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: websockets };
      const name = `ping-${websockets}`;
      const said = await kubectl.while(
        'attach reader -c first -i',
        new RegExp(`read (${name})`),
        ([, word = '']) => Promise.resolve(word),
        { env, input: `${name}\n` },
      );
      assert.equal(said, name);
      assert.match(await kubectl.ok('logs reader -c first'), new RegExp(`^begun\n[^]*read ${name}$`, 'm'));
    });

    it(`port-forward to a pod, a workload and a service; websockets ${websockets}`, async () => {
      const env = { KUBECTL_PORT_FORWARD_WEBSOCKETS: websockets };
      const pod = (await kubectl.ok('get pods -l app=web -o name')).trim();
      for (const target of [`${pod} :8080`, 'deployment/web :8080', 'service/web :80']) {
        await kubectl.while(
          `port-forward ${target}`,
          FORWARDING,
          async ([, port = '']) => {
            assert.equal(await page(port, '/'), '200 page');
            assert.equal(await page(port, '/index.html'), '200 page');
          },
          { env },
        );
      }
    });
  }

  it('attach knows what it cannot', async () => {
    assert.match(await kubectl.fails('attach reader -c none'), /container none not found in pod reader/);
    assert.match(await kubectl.fails('attach nobody'), /pods "nobody" not found/);
  });

  it('proxy serves the API, a folder, and containers behind it', async () => {
    const folder = join(kubectl.folder, 'served');
    mkdirSync(folder);
    writeFileSync(join(folder, 'file.txt'), 'static');
    await kubectl.while(
      `proxy --port=0 --www=${folder}`,
      /Starting to serve on 127\.0\.0\.1:(\d+)/,
      async ([, port = '']) => {
        const code = async (path: string): Promise<string> => (await page(port, path)).slice(0, 3);
        assert.deepEqual(
          await Promise.all(
            ['/api/kubernetes', '/api/v1/namespaces', '/apis', '/apis/apps/', '/healthz', '/metrics'].map(code),
          ),
          ['404', '200', '200', '200', '200', '200'],
        );
        assert.equal(await page(port, '/static/file.txt'), '200 static');
        const inside = '/api/v1/namespaces/streams';
        assert.equal(await page(port, `${inside}/services/web/proxy/`), '200 page');
        assert.equal(await page(port, `${inside}/services/http:web:80/proxy/index.html`), '200 page');
        const name = (await kubectl.ok('get pods -l app=web -o name')).replace('pod/', '');
        assert.equal(await page(port, `${inside}/pods/${name}:8080/proxy/`), '200 page');
      },
    );
    await kubectl.while('proxy --port=0 --api-prefix=/custom', /127\.0\.0\.1:(\d+)/, async ([, port = '']) => {
      assert.match(await page(port, '/custom/api/kubernetes'), /^404/);
      assert.match(await page(port, '/custom/api/v1/namespaces'), /^200/);
    });
    await kubectl.while(
      'proxy --port=0 --reject-paths=^/api/v1/namespaces.*',
      /127\.0\.0\.1:(\d+)/,
      async ([, port = '']) => {
        assert.match(await page(port, '/api/v1/namespaces'), /^403/);
      },
    );
  });

  describe('logs', () => {
    it('of one container, of all, of a workload', async () => {
      assert.equal(await kubectl.ok('logs reader -c second'), 'line 1\nline 2\nline 3');
      assert.equal(await kubectl.ok('logs reader -c second --tail=1'), 'line 3');
      assert.equal(await kubectl.ok('logs reader -c second --limit-bytes=6'), 'line 1');
      const all = await kubectl.ok('logs reader --all-containers --prefix');
      assert.match(all, /^\[pod\/reader\/second\] line 2$/m);
      assert.match(all, /^\[pod\/reader\/first\] begun$/m);
      const { out, err } = await kubectl.run('logs reader');
      assert.match(err, /Defaulted container "first" out of: first, second/);
      assert.match(out, /begun/);
      assert.equal(await kubectl.ok('logs deployment/web'), 'started');
      assert.match(await kubectl.ok('logs -l app=web --prefix'), /^\[pod\/web-\S+\/main\] started$/);
      assert.match(await kubectl.fails('logs reader -c none'), /container none is not valid for pod reader/);
      assert.equal(
        await kubectl.ok('logs reader -c second --since=1h --timestamps --tail=1').then((line) => line.slice(-6)),
        'line 3',
      );
    });

    it('followed', async () => {
      await kubectl.while('logs -f reader -c second', /line 3/, () => Promise.resolve());
    });
  });

  describe('exec and cp', () => {
    it('in a pod, a workload, with input and with an end', async () => {
      assert.equal(await kubectl.ok('exec deployment/web -- cat www/index.html'), 'page');
      assert.equal(await kubectl.ok('exec -i service/web -- cat', { input: 'through' }), 'through');
      assert.equal((await kubectl.run(['exec', 'reader', '-c', 'second', '--', 'sh', '-c', 'exit 7'])).code, 7);
      assert.match(await kubectl.fails('exec deployment/none -- true'), /deployments\.apps "none" not found/);
    });

    it('files and folders, there and back', async () => {
      const [from, back] = [join(kubectl.folder, 'sent'), join(kubectl.folder, 'back')];
      mkdirSync(join(from, 'inner'), { recursive: true });
      writeFileSync(join(from, 'inner', 'file'), 'content');
      const pod = (await kubectl.ok('get pods -l app=web -o name')).replace('pod/', '');
      await kubectl.ok(`cp ${from} streams/${pod}:sent`);
      assert.equal(await kubectl.ok(`exec ${pod} -- cat sent/inner/file`), 'content');
      await kubectl.ok(`cp ${pod}:sent ${back}`);
      assert.equal(readFileSync(join(back, 'inner', 'file'), 'utf8'), 'content');
    });
  });

  it('cluster-info, and everything of it', async () => {
    assert.match(await kubectl.ok('cluster-info'), /Kubernetes control plane.*is running at/);
    const dump = await kubectl.ok('cluster-info dump --namespaces=streams');
    assert.match(dump, /"kind": "DeploymentList"/);
    assert.match(dump, /==== START logs for container second of pod streams\/reader ====\nline 1\n/);
    await kubectl.ok(`cluster-info dump --namespaces=streams --output-directory=${join(kubectl.folder, 'dump')}`);
    assert.match(readFileSync(join(kubectl.folder, 'dump', 'streams', 'reader', 'logs.txt'), 'utf8'), /line 3/);
  });
});
