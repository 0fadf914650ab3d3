import assert from 'node:assert/strict';
import { KubectlUnderTest, type Ran } from './kubectl-under-test.js';
import { configMap, deployment, pod } from './manifests.js';

describe('kubectl diff', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;
  let file: string;
  let changed: string;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('diff');
    file = kubectl.file('pod.yaml', pod('test-pod', { image: 'pause:3.10' }));
    changed = kubectl.file('pod-changed.yaml', pod('test-pod', { image: 'pause:3.4' }));
  });

  after(() => kubectl.stop());

  const diff = (flags: string, options = {}): Promise<Ran> => kubectl.run(`diff ${flags}`, options);

  for (const mode of ['', ' --server-side']) {
    it(`of what is not there, is the same, is another, is wrong${mode}`, async () => {
      const missing = await diff(`-f ${file}${mode}`);
      assert.equal(missing.code, 1);
      assert.match(missing.out, /^\+ {2}name: test-pod$/m);
      assert.match(await kubectl.fails('get pod test-pod'), /"test-pod" not found/);
      await kubectl.ok(`apply -f ${file}${mode}`);
      assert.deepEqual(await diff(`-f ${file}${mode}`), { code: 0, out: '', err: '' });
      const other = await diff(`-f ${changed}${mode}`);
      assert.equal(other.code, 1);
      assert.match(other.out, /^- {2}- image: pause:3\.10\n\+ {2}- image: pause:3\.4$/m);
      await kubectl.is('pod test-pod', '{{(index .spec.containers 0).image}}', 'pause:3.10');
      const invalid = await diff(`-f -${mode}`, { input: pod('POD-B') });
      assert.ok((invalid.code ?? 0) > 1);
      assert.match(invalid.err, /The Pod "POD-B" is invalid: metadata\.name: Invalid value: "POD-B"/);
      await kubectl.ok(`delete -f ${file}`);
    });
  }

  it('--prune shows what would go', async () => {
    const labelled = (name: string, value: string): string => pod(name, { labels: { group: value } });
    await kubectl.ok('apply -f -', { input: labelled('a', 'yes') + labelled('b', 'yes') + labelled('c', 'no') });
    const input = labelled('a', 'yes') + labelled('c', 'no');
    assert.deepEqual(await diff('-l group=yes -f -', { input }), { code: 0, out: '', err: '' });
    const { code, out } = await diff('--prune -l group=yes -f -', { input });
    assert.equal(code, 1);
    assert.match(out, /^- {2}name: b$/m);
    assert.doesNotMatch(out, /name: [ac]$/m);
    await kubectl.ok('delete pods --all');
  });

  it('names files so that kinds of the same name do not meet', async () => {
    const secret = '---\n{apiVersion: v1, kind: Secret, metadata: {name: test}, data: {a: Yg==}}\n';
    const input = pod('test') + deployment('test') + configMap('test', {}) + secret;
    const { out } = await diff('-f -', { input, env: { KUBECTL_EXTERNAL_DIFF: 'find' } });
    for (const kind of ['v1.Pod', 'apps.v1.Deployment', 'v1.ConfigMap', 'v1.Secret']) {
      assert.ok(out.includes(`/${kind}.diff.test\n`) || out.endsWith(`/${kind}.diff.test`), kind);
    }
  });

  it('secrets keep their values to themselves', async () => {
    const secret = (value: string): string =>
      `{apiVersion: v1, kind: Secret, metadata: {name: kept}, stringData: {key: ${value}}}`;
    await kubectl.ok('apply -f -', { input: secret('before') });
    const { out } = await diff('-f -', { input: secret('later') });
    assert.match(out, /key: '\*\*\* \(before\)'/);
    assert.doesNotMatch(out, /bGF0ZXI=|YmVmb3Jl/);
  });
});
