import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { KubectlUnderTest, NAMES } from './kubectl-under-test.js';
import { definition } from './manifests.js';

const FOOS = { group: 'company.com', plural: 'foos', kind: 'Foo' };
const BARS = { group: 'company.com', plural: 'bars', kind: 'Bar' };
const KINDS = {
  group: 'mygroup.example.com',
  version: 'v1alpha1',
  plural: 'resources',
  singular: 'resource',
  kind: 'Kind',
};
const VALID = { group: 'company.com', plural: 'validfoos', kind: 'ValidFoo' };

const own = (kind: string, name: string, fields: object, labels: object = {}): string =>
  `---\n${JSON.stringify({ apiVersion: 'company.com/v1', kind, metadata: { name, labels }, ...fields })}\n`;

const foo = (fields: object): string => own('Foo', 'test', fields, { pruneGroup: 'true' });

describe('kubectl and custom resources', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('custom');
    const valid = { spec: { type: 'array', items: { type: 'number' } } };
    const input = definition(FOOS) + definition(BARS) + definition(KINDS) + definition(VALID, valid);
    await kubectl.ok('create -f -', { input });
    await kubectl.ok('wait --for=condition=Established crd --all --timeout=10s');
  });

  after(() => kubectl.stop());

  const apply = (input: string, flags = ''): Promise<string> => kubectl.ok(`apply ${flags} -f -`, { input });

  it('definitions are there under all their names', async () => {
    const names = ['bars.company.com', 'foos.company.com', 'resources.mygroup.example.com', 'validfoos.company.com'];
    await kubectl.is('customresourcedefinitions', NAMES, `${names.join(':')}:`);
    assert.match(await kubectl.ok('get --raw /apis/company.com/v1'), /"name":"foos"/);
    for (const name of ['foos', 'bars', 'resources.mygroup.example.com']) await kubectl.is(name, NAMES, '');
  });

  it('names print as kind, group and name', async () => {
    const input = '{apiVersion: mygroup.example.com/v1alpha1, kind: Kind, metadata: {name: myobj}}';
    await kubectl.ok('create -f -', { input });
    for (const form of ['resource/myobj', 'resources/myobj', 'kind.mygroup.example.com/myobj']) {
      assert.equal(await kubectl.ok(`get ${form} -o name`), 'kind.mygroup.example.com/myobj');
    }
    await kubectl.ok('delete resources myobj --cascade=background');
    await kubectl.is('resources', NAMES, '');
  });

  describe('one object', () => {
    before(() => kubectl.ok('create -f -', { input: foo({ someField: 'field1', otherField: 'field2' }) }));
    after(() => kubectl.ok('delete foos test --cascade=background'));

    it('every name and every form', async () => {
      for (const name of ['foo', 'foos', 'foos.company.com', 'foos.v1.company.com'])
        await kubectl.is(name, NAMES, 'test:');
      const forms = ['', '-o name', '-o wide', '-o json', '-o yaml'];
      for (const form of forms) {
        for (const what of ['foos', 'foos/test']) assert.match(await kubectl.ok(`get ${what} ${form}`), /test/);
      }
      const strict = '--allow-missing-template-keys=false';
      assert.equal(await kubectl.ok(`get foos -o jsonpath={.items[*].someField} ${strict}`), 'field1');
      assert.equal(await kubectl.ok(`get foos/test -o jsonpath={.someField} ${strict}`), 'field1');
      assert.equal(await kubectl.ok(`get foos/test -o go-template={{.someField}} ${strict}`), 'field1');
      assert.equal(await kubectl.ok('get foos/test -o name'), 'foo.company.com/test');
    });

    it('patches: merge, not strategic', async () => {
      const patch = (value: string | null, flags = ''): Promise<string> =>
        kubectl.ok(
          ['patch', 'foos/test', '-p', JSON.stringify({ patched: value }), '--type=merge', ...flags.split(' ')].filter(
            Boolean,
          ),
        );
      await patch('value1');
      await kubectl.is('foos/test', '{{.patched}}', 'value1');
      await patch('value2', '--record');
      await kubectl.is('foos/test', '{{.patched}}', 'value2');
      await patch(null);
      await kubectl.is('foos/test', '{{.patched}}', '<no value>');
      const refused = await kubectl.run(['patch', 'foos/test', '-p', '{"patched":"x"}']);
      assert.match(
        refused.err,
        /is not supported by company.com\/v1, Kind=Foo: the body of the request was in an unknown format/,
      );
      const file = kubectl.file('foo.json', await kubectl.ok('get foos/test -o json'));
      const local = await kubectl.fails(['patch', '--local', '-f', file, '-p', '{"patched":"value3"}']);
      assert.match(local, /try --type merge/);
      const merged = ['-f', file, '-p', '{"patched":"value3"}', '--type=merge', '-o', 'json'];
      assert.match(await kubectl.ok(['patch', '--local', ...merged]), /"patched": "value3"/);
      await kubectl.ok(['patch', '--record', ...merged]);
      await kubectl.is('foos/test', '{{.patched}}', 'value3');
    });

    it('labels, annotations, descriptions, an editor', async () => {
      await kubectl.ok('label foos --all listlabel=true');
      await kubectl.ok('label foo/test itemlabel=true');
      await kubectl.ok('annotate foos --all listannotation=true');
      await kubectl.ok('annotate foo/test itemannotation=true');
      const described = await kubectl.ok('describe foos');
      assert.match(described, /^Labels: {7}itemlabel=true\n {14}listlabel=true$/m);
      assert.match(described, /^Annotations: {2}itemannotation: true$/m);
      assert.match(described, /^Kind: {9}Foo$/m);
      assert.match(described, /^Some Field: +field1$/m);
      const editor = kubectl.file('editor.sh', '#!/bin/sh\nsed -i s/field1/edited/ "$1"\n');
      chmodSync(editor, 0o755);
      await kubectl.ok('edit foos/test', { env: { EDITOR: editor } });
      await kubectl.is('foos/test', '{{.someField}}', 'edited');
    });
  });

  it('is watched', async () => {
    await kubectl.ok('create -f -', { input: own('Bar', 'test', {}) });
    // Nobody knows when the watch has begun: changes are made until one is seen.
    const seen = new AbortController();
    const patching = (async () => {
      for (let turn = 0; !seen.signal.aborted; turn += 1) {
        await kubectl.ok(['patch', 'bars/test', '-p', `{"patched":"${turn}"}`, '--type=merge']);
      }
    })();
    try {
      await kubectl.while('get bars --watch-only -o name', /^bar\.company\.com\/test$/m, () => Promise.resolve());
    } finally {
      seen.abort();
      await patching;
    }
    await kubectl.ok('delete bars test --cascade=orphan');
    await kubectl.is('bars', NAMES, '');
  });

  describe('apply', () => {
    it('changes, adds and removes fields within fields', async () => {
      const nested = (fields: object): string => foo({ someField: 'field1', nestedField: fields });
      const subfields = '{{.someField}} {{.nestedField}}';
      await apply(nested({ someSubfield: 'subfield1', otherSubfield: 'subfield2' }));
      const again = await apply(nested({ someSubfield: 'subfield1', otherSubfield: 'subfield2' }));
      assert.equal(again, 'foo.company.com/test unchanged');
      await kubectl.is('foos/test', subfields, 'field1 map[otherSubfield:subfield2 someSubfield:subfield1]');
      await apply(nested({ someSubfield: 'modified', otherSubfield: 'subfield2' }));
      await kubectl.is('foos/test', subfields, 'field1 map[otherSubfield:subfield2 someSubfield:modified]');
      await apply(nested({ someSubfield: 'modified' }));
      await kubectl.is('foos/test', subfields, 'field1 map[someSubfield:modified]');
      await apply(nested({ someSubfield: 'modified', newSubfield: 'subfield3' }));
      await kubectl.is('foos/test', subfields, 'field1 map[newSubfield:subfield3 someSubfield:modified]');
      await kubectl.ok('delete foo test');
    });

    it('lists of several kinds', async () => {
      const list = (fields: object): string =>
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'List',
          items: ['Foo', 'Bar'].map((kind) => ({
            apiVersion: 'company.com/v1',
            kind,
            metadata: { name: 'test-list' },
            ...fields,
          })),
        });
      for (const fields of [{ someField: 'a' }, { someField: 'a' }, { someField: 'b' }, { other: 'c' }]) {
        await apply(list(fields));
        for (const kind of ['foos', 'bars']) {
          await kubectl.is(
            `${kind}/test-list`,
            '{{.someField}}',
            'someField' in fields ? (fields.someField ?? '') : '<no value>',
          );
        }
      }
      await kubectl.ok('delete -f -', { input: list({}) });
      await kubectl.is('foos,bars', NAMES, '');
    });

    it('--prune knows own kinds that it is told of', async () => {
      const flags =
        '--prune -l pruneGroup=true --prune-allowlist=company.com/v1/Foo --prune-allowlist=company.com/v1/Bar';
      await apply(foo({}), flags);
      await kubectl.is('foos,bars', NAMES, 'test:');
      const said = await apply(own('Bar', 'test', {}, { pruneGroup: 'true' }), flags);
      assert.deepEqual(said.split('\n'), ['bar.company.com/test created', 'foo.company.com/test pruned']);
      await kubectl.is('foos', NAMES, '');
      await kubectl.ok('delete bars test');
    });

    it('--force deletes and makes anew', async () => {
      await apply(foo({ someField: 'field1' }));
      const uid = await kubectl.ok('get foo test -o jsonpath={.metadata.uid}');
      await kubectl.ok('replace --force -f -', { input: foo({ someField: 'field2' }) });
      assert.notEqual(await kubectl.ok('get foo test -o jsonpath={.metadata.uid}'), uid);
      await kubectl.ok('delete foo test');
    });
  });

  it('a namespace takes them along', async () => {
    await kubectl.ok('create namespace going');
    await kubectl.ok('create -n going -f -', { input: own('Bar', 'test', {}) });
    await kubectl.ok('delete namespace going');
    assert.equal(await kubectl.ok('get bars -A -o name'), '');
  });

  it('a kind with a schema refuses what does not fit', async () => {
    const said = await kubectl.fails('create -f -', { input: own('ValidFoo', 'bad', { spec: ['a'] }) });
    assert.match(
      said,
      /The ValidFoo "bad" is invalid: spec\[0\]: Invalid value: "string": spec\[0\] in body must be of/,
    );
    await kubectl.ok('create -f -', { input: own('ValidFoo', 'good', { spec: [1.5] }) });
    assert.match(
      await kubectl.fails('create -f -', { input: own('ValidFoo', 'more', { extra: 1 }) }),
      /unknown field "extra"/,
    );
    await kubectl.ok('delete validfoos --all');
  });

  it('scale and status, when the definition has them', async () => {
    const made = JSON.parse(
      definition(
        { group: 'company.com', plural: 'sets', kind: 'Set' },
        {
          spec: { type: 'object', properties: { replicas: { type: 'integer' } } },
          status: { type: 'object', properties: { replicas: { type: 'integer' } } },
        },
      ).slice(4),
    ) as { spec: { versions: object[] } };
    const subresources = {
      status: {},
      scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
    };
    made.spec.versions = made.spec.versions.map((version) => ({ ...version, subresources }));
    await kubectl.ok('create -f -', { input: JSON.stringify(made) });
    await kubectl.ok('wait --for=condition=Established crd sets.company.com');
    await kubectl.ok('create -f -', { input: own('Set', 'one', { spec: { replicas: 1 } }) });
    assert.equal(await kubectl.ok('scale sets/one --replicas=3'), 'set.company.com/one scaled');
    assert.match(await kubectl.ok('get sets/one --subresource=scale'), /^NAME +DESIRED +AVAILABLE +AGE\none +3 +0 /);
    await kubectl.ok(['patch', 'sets/one', '--subresource=status', '--type=merge', '-p', '{"status":{"replicas":2}}']);
    await kubectl.is('sets/one', '{{.spec.replicas}} {{.status.replicas}} {{.metadata.generation}}', '3 2 2');
    await kubectl.ok('delete crd sets.company.com');
  });
});
