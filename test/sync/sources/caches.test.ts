import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Clock } from '../../../src/objects/clock.js';
import { Charts } from '../../../src/sync/sources/charts.js';
import type { GitBackend } from '../../../src/sync/sources/git-backend.js';
import { isGrown } from '../../../src/sync/sources/remote-backend.js';
import { cacheName, isUnusedCache, Repositories } from '../../../src/sync/sources/repositories.js';
import { Repository } from '../../../src/sync/sources/repository.js';

const still: Clock = {
  now: () => 0,
  // For ever, but not longer than the signal allows.
  sleep: async (_ms, signal) =>
    await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted')))),
};
const { signal } = new AbortController();
const MIB = 1 << 20;

describe('isGrown', () => {
  it('counts the packs beyond one for each commit in use', () => {
    assert.equal(
      isGrown(
        Array.from({ length: 26 }, () => 1),
        1,
      ),
      false,
    );
    assert.equal(
      isGrown(
        Array.from({ length: 27 }, () => 1),
        1,
      ),
      true,
    );
    assert.equal(
      isGrown(
        Array.from({ length: 60 }, () => 1),
        40,
      ),
      false,
    );
  });

  it('tells a cache that has become large from a repository that is', () => {
    assert.equal(isGrown([], 1), false);
    assert.equal(isGrown([600 * MIB, 10 * MIB], 1), false);
    assert.equal(isGrown([200 * MIB, 200 * MIB, 200 * MIB], 1), true);
    assert.equal(isGrown([100 * MIB, 100 * MIB, 100 * MIB], 1), false);
  });
});

describe('isUnusedCache', () => {
  it('chooses caches that nobody uses, what an earlier removal has left, and nothing else', () => {
    const used = new Set([cacheName('https://host/a')]);
    assert.equal(isUnusedCache(cacheName('https://host/a'), used), false);
    assert.equal(isUnusedCache(cacheName('https://host/b'), used), true);
    assert.equal(isUnusedCache('.removed-1', used), true);
    assert.equal(isUnusedCache('notes', used), false);
  });
});

describe('the caches of repositories and charts', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-caches-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const cache = (name: string): string => {
    const packs = join(folder, name, 'generation', 'objects', 'pack');
    mkdirSync(packs, { recursive: true });
    writeFileSync(join(packs, 'pack-1.pack'), 'x'.repeat(1000));
    return name;
  };

  it('go when neither an application nor a follower needs them', async () => {
    const repositories = new Repositories({
      folder,
      clock: still,
      log: pino({ level: 'silent' }),
      secrets: () => [],
      onEvent: () => undefined,
    });
    const [used, followed] = [cache(cacheName('https://host/used')), cache(cacheName('https://host/followed'))];
    const unused = cache(cacheName('https://host/unused'));
    cache('.removed-before');
    cache('notes');
    repositories.use('https://host/followed.git');
    assert.deepEqual(await repositories.clean(new Set(['https://host/used']), signal), { removed: 2, bytes: 2000 });
    assert.deepEqual(new Set(readdirSync(folder)), new Set([used, followed, 'notes']));
    assert.ok(!existsSync(join(folder, unused)));
    await repositories.close();
  });

  it('go for charts that nobody has asked for lately', async () => {
    for (const name of ['old', '.new-unfinished', 'young']) cache(name);
    for (const name of ['old', '.new-unfinished']) utimesSync(join(folder, name), 1, 1);
    const charts = new Charts({ folder, secrets: () => [] });
    assert.deepEqual(await charts.clean(5000), { removed: 2, bytes: 2000 });
    assert.deepEqual(readdirSync(folder), ['young']);
  });
});

describe('Repository.renew', () => {
  const commits = ['a'.repeat(40), 'b'.repeat(40)] as const;
  const backend = (grown: boolean, renew: GitBackend['renew']): GitBackend => ({
    gitdir: '/nowhere',
    refs: async () => new Map(commits.map((commit, index) => [`refs/heads/${index}`, commit])),
    obtain: async () => undefined,
    isGrown: () => grown,
    ...(renew === undefined ? {} : { renew }),
  });

  it('fetches what is in use, and only where that frees something', async () => {
    const renewed: (readonly string[])[] = [];
    const renew: GitBackend['renew'] = async (inUse) => {
      renewed.push(inUse());
      return ['/old'];
    };
    const grown = new Repository('https://host/a', backend(true, renew), still, () => undefined);
    assert.deepEqual(await grown.renew(signal), []);
    for (const target of ['0', '1', 'refs/heads/1']) await grown.commit(target, signal);
    assert.deepEqual(await grown.renew(signal), ['/old']);
    assert.deepEqual(renewed, [commits]);
    const small = new Repository('https://host/b', backend(false, renew), still, () => undefined);
    await small.commit('0', signal);
    assert.deepEqual(await small.renew(signal), []);
  });
});
