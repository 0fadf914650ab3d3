import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Client } from '../../../src/cluster/client/client.js';
import { ApiError } from '../../../src/objects/api-error.js';
import type { KubeObject } from '../../../src/objects/object.js';
import type { Manifest } from '../../../src/render/render.js';
import { compareObjects } from '../../../src/sync/compare/compare.js';
import type { CompareInput } from '../../../src/sync/compare/compare.js';
import { sameValue, valueAt, withField, withoutField } from '../../../src/sync/compare/field-paths.js';
import { keepIgnored, matchesGlob, withoutIgnored } from '../../../src/sync/compare/ignore-differences.js';
import { JqPathError, jqPaths, parseJqPath } from '../../../src/sync/compare/jq-paths.js';
import type { TargetOptions } from '../../../src/sync/compare/targets.js';
import { buildTargets } from '../../../src/sync/compare/targets.js';
import { trackedBy, withTracking } from '../../../src/sync/compare/tracking.js';

const deployment = (
  name: string,
  spec: Record<string, unknown> = {},
  more: Partial<KubeObject['metadata']> = {},
): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop', ...more },
  spec,
});

const OPTIONS: TargetOptions = {
  instance: 'web',
  namespace: 'shop',
  scopeOf: (apiVersion, kind) =>
    kind === 'Namespace' ? 'cluster' : ['v1', 'apps/v1'].includes(apiVersion) ? 'namespaced' : undefined,
  refuse: () => undefined,
  syncOptions: [],
};
const manifest = (object: object, file = 'a.yaml', line = 1): Manifest => ({
  object: object as KubeObject,
  file,
  line,
});

describe('trackedBy', () => {
  it('knows whose an object is, and takes a copied annotation for nobody', () => {
    const tracked = withTracking(deployment('web'), 'shop');
    assert.equal(trackedBy(tracked), 'shop');
    const copied = { ...deployment('web-abc'), kind: 'ReplicaSet', metadata: { ...tracked.metadata, name: 'web-abc' } };
    assert.equal(trackedBy(copied), undefined);
    assert.equal(trackedBy(deployment('web')), undefined);
  });
});

describe('buildTargets', () => {
  it('gives objects the namespace of the destination, and cluster-scoped ones none', () => {
    const { targets } = buildTargets(
      [
        manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }),
        manifest({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', namespace: 'nonsense' } }),
      ],
      OPTIONS,
    );
    assert.deepEqual(
      targets.map(({ key }) => key),
      ['/ConfigMap:shop/c', '/Namespace:/n'],
    );
  });

  it('tells two different manifests of one object from two that say the same', () => {
    const one = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };
    const same = buildTargets([manifest(one), manifest(one, 'b.yaml', 7)], OPTIONS);
    assert.equal(same.targets.length, 1);
    assert.match(same.repeated[0] ?? '', /a\.yaml:1 and b\.yaml:7/);
    const other = buildTargets([manifest(one), manifest({ ...one, data: { a: 'b' } }, 'b.yaml', 7)], OPTIONS);
    assert.equal(other.problems[0]?.reason, 'DuplicateObject');
  });

  it('knows a kind that is defined beside its objects, and refuses one that nobody knows', () => {
    const gadget = manifest({ apiVersion: 'e.com/v1', kind: 'Gadget', metadata: { name: 'g' } });
    const definition = manifest({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'gadgets.e.com' },
      spec: { group: 'e.com', scope: 'Cluster', names: { kind: 'Gadget' }, versions: [{ name: 'v1', served: true }] },
    });
    const scopeOf: TargetOptions['scopeOf'] = (_, kind) =>
      kind === 'CustomResourceDefinition' ? 'cluster' : undefined;
    const known = buildTargets([gadget, definition], { ...OPTIONS, scopeOf });
    assert.deepEqual(known.problems, []);
    assert.equal(known.targets[0]?.awaitsKind, true);
    assert.equal(known.targets[0]?.id.namespace, '');
    const unknown = buildTargets([gadget], OPTIONS);
    assert.match(unknown.problems[0]?.message ?? '', /^a\.yaml:1: .*Gadget/);
    const waits = buildTargets([gadget], { ...OPTIONS, syncOptions: ['SkipDryRunOnMissingResource=true'] });
    assert.deepEqual(waits.problems, []);
  });

  it('refuses objects without name or namespace, and what the project does not permit', () => {
    const nameless = manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {} });
    const generated = manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'x-' } });
    const { namespace: _namespace, ...without } = OPTIONS;
    const homeless = buildTargets([manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } })], {
      ...without,
      namespace: undefined,
    });
    assert.match(homeless.problems[0]?.message ?? '', /no namespace/);
    assert.match(buildTargets([nameless], OPTIONS).problems[0]?.message ?? '', /no metadata\.name/);
    assert.match(buildTargets([generated], OPTIONS).problems[0]?.message ?? '', /only a hook/);
    const refused = buildTargets([manifest(deployment('d'))], { ...OPTIONS, refuse: () => 'no' });
    assert.deepEqual(refused.problems, [{ reason: 'NotPermitted', message: 'a.yaml:1: no' }]);
  });
});

describe('compareObjects', () => {
  const [target] = buildTargets([manifest(deployment('web', { replicas: 1 }))], OPTIONS).targets;
  assert.ok(target);
  const live = { ...target.object, metadata: { ...target.object.metadata, uid: 'u', resourceVersion: '5' } };
  const scripted = (answer: () => KubeObject): { client: Client; asked: () => number } => {
    let asked = 0;
    const apply = async (): Promise<KubeObject> => {
      asked += 1;
      return answer();
    };
    return { client: { apply } as unknown as Client, asked: () => asked };
  };
  const input = (more: Partial<CompareInput> = {}): CompareInput => ({
    targets: [target],
    liveOf: () => live,
    managed: new Map(),
    ignoreDifferences: [],
    syncOptions: [],
    memory: new Map(),
    ...more,
  });

  it('asks once for what does not change, and again when it does', async () => {
    const { client, asked } = scripted(() => ({ ...live, metadata: { ...live.metadata, resourceVersion: '9' } }));
    const memory = new Map();
    for (let times = 0; times < 3; times++) {
      assert.equal((await compareObjects(client, input({ memory })))[0]?.status, 'Synced');
    }
    const statusOnly = { ...live, status: { replicas: 1 } };
    await compareObjects(client, input({ memory, liveOf: () => statusOnly }));
    assert.equal(asked(), 1);
    await compareObjects(client, input({ memory, liveOf: () => ({ ...live, spec: { replicas: 2 } }) }));
    assert.equal(asked(), 2);
  });

  it('asks nothing for what is not there', async () => {
    const { client, asked } = scripted(() => live);
    const [compared] = await compareObjects(client, input({ liveOf: () => undefined }));
    assert.equal(compared?.status, 'OutOfSync');
    assert.equal(asked(), 0);
  });

  it('finds what is no longer wanted', async () => {
    const { client } = scripted(() => live);
    const old = withTracking(deployment('old'), 'web');
    const kept = withTracking(
      deployment('kept', {}, { annotations: { 'argocd.argoproj.io/compare-options': 'IgnoreExtraneous' } }),
      'web',
    );
    const compared = await compareObjects(
      client,
      input({
        managed: new Map([
          ['o', old],
          ['k', kept],
        ]),
      }),
    );
    assert.deepEqual(
      compared.map(({ status, requiresPruning }) => [status, requiresPruning]),
      [
        ['Synced', false],
        ['OutOfSync', true],
        ['Synced', true],
      ],
    );
  });

  it('remembers a refusal, and passes on what is no answer', async () => {
    for (const refusal of [
      new ApiError('Invalid', 'spec.replicas: must be a number'),
      new ApiError(
        'Unknown',
        'failed to create typed patch object (a/b; /v1, Kind=Pod): .x: field not declared in schema',
      ),
    ]) {
      const refuses = scripted(() => {
        throw refusal;
      });
      const [compared] = await compareObjects(refuses.client, input());
      assert.equal(compared?.refusal, refusal.message);
    }
    for (const fault of [new ApiError('ServiceUnavailable', 'later'), new ApiError('Unknown', 'etcd went later')]) {
      const fails = scripted(() => {
        throw fault;
      });
      await assert.rejects(compareObjects(fails.client, input()), /later/);
    }
  });
});

describe('jqPaths', () => {
  const pod = {
    spec: {
      containers: [
        { name: 'a', image: 'x', env: [] },
        { name: 'b', image: 'y' },
      ],
      'a.b': 1,
      on: true,
    },
  };
  for (const [expression, expected] of [
    ['.spec.on', [['spec', 'on']]],
    ['.spec["a.b"]', [['spec', 'a.b']]],
    ['.spec."a.b"', [['spec', 'a.b']]],
    [
      '.spec.containers[].image',
      [
        ['spec', 'containers', 0, 'image'],
        ['spec', 'containers', 1, 'image'],
      ],
    ],
    ['.spec.containers[-1].name', [['spec', 'containers', 1, 'name']]],
    ['.spec.containers[] | select(.name == "b") | .image', [['spec', 'containers', 1, 'image']]],
    ['.spec.containers[] | select(.name != "b")', [['spec', 'containers', 0]]],
    ['.spec.containers[] | select(.name | startswith("a")).image', undefined],
    ['.spec.containers[] | select(.env) | .env', [['spec', 'containers', 0, 'env']]],
    ['.spec.absent?.deeper', []],
    ['.spec | .. | .x', undefined],
    ['def f: f; f', undefined],
    ['env', undefined],
  ] as const) {
    it(`reads ${expression}`, () => {
      if (expected === undefined) assert.throws(() => parseJqPath(expression), JqPathError);
      else assert.deepEqual(jqPaths(expression, pod), expected);
    });
  }
});

describe('withoutIgnored', () => {
  const rule = { kind: '*', group: '*' };

  it('takes fields out of both sides, from the end of lists to their beginning', () => {
    const left = deployment('web', { list: [1, 2, 3, 4], keep: 1 });
    const right = deployment('web', { list: [9, 8, 7, 4], keep: 1 });
    const jsonPointers = ['/spec/list/0', '/spec/list/1', '/spec/list/2'];
    const sides = withoutIgnored([{ ...rule, jsonPointers }], left, right);
    assert.deepEqual(sides.predicted, sides.live);
    assert.deepEqual(sides.live['spec'], { list: [4], keep: 1 });
  });

  it('takes out what a manager owns', () => {
    const managedFields = [
      {
        manager: 'scaler',
        fieldsV1: { 'f:spec': { 'f:replicas': {}, 'f:containers': { 'k:{"name":"b"}': { 'f:image': {} } } } },
      },
    ];
    const left = deployment('web', { replicas: 1, containers: [{ name: 'a' }, { name: 'b', image: 'x' }] });
    const right = deployment(
      'web',
      { replicas: 5, containers: [{ name: 'a' }, { name: 'b', image: 'y' }] },
      { managedFields },
    );
    const sides = withoutIgnored([{ ...rule, managedFieldsManagers: ['scaler'] }], left, right);
    assert.deepEqual(sides.predicted['spec'], sides.live['spec']);
  });

  it('keeps live values when they are to be respected', () => {
    const kept = keepIgnored(
      [{ ...rule, jsonPointers: ['/spec/replicas', '/spec/gone'] }],
      deployment('w', { replicas: 1, gone: 2 }),
      deployment('w', { replicas: 5 }),
    );
    assert.deepEqual(kept['spec'], { replicas: 5 });
  });
});

describe('matchesGlob', () => {
  it('takes a star for any text', () => {
    for (const [pattern, text, expected] of [
      ['*', '', true],
      ['apps', 'apps', true],
      ['*.example.com', 'a.example.com', true],
      ['a*c', 'ac', true],
      ['ab*bc', 'abc', false],
      ['a*b*c', 'a1b2c', true],
      ['apps', 'app', false],
    ] as const) {
      assert.equal(matchesGlob(pattern, text), expected, `${pattern} ${text}`);
    }
  });
});

describe('field paths', () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 });
  const { json } = fc.letrec<{ json: unknown; map: Record<string, unknown> }>((tie) => ({
    json: fc.oneof({ maxDepth: 3 }, fc.integer(), tie('map')),
    map: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('json')),
  }));

  it('read what they have set, and nothing after they have removed it', () => {
    fc.assert(
      fc.property(json, path, (object, where) => {
        const set = withField(object, where, 'x');
        assert.equal(valueAt(set, where), 'x');
        assert.equal(valueAt(withoutField(set, where), where), undefined);
        assert.ok(sameValue(withField(set, where, 'x'), set));
      }),
    );
  });
});
