import assert from 'node:assert/strict';
import { parseRepoSpec } from '../../../src/render/kustomize/load/repo-spec.js';

describe('parseRepoSpec', () => {
  const cases: readonly (readonly [url: string, repoURL: string, path: string, ref?: string])[] = [
    ['https://github.com/org/repo?ref=v1', 'https://github.com/org/repo', '', 'v1'],
    ['https://github.com/org/repo/a/b?ref=v1', 'https://github.com/org/repo', 'a/b', 'v1'],
    ['https://github.com/org/repo//a/b?version=v2', 'https://github.com/org/repo', 'a/b', 'v2'],
    ['https://github.com/org/repo.git/a?ref=v1&version=v2', 'https://github.com/org/repo.git', 'a', 'v1'],
    ['github.com/org/repo/a', 'https://github.com/org/repo', 'a'],
    ['HTTP://github.com/org/repo', 'https://github.com/org/repo', ''],
    ['github.com:org/repo', 'https://github.com/org/repo', ''],
    ['git@github.com:org/repo//a', 'git@github.com:org/repo', 'a'],
    ['ssh://git@github.com/org/repo', 'git@github.com:org/repo', ''],
    ['git::https://git.example/a/b.git//c', 'https://git.example/a/b.git', 'c'],
    ['https://git.example/a/b/c.git//d/e', 'https://git.example/a/b/c.git', 'd/e'],
    ['git@git.example:7999/a/b.git/c', 'git@git.example:7999/a/b.git', 'c'],
    ['user@git.example/a/b', 'user@git.example/a/b', ''],
    ['https://me@dev.azure.example/org/p/_git/repo/a', 'https://me@dev.azure.example/org/p/_git/repo', 'a'],
    ['file:///srv/git/repo.git//a?ref=main', 'file:///srv/git/repo.git', 'a', 'main'],
    ['file:///srv/git/repo', 'file:///srv/git/repo', ''],
  ];
  for (const [url, repoURL, path, ref] of cases) {
    it(`reads ${url}`, () => {
      const spec = parseRepoSpec(url);
      assert.deepEqual([spec?.repoURL, spec?.path, spec?.ref], [repoURL, path, ref]);
    });
  }

  it('takes everything else for a path', () => {
    const paths = ['base', '../base', '/abs', 'a/b/c.yaml', 'git.example/a/b', 'https://git.example', 'gh:a/b', 'git@'];
    for (const path of [...paths, 'https://git.example/a', 'https://git.example/a/b//../c']) {
      assert.equal(parseRepoSpec(path), undefined, path);
    }
  });

  it('reads how long to wait and whether submodules count', () => {
    const of = (query: string) => {
      const spec = parseRepoSpec(`https://git.example/a/b?${query}`);
      return [spec?.timeoutMs, spec?.submodules];
    };
    assert.deepEqual(of(''), [27_000, true]);
    assert.deepEqual(of('timeout=61&submodules=0'), [61_000, false]);
    assert.deepEqual(of('timeout=2m&submodules=nonsense'), [120_000, true]);
    assert.deepEqual(of('timeout=-5&submodules=false'), [27_000, false]);
  });
});
