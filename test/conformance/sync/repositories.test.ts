import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { systemClock } from '../../../src/objects/clock.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { GitObjects } from '../../../src/render/files/git-objects.js';
import { GitTree } from '../../../src/render/files/git-tree.js';
import { treeOf } from '../../../src/sync/sources/changed-paths.js';
import { SourceError } from '../../../src/sync/sources/errors.js';
import { createRemoteBackend, DEFAULT_REMOTE_LIMITS } from '../../../src/sync/sources/remote-backend.js';
import { Repositories } from '../../../src/sync/sources/repositories.js';
import type { RepositoryEvent } from '../../../src/sync/sources/repository.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';

const secret = (labels: Record<string, string>, values: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'repo', namespace: 'argocd', labels },
  data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
});

const failsWith = (code: SourceError['code'], text?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SourceError, String(error));
  assert.equal(error.code, code, error.message);
  if (text !== undefined) assert.match(error.message, text);
  return true;
};

describe('Repositories against git http-backend', () => {
  let server: GitServer;
  let repository: TestRepository;
  let folder: string;
  let secrets: KubeObject[];
  let events: RepositoryEvent[];
  let repositories: Repositories;
  const { signal } = new AbortController();

  beforeEach(async () => {
    server = await startGitServer();
    repository = await server.createRepository('shop');
    folder = await mkdtemp(join(tmpdir(), 'fairlead-repositories-'));
    secrets = [];
    events = [];
    repositories = new Repositories({
      folder,
      clock: systemClock,
      log: pino({ level: 'silent' }),
      secrets: () => secrets,
      onEvent: (_url, event) => events.push(event),
      limits: { idleTimeoutMs: 300, maxBytes: 4 << 20 },
    });
  });

  afterEach(async () => {
    await repositories.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('reads branch, tag, commit, HEAD, short commit and semver revisions', async () => {
    const first = await repository.commit({ 'a.yaml': 'one' }, { tag: 'v1.2.0' });
    const second = await repository.commit({ 'a.yaml': 'two' }, { tag: 'v1.10.0' });
    await repository.git('tag', '-a', '-m', 'annotated', 'v2.0.0', first);
    await repository.git('push', '--quiet', 'origin', '--tags');
    const third = await repository.commit({ 'a.yaml': 'three' }, { branch: 'next' });
    const used = repositories.use(repository.url);
    const revision = async (target?: string): Promise<string> => (await used.commit(target, signal)).revision;
    assert.equal(await revision('main'), second);
    assert.equal(await revision('next'), third);
    assert.equal(await revision(), second);
    assert.equal(await revision('HEAD'), second);
    assert.equal(await revision('v1.2.0'), first);
    assert.equal(await revision('v2.0.0'), first);
    assert.equal(await revision('1.*'), second);
    assert.equal(await revision('>=1.0.0'), first);
    assert.equal(await revision(first), first);
    assert.equal(await revision(third.slice(0, 8)), third);
    await assert.rejects(revision('absent'), failsWith('revision-not-found', /absent/));
  });

  it('fetches once for many users and nothing when the refs are unchanged', async () => {
    await repository.commit({ 'a.yaml': 'one', 'b/c.yaml': 'two' });
    const used = repositories.use(repository.url);
    await Promise.all(Array.from({ length: 20 }, () => used.commit('main', signal)));
    const packs = (): number =>
      server.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('upload-pack')).length;
    const before = packs();
    await repositories.poke(repository.url);
    await repositories.poke(`${repository.url.slice(0, -4)}/`);
    // One request lists the refs; none fetches.
    assert.equal(packs() - before, 2);
    assert.equal(repositories.use(repository.url.slice(0, -4)), used);
    assert.deepEqual(events, []);
  });

  it('tells what a push changed, and reads its files', async () => {
    const first = await repository.commit({ 'apps/one/a.yaml': 'one', 'apps/two/b.yaml': 'two' });
    const used = repositories.use(repository.url);
    await used.commit('main', signal);
    const second = await repository.commit({ 'apps/one/a.yaml': 'changed', 'apps/three/c.yaml': 'new' });
    await repositories.poke(repository.url);
    const [event] = events;
    assert.ok(event?.type === 'moved');
    assert.equal(event.from, first);
    assert.equal(event.to, second);
    for (const path of ['', 'apps', 'apps/one', 'apps/one/a.yaml', 'apps/three/c.yaml'])
      assert.ok(event.changed.has(path), path);
    assert.ok(!event.changed.has('apps/two'));
    const tree = new GitTree(used.objects(), treeOf(used.objects(), second));
    assert.equal(Buffer.from(await tree.read('apps/one/a.yaml')).toString(), 'changed');
    assert.equal(Buffer.from(await tree.read('apps/two/b.yaml')).toString(), 'two');
    assert.deepEqual(used.metadata(second)?.message, 'Change');
    assert.match(used.metadata(second)?.author ?? '', /Ada Author/);
  });

  it('follows a history that was rewritten by force', async () => {
    await repository.commit({ 'a.yaml': 'one' });
    const used = repositories.use(repository.url);
    await used.commit('main', signal);
    const rewritten = await repository.commit({ 'a.yaml': 'other' }, { amend: true, message: 'Rewritten' });
    await repositories.poke(repository.url);
    assert.equal((await used.commit('main', signal)).revision, rewritten);
  });

  it('keeps the newest known commit when a branch is removed, and says so for that branch alone', async () => {
    await repository.commit({ 'a.yaml': 'one' });
    const feature = await repository.commit({ 'a.yaml': 'two' }, { branch: 'feature' });
    const used = repositories.use(repository.url);
    await used.commit('main', signal);
    await used.commit('feature', signal);
    await repository.git('push', '--quiet', 'origin', ':feature');
    await repositories.poke(repository.url);
    assert.equal((await used.commit('feature', signal)).revision, feature);
    assert.equal(used.failureOf('feature')?.error.code, 'revision-not-found');
    assert.equal(used.failureOf('main'), undefined);
  });

  it('keeps what it has while the repository is gone, slow or unauthorised, and recovers', async () => {
    const commit = await repository.commit({ 'a.yaml': 'one' });
    const used = repositories.use(repository.url);
    await used.commit('main', signal);
    const look = async (): Promise<SourceError['code'] | undefined> => {
      await repositories.poke(repository.url);
      return used.failureOf('main')?.error.code;
    };
    server.behave({ status: 404 });
    assert.equal(await look(), 'not-found');
    server.behave({ status: 503 });
    assert.equal(await look(), 'unreachable');
    server.behave({ status: 403 });
    assert.equal(await look(), 'unauthorised');
    server.behave({ silent: true });
    assert.equal(await look(), 'timeout');
    server.behave({ endless: true });
    assert.equal(await look(), 'too-large');
    server.behave({ credentials: { username: 'u', password: 'p' } });
    assert.equal(await look(), 'unauthorised');
    assert.equal((await used.commit('main', signal)).revision, commit);
    server.behave({});
    assert.equal(await look(), undefined);
  });

  it('takes credentials from the repository Secret or the longest prefix', async () => {
    const commit = await repository.commit({ 'a.yaml': 'one' });
    server.behave({ credentials: { username: 'robot', password: 'secret' } });
    const type = 'argocd.argoproj.io/secret-type';
    secrets = [secret({ [type]: 'repo-creds' }, { url: server.url, username: 'robot', password: 'secret' })];
    assert.equal((await repositories.use(repository.url).commit('main', signal)).revision, commit);
    secrets = [];
    await repositories.poke(repository.url);
    assert.equal(repositories.use(repository.url).failureOf('main')?.error.code, 'unauthorised');
    secrets = [secret({ [type]: 'repository' }, { url: repository.url, username: 'robot', password: 'secret' })];
    await repositories.poke(repository.url);
    assert.equal(repositories.use(repository.url).failureOf('main'), undefined);
  });

  it('never sends credentials to another host that a redirect names', async () => {
    await repository.commit({ 'a.yaml': 'one' });
    const other = await startGitServer();
    try {
      const type = 'argocd.argoproj.io/secret-type';
      secrets = [secret({ [type]: 'repository' }, { url: repository.url, username: 'robot', password: 'secret' })];
      other.behave({ credentials: { username: 'robot', password: 'secret' } });
      server.behave({ redirectTo: other.url });
      await assert.rejects(repositories.use(repository.url).commit('main', signal), failsWith('unauthorised'));
      assert.ok(other.requests.length > 0);
      assert.deepEqual(
        other.requests.filter(({ authorization }) => authorization !== undefined),
        [],
      );
    } finally {
      await other.close();
    }
  });

  it('starts its cache again after many fetches and still has every revision in use', async () => {
    await repository.commit({ 'a.yaml': '0' });
    const tagged = await repository.commit({ 'a.yaml': '1' }, { tag: 'v1.0.0' });
    const used = repositories.use(repository.url);
    await used.commit('main', signal);
    await used.commit('v1.0.0', signal);
    let newest = '';
    for (let count = 0; count < 60; count++) {
      newest = await repository.commit({ 'a.yaml': `change ${count}` });
      await repositories.poke(repository.url);
    }
    for (const [target, revision] of [
      ['main', newest],
      ['v1.0.0', tagged],
    ] as const) {
      assert.equal((await used.commit(target, signal)).revision, revision);
      assert.match(treeOf(used.objects(), revision), /^[0-9a-f]{40}$/);
    }
  }).timeout(60_000);

  it('reads a repository whose HEAD names no branch', async () => {
    const revision = await repository.commit({ 'a.yaml': 'a' }, { branch: 'feature' });
    const used = repositories.use(repository.url);
    assert.equal((await used.commit('feature', signal)).revision, revision);
    assert.match(treeOf(used.objects(), revision), /^[0-9a-f]{40}$/);
    await assert.rejects(used.commit(undefined, signal), failsWith('revision-not-found', /revision "HEAD"/));
  });

  it('starts a cache again with all that is in use, also what the server no longer has', async () => {
    await repository.commit({ 'README.md': 'shop' });
    const gone = await repository.commit({ 'a/b.yaml': 'gone', 'c.yaml': 'same' }, { branch: 'feature' });
    const backend = createRemoteBackend({
      url: repository.url,
      folder: join(folder, 'backend'),
      access: () => ({}),
      limits: DEFAULT_REMOTE_LIMITS,
      maxPacks: 1,
    });
    await backend.obtain(gone, signal);
    const first = backend.gitdir;
    await repository.commit({ 'c.yaml': 'same' }, { branch: 'main' });
    await repository.git('push', '--quiet', 'origin', '--delete', 'feature');
    await repository.git('-C', repository.path, 'gc', '--quiet', '--prune=now');
    let newest = gone;
    for (let count = 0; count < 5; count++) {
      newest = await repository.commit({ 'a/b.yaml': `change ${count}` }, { branch: 'main' });
      await backend.obtain(newest, signal, () => [gone]);
    }
    assert.notEqual(backend.gitdir, first);
    assert.deepEqual(readdirSync(join(folder, 'backend')), [backend.gitdir.split('/').at(-1)]);
    const objects = new GitObjects(backend.gitdir);
    try {
      const text = async (commit: string) =>
        String(await new GitTree(objects, treeOf(objects, commit)).read('a/b.yaml'));
      assert.equal(await text(gone), 'gone');
      assert.equal(await text(newest), 'change 4');
    } finally {
      objects.close();
    }
    await backend.obtain(await repository.commit({ 'd.yaml': 'more' }, { branch: 'main' }), signal, () => [gone]);
  });

  it('renews a cache that has grown with all revisions in use, and keeps it while the server is away', async () => {
    await repositories.close();
    const waits: number[] = [];
    repositories = new Repositories({
      folder,
      // Polls never come; the wait for readers is over at once.
      clock: {
        now: () => 0,
        sleep: async (ms, stop) => {
          if (ms !== 60_000) await systemClock.sleep(600_000, stop);
          else waits.push(ms);
        },
      },
      log: pino({ level: 'silent' }),
      secrets: () => [],
      onEvent: () => undefined,
      random: () => 0,
    });
    const tagged = await repository.commit({ 'a.yaml': 'tagged' }, { tag: 'v1.0.0' });
    const used = repositories.use(repository.url);
    await used.commit('v1.0.0', signal);
    await used.commit('main', signal);
    let newest = tagged;
    for (let count = 0; count < 30; count++) {
      newest = await repository.commit({ 'a.yaml': `change ${count}` });
      await repositories.poke(repository.url);
    }
    const packs = () =>
      readdirSync(join(used.backend.gitdir, 'objects', 'pack')).filter((name) => name.endsWith('.pack'));
    const [before, grown] = [used.backend.gitdir, packs().length];
    assert.ok(grown > 28, String(grown));
    server.behave({ status: 503 });
    assert.deepEqual(await repositories.clean(new Set(), signal), { removed: 0, bytes: 0 });
    assert.equal(used.backend.gitdir, before);
    assert.match(treeOf(used.objects(), newest), /^[0-9a-f]{40}$/);
    server.behave({});
    const freed = await repositories.clean(new Set(), signal);
    assert.equal(freed.removed, 1);
    assert.ok(freed.bytes > 1000);
    assert.deepEqual(waits, [60_000]);
    assert.equal(existsSync(before), false);
    assert.equal(packs().length, 2);
    server.behave({ status: 503 });
    for (const [target, revision] of [
      ['main', newest],
      ['v1.0.0', tagged],
    ] as const) {
      assert.equal((await used.commit(target, signal)).revision, revision);
      assert.match(treeOf(used.objects(), revision), /^[0-9a-f]{40}$/);
    }
  }).timeout(60_000);

  it('reads a local repository in place and sees its commits without being told', async () => {
    const first = await repository.commit({ 'a.yaml': 'one' });
    const used = repositories.use(repository.path);
    assert.equal((await used.commit('main', signal)).revision, first);
    const moved = new Promise<void>((resolve) => {
      events.push = (event) => {
        if (event.type === 'moved') resolve();
        return 0;
      };
    });
    const second = await repository.commit({ 'a.yaml': 'two' });
    await moved;
    assert.equal((await used.commit('main', signal)).revision, second);
  });

  it('refuses what is no repository and other protocols', async () => {
    await assert.rejects(repositories.use(folder).commit('main', signal), failsWith('not-found'));
    assert.throws(() => repositories.use('ssh://git@host/x.git'), failsWith('invalid'));
    assert.throws(() => repositories.use('--upload-pack=touch /tmp/x'), failsWith('invalid'));
    assert.throws(() => repositories.use('http://user:pw@host/x.git'), failsWith('invalid', /Secret/));
  });
});
