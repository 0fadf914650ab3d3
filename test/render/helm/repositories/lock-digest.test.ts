import assert from 'node:assert/strict';
import type { Dependency } from '../../../../src/render/helm/chart/metadata.js';
import { isLockOf, lockDigest, lockText } from '../../../../src/render/helm/repositories/lock-digest.js';

const dependency = (version: string, repository: string): Dependency => ({
  name: 'lib',
  version,
  repository,
  condition: '',
  tags: [],
  enabled: false,
  importValues: [],
  alias: '',
});

const ADDRESS = 'https://charts.example.com';

describe('isLockOf', () => {
  const dependencies = [dependency('1.2.0', ADDRESS)];
  const lock = { digest: lockDigest([dependency('^1', ADDRESS)], dependencies), dependencies };

  it('holds for what the lock was made for', () => {
    assert.ok(isLockOf(lock, [dependency('^1', ADDRESS)], 'v2'));
    assert.ok(!isLockOf(lock, [dependency('^2', ADDRESS)], 'v2'));
    assert.ok(!isLockOf(lock, [dependency('^1', 'https://elsewhere.example.com')], 'v2'));
  });

  it('holds for the name of a repository, which Helm replaces by its address', () => {
    assert.ok(isLockOf(lock, [dependency('^1', '@known')], 'v2'));
    assert.ok(isLockOf(lock, [dependency('^1', 'alias:known')], 'v2'));
    assert.ok(!isLockOf(lock, [dependency('^2', '@known')], 'v2'));
  });
});

describe('lockText', () => {
  it('is what Helm writes', () => {
    const lock = { digest: 'sha256:00', dependencies: [dependency('1.2.0', ADDRESS)] };
    assert.equal(
      lockText(lock, new Date(0)),
      `dependencies:\n- name: lib\n  repository: ${ADDRESS}\n  version: 1.2.0\ndigest: sha256:00\ngenerated: "1970-01-01T00:00:00.000Z"\n`,
    );
  });
});
