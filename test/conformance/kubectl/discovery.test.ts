import assert from 'node:assert/strict';
import { columns, KubectlUnderTest, NAMES } from './kubectl-under-test.js';
import { definition, pod } from './manifests.js';

const EXAMPLES = { group: 'test.com', plural: 'examples', kind: 'Example' };
const EXAMPLE =
  '---\n{apiVersion: test.com/v1, kind: Example, metadata: {name: test-crd-example}, spec: {test: test}}\n';

describe('kubectl and what the server says of itself', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('discovery');
  });

  after(() => kubectl.stop());

  const define = async (manifest: string, name: string): Promise<void> => {
    await kubectl.ok('create -f -', { input: manifest });
    await kubectl.ok(`wait --for=condition=Established crd ${name}`);
  };

  describe('resources', () => {
    it('a kind that nobody serves', async () => {
      const said = await kubectl.fails('get unknownresourcetype');
      assert.equal(said, `error: the server doesn't have a resource type "unknownresourcetype"`);
    });

    it('every listed resource can be listed', async () => {
      const names = (await kubectl.ok('api-resources --verbs=list --namespaced -o name')).split('\n');
      assert.ok(names.includes('pods') && names.includes('deployments.apps'));
      const lists = names.filter((name) => !name.endsWith('metrics.k8s.io'));
      await kubectl.ok(`get ${lists.join(',')} -o name`);
    });

    it('short names, singular names and categories are told', async () => {
      const core = await kubectl.ok('get --raw=/api/v1');
      const verbs = '"verbs":["create","delete","deletecollection","get","list","patch","update","watch"]';
      const names = '"name":"configmaps","singularName":"configmap","namespaced":true,"kind":"ConfigMap"';
      assert.ok(core.includes(`{${names},${verbs},"shortNames":["cm"],"storageVersionHash":`));
      assert.match(core, /"name":"pods"[^}]*"categories":\["all"\]/);
      const all = columns(await kubectl.ok('api-resources --categories=all --no-headers --sort-by=name')).map(
        (line) => line.split(' ')[0],
      );
      const controllers = ['daemonsets', 'deployments', 'horizontalpodautoscalers', 'jobs', 'pods', 'replicasets'];
      assert.deepEqual(all, ['cronjobs', ...controllers, 'replicationcontrollers', 'services', 'statefulsets']);
    });

    it('api-resources sorts, and shows more', async () => {
      const byName = columns(await kubectl.ok('api-resources --sort-by=name --no-headers -o name'));
      assert.deepEqual(
        byName,
        [...byName].sort((left, right) => (left < right ? -1 : 1)),
      );
      const [header = '', ...lines] = columns(await kubectl.ok('api-resources --api-group=apps -o wide'));
      assert.equal(header, 'NAME SHORTNAMES APIVERSION NAMESPACED KIND VERBS CATEGORIES');
      const verbs = 'create,delete,deletecollection,get,list,patch,update,watch';
      assert.ok(lines.includes(`deployments deploy apps/v1 true Deployment ${verbs} all`));
    });

    it('`all` is those of the category, one after the other', async () => {
      const input = pod('one', { labels: { app: 'cassandra' } });
      await kubectl.ok('create -f -', { input });
      await kubectl.ok('create service clusterip two --tcp=80');
      await kubectl.ok('label service two app=cassandra --overwrite');
      await kubectl.is('all -l app=cassandra', NAMES, 'one:two:');
      await kubectl.ok('delete all -l app=cassandra');
      const { err } = await kubectl.run('get all --chunk-size=0 -v=6');
      const [core, apps] = ['/api/v1/namespaces/discovery', '/apis/apps/v1/namespaces/discovery'];
      for (const path of [
        ...['pods', 'replicationcontrollers', 'services'].map((plural) => `${core}/${plural}`),
        ...['daemonsets', 'deployments', 'replicasets', 'statefulsets'].map((plural) => `${apps}/${plural}`),
        '/apis/autoscaling/v2/namespaces/discovery/horizontalpodautoscalers',
        '/apis/batch/v1/namespaces/discovery/jobs',
      ]) {
        assert.match(err, new RegExp(`url="[^"]*${path}" status="200 OK"`), path);
      }
    });
  });

  describe('names that two kinds have', () => {
    it('pod stays a pod, whatever a definition calls short or singular', async () => {
      for (const names of [{ shortNames: ['pod'], singular: 'example' }, { singular: 'pod' }]) {
        await define(definition({ ...EXAMPLES, ...names }), 'examples.test.com');
        await kubectl.ok('create -f -', { input: EXAMPLE });
        for (const _ of ['at once', 'after discovery']) {
          assert.match(await kubectl.ok('get examples'), /test-crd-example/);
          assert.doesNotMatch((await kubectl.run('get pod')).out, /test-crd-example/);
          await kubectl.ok('api-resources');
        }
        await kubectl.ok('delete examples/test-crd-example crd/examples.test.com');
        await kubectl.becomes('crd', NAMES, '');
      }
    });

    it('of two own kinds the first group wins, with a warning', async () => {
      const names = { shortNames: ['exam'] };
      const first = definition({ group: 'a.test.com', plural: 'examplesa', kind: 'ExampleA', ...names });
      const second = definition({ group: 'b.test.com', plural: 'examplesb', kind: 'ExampleB', ...names });
      await define(first, 'examplesa.a.test.com');
      await define(second, 'examplesb.b.test.com');
      await kubectl.ok('create -f -', { input: '{apiVersion: a.test.com/v1, kind: ExampleA, metadata: {name: in-a}}' });
      await kubectl.ok('api-resources');
      const { out, err } = await kubectl.run('get exam');
      assert.match(out, /in-a/);
      assert.match(err, /short name "exam" could also match lower priority resource examplesb\.b\.test\.com/);
      await kubectl.ok('delete crd examplesa.a.test.com examplesb.b.test.com');
    });

    it('a definition that comes back with another scope', async () => {
      const things = { group: 'test.com', plural: 'things', kind: 'Thing' };
      const thing = '{apiVersion: test.com/v1, kind: Thing, metadata: {name: one}}';
      await define(definition({ ...things, scope: 'Cluster' }), 'things.test.com');
      await kubectl.ok('apply -f -', { input: thing });
      await kubectl.ok('delete crd things.test.com');
      await kubectl.ok('api-resources');
      await define(definition(things), 'things.test.com');
      await kubectl.ok('apply -f -', { input: thing });
      await kubectl.is('things.test.com -n discovery', NAMES, 'one:');
      await kubectl.ok('delete crd things.test.com');
    });
  });

  describe('explain', () => {
    it('kinds and fields', async () => {
      for (const what of ['pods', 'po', 'services', 'crds'])
        assert.match(await kubectl.ok(`explain ${what}`), /FIELDS:/);
      assert.match(await kubectl.ok('explain po.status.message'), /FIELD: message <string>/);
      assert.match(await kubectl.ok('explain cronjob'), /^GROUP: {6}batch\nKIND: {7}CronJob\nVERSION: {4}v1\n/);
      assert.match(await kubectl.ok('explain deployments --api-version=apps/v1'), /VERSION: {4}v1/);
      assert.match(await kubectl.fails('explain pods.spec.nothing'), /field "nothing" does not exist/);
      assert.match(await kubectl.ok('explain pods.spec.containers --recursive'), /^ {2}livenessProbe\t<Probe>$/m);
    });

    it('enumerations, defaults of own kinds and what else they have', async () => {
      const text = await kubectl.ok('explain pods.spec.restartPolicy');
      assert.match(text, /^ENUM:\n {4}Always\n {4}Never\n {4}OnFailure$/m);
      const properties = {
        spec: {
          type: 'object',
          description: 'What is wanted.',
          additionalProperties: { type: 'string' },
        },
        items: { type: 'array', items: { type: 'integer' }, description: 'Numbers.' },
      };
      await define(definition({ group: 'test.com', plural: 'mocks', kind: 'Mock' }, properties), 'mocks.test.com');
      await kubectl.ok('api-resources');
      const own = await kubectl.ok('explain mocks');
      assert.match(own, /spec\t<map\[string\]string>\n {4}What is wanted\./);
      assert.match(own, /items\t<\[\]integer>\n {4}Numbers\./);
      assert.match(own, /metadata\t<ObjectMeta>/);
      assert.match(await kubectl.ok('explain mocks --recursive'), /^ {4}ownerReferences\t<\[\]OwnerReference>$/m);
      assert.match(await kubectl.ok('explain mocks --output=plaintext-openapiv2'), /spec\t<map\[string\]string>/);
      await kubectl.ok('delete crd mocks.test.com');
    });
  });

  it('the older description of the API has its operations', async () => {
    const swagger = await kubectl.ok('get --raw=/openapi/v2');
    assert.match(swagger, /list of returned/);
    assert.match(swagger, /List of services/);
    assert.match(swagger, /Watch for changes to the described resources/);
  });

  it('the version, of the client alone and of both', async () => {
    const both = await kubectl.ok('version');
    assert.match(both, /^Client Version: v1\.35\.\d+\nKustomize Version: v5\.\S+\nServer Version: v1\.35\./);
    assert.doesNotMatch(await kubectl.ok('version --client'), /Server/);
    const json = JSON.parse(await kubectl.ok('version --output=json')) as Record<string, Record<string, string>>;
    assert.equal(json['serverVersion']?.['minor'], '35');
    assert.deepEqual(json['serverVersion'], JSON.parse(await kubectl.ok('get --raw /version')));
    assert.match(await kubectl.ok('version --output=yaml'), /^serverVersion:$/m);
    await kubectl.ok('get namespaces --match-server-version').catch(() => '');
  });
});
