import assert from 'node:assert/strict';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import type { Application } from '../../../src/sync/applications/application.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { isSettled, startOperatorRig } from '../../components/operator-rig.js';

const configMap = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: "${value}"\n`;

const aliasBomb = (): string => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level++) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`);
  }
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\n${lines.join('\n')}\n`;
};

interface BadCommit {
  readonly what: string;
  readonly files: Readonly<Record<string, string | null>>;
  readonly links?: Readonly<Record<string, string>>;
  /** What the condition must say. */
  readonly says: readonly RegExp[];
  readonly reason: string;
}

const BAD: BadCommit[] = [
  {
    what: 'YAML that does not parse',
    files: { 'app/bad.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x\ndata: [}\n' },
    says: [/app\/bad\.yaml:[0-9]+/],
    reason: 'RenderFailed',
  },
  {
    what: 'a manifest without kind',
    files: { 'app/bad.yaml': '# a comment\napiVersion: v1\nmetadata: {name: x}\n' },
    says: [/app\/bad\.yaml:[0-9]+/, /kind/],
    reason: 'RenderFailed',
  },
  {
    what: 'an unknown kind',
    files: { 'app/bad.yaml': 'apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: x}\n' },
    says: [/app\/bad\.yaml:1/, /Gadget/, /example\.com\/v1/],
    reason: 'UnknownKind',
  },
  {
    what: 'the same object twice',
    files: { 'app/bad.yaml': configMap('a', 'another') },
    says: [/app\/a\.yaml:1/, /app\/bad\.yaml:1/, /ConfigMap "default\/a"/],
    reason: 'DuplicateObject',
  },
  {
    what: 'an empty folder',
    files: { 'app/a.yaml': null, 'app/README.md': 'nothing' },
    says: [/app/],
    reason: 'NoManifests',
  },
  { what: 'a path that does not exist', files: { 'app/a.yaml': null }, says: [/app/], reason: 'RenderFailed' },
  {
    what: 'a symlink out of the repository',
    files: {},
    links: { 'app/bad.yaml': '../../../../../../etc/passwd' },
    says: [/app\/bad\.yaml/],
    reason: 'RenderFailed',
  },
  { what: 'an alias bomb', files: { 'app/bad.yaml': aliasBomb() }, says: [/app\/bad\.yaml/], reason: 'RenderFailed' },
  {
    what: 'a field that does not exist',
    files: { 'app/a.yaml': `${configMap('a', '2')}datum: {}\n` },
    says: [/app\/a\.yaml:1/, /datum/],
    reason: 'SyncFailed',
  },
  {
    what: 'a value of the wrong type',
    files: { 'app/bad.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {n: {deep: 1}}\n' },
    says: [/app\/bad\.yaml:1/, /data/],
    reason: 'SyncFailed',
  },
  {
    what: 'a namespace that is not there',
    files: { 'app/bad.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: absent}\n' },
    says: [/app\/bad\.yaml:1/, /absent/],
    reason: 'SyncFailed',
  },
];

const HELM = { 'app/Chart.yaml': 'apiVersion: v2\nname: bad\nversion: 1.0.0\n', 'app/a.yaml': null };
BAD.push(
  {
    what: 'a template that never ends',
    files: {
      ...HELM,
      'app/templates/bad.yaml':
        '{{ range $a := until 100000 }}{{ range $b := until 100000 }}{{ $c := printf "%d%d" $a $b }}{{ end }}{{ end }}',
    },
    says: [/bad\/templates\/bad\.yaml:1:\d+/, /rendering took too long/],
    reason: 'RenderFailed',
  },
  {
    what: 'a template that calls itself',
    files: { ...HELM, 'app/templates/bad.yaml': '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}' },
    says: [/templates\/bad\.yaml/],
    reason: 'RenderFailed',
  },
  {
    what: 'a file that is too large',
    files: { 'app/bad.yaml': 'x'.repeat(70 << 20) },
    says: [/app\/bad\.yaml/, /limit/],
    reason: 'RenderFailed',
  },
);

describe('the operator, given bad input', () => {
  let server: GitServer;
  let repository: TestRepository;
  let rig: OperatorRig;
  const push = async (...commit: Parameters<TestRepository['commit']>): Promise<string> => {
    const revision = await repository.commit(...commit);
    await rig.operator.poke(repository.url);
    return revision;
  };
  const source = (path = 'app', targetRevision = 'main') => ({ repoURL: repository.url, path, targetRevision });
  const value = async (name: string): Promise<string | undefined> =>
    (await rig.client.get(ConfigMap, { namespace: 'default', name }))?.data?.['value'];
  const says = (reason: string) => (app: Application) =>
    app.status?.conditions?.some((condition) => condition.reason === reason) === true;

  before(async () => {
    server = await startGitServer();
    rig = await startOperatorRig({ limits: { idleTimeoutMs: 4000 }, renderTimeoutMs: 8000 });
  });

  after(async () => {
    await rig.close();
    await server.close();
  });

  let count = 0;
  beforeEach(async () => {
    server.behave({});
    count += 1;
    repository = await server.createRepository(`shop-${count}`);
    await repository.commit({ 'app/a.yaml': configMap('a', '1'), 'other/b.yaml': configMap('b', '1') });
    await rig.application('bad', { source: source() });
    await rig.application('other', { source: source('other') });
    await rig.untilApplication('bad', isSettled);
    await rig.untilApplication('other', isSettled);
  });

  afterEach(async () => {
    for (const name of ['bad', 'other']) {
      await rig.client.delete(
        { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
        { namespace: 'argocd', name },
      );
    }
    for (const name of ['a', 'b']) await rig.client.delete(ConfigMap, { namespace: 'default', name });
  });

  for (const { what, files, links, says: texts, reason } of BAD) {
    it(`keeps what runs and says why: ${what}`, async () => {
      await push({ ...files, 'other/b.yaml': configMap('b', '2') }, links === undefined ? {} : { links });
      const app = await rig.untilApplication('bad', says(reason), reason);
      const message = app.status?.conditions?.find((condition) => condition.reason === reason)?.message ?? '';
      for (const text of texts) assert.match(message, text);
      // The other application of the same commit goes on, and what runs is as it was.
      await rig.until(ConfigMap, { namespace: 'default', name: 'b' }, (live) => live?.data?.['value'] === '2');
      assert.equal(await value('a'), '1');
      assert.equal(await rig.client.get(ConfigMap, { namespace: 'default', name: 'bomb' }), undefined);
      // And it recovers with the next commit.
      await push({
        'app/a.yaml': configMap('a', '3'),
        'app/bad.yaml': null,
        'app/Chart.yaml': null,
        'app/templates': null,
      });
      const well = await rig.untilApplication('bad', (now) => isSettled(now) && now.status?.conditions?.length === 0);
      assert.equal(await value('a'), '3');
      assert.equal(well.status?.sync?.status, 'Synced');
    });
  }

  it('says so when its disk is full or cannot be written', async () => {
    const folder = join(rig.dataDir, 'manifests');
    await rename(folder, `${folder}.away`);
    await writeFile(folder, 'not a folder');
    await push({ 'app/a.yaml': configMap('a', '2') });
    const app = await rig.untilApplication('bad', says('ComparisonFailed'));
    assert.match(app.status?.conditions?.[0]?.message ?? '', /tried again/);
    assert.equal(await value('a'), '1');
    await rm(folder);
    await rename(`${folder}.away`, folder);
    await rig.until(ConfigMap, { namespace: 'default', name: 'a' }, (live) => live?.data?.['value'] === '2');
    await rig.untilApplication('bad', (now) => isSettled(now) && now.status?.conditions?.length === 0);
  });

  it('goes on healing while the repository is gone', async () => {
    server.behave({ status: 404 });
    await rig.operator.poke(repository.url);
    const app = await rig.untilApplication('bad', says('SourceFailed'));
    assert.match(app.status?.conditions?.[0]?.message ?? '', /no such repository/);
    assert.equal(app.status?.health?.status, 'Healthy');
    await rig.client.patch(
      ConfigMap,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { data: { value: 'x' } } },
    );
    await rig.until(ConfigMap, { namespace: 'default', name: 'a' }, (live) => live?.data?.['value'] === '1');
    server.behave({});
    await rig.operator.poke(repository.url);
    await rig.untilApplication('bad', (now) => isSettled(now) && now.status?.conditions?.length === 0);
  });

  it('says that credentials are wanted, and goes on when they come', async () => {
    server.behave({ credentials: { username: 'robot', password: 'secret' } });
    await rig.operator.poke(repository.url);
    const app = await rig.untilApplication('bad', says('SourceFailed'));
    assert.match(app.status?.conditions?.[0]?.message ?? '', /credentials/);
    await rig.client.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'repo', namespace: 'argocd', labels: { 'argocd.argoproj.io/secret-type': 'repository' } },
      stringData: { url: repository.url, username: 'robot', password: 'secret' },
    });
    await rig.untilApplication('bad', (now) => isSettled(now) && now.status?.conditions?.length === 0);
  });

  it('waits for a slow repository without harm', async () => {
    server.behave({ silent: true });
    await rig.operator.poke(repository.url);
    const app = await rig.untilApplication('bad', says('SourceFailed'));
    assert.match(app.status?.conditions?.[0]?.message ?? '', /no answer within/);
    assert.equal(await value('a'), '1');
  });

  it('deploys what a history rewritten by force says now', async () => {
    await push({ 'app/a.yaml': configMap('a', '9') }, { amend: true });
    await rig.until(ConfigMap, { namespace: 'default', name: 'a' }, (live) => live?.data?.['value'] === '9');
  });

  it('refuses specs that make no sense, each with its field', async () => {
    const key = { namespace: 'argocd', name: 'bad' };
    const app = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' };
    for (const [spec, text] of [
      [{ source: { repoURL: 'ssh://git@host/x.git' } }, /repoURL/],
      [{ source: { path: '/etc' } }, /path/],
      [{ source: { targetRevision: 'absent' } }, /absent/],
      [{ project: 'nobody' }, /project/],
      [{ destination: { server: 'https://elsewhere' } }, /destination/],
      [{ syncPolicy: { rollback: { healthTimeout: '1y' } } }, /healthTimeout/],
      [{ syncPolicy: { rollback: { healthTimeout: '-1s' } } }, /healthTimeout/],
      [{ ignoreDifferences: [{ kind: '*', jqPathExpressions: ['def f: f; f'] }] }, /def f/],
    ] as const) {
      const before = await rig.client.get(app, key);
      await rig.client.patch(app, key, { type: 'merge', body: { spec } });
      const said = await rig.untilApplication(
        'bad',
        (now) => now.status?.conditions?.some(({ message }) => text.test(message)) === true,
        text.source,
      );
      assert.equal(said.status?.sync?.status, 'Unknown');
      assert.equal(await value('a'), '1');
      const now = await rig.client.get(app, key);
      await rig.client.update({ ...now, ...app, metadata: now?.metadata ?? { name: '' }, spec: before?.['spec'] });
      await rig.untilApplication('bad', isSettled);
    }
  });
});
