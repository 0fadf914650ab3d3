import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbStore } from '../../../src/cluster/store/lmdb-store.js';
import { StoreError } from '../../../src/cluster/store/store.js';
import { configMap, keyFor } from '../../cluster/store/store-conformance.js';
import { skipWithout } from '../../components/components.js';

describe('the lmdb store on a full disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-disk-'));
  let mounted = false;

  before(function () {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'ignore' });
      mounted = true;
    } catch {
      skipWithout(this, 'a small disk', 'run as root on Linux, where a tmpfs can be mounted');
    }
  });
  after(() => {
    if (mounted) execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('refuses writes, keeps what it has, and goes on when there is room again', async () => {
    const store = openLmdbStore(join(folder, 'store'));
    const written: string[] = [];
    let failure: unknown;
    for (let index = 0; failure === undefined && index < 2000; index += 1) {
      const name = `n${index}`;
      try {
        await store.commit({ type: 'create', key: keyFor(name), object: configMap(name, { v: 'x'.repeat(8000) }) });
        written.push(name);
      } catch (error) {
        failure = error;
      }
    }
    assert.ok(failure instanceof StoreError && failure.code === 'failed', String(failure));
    assert.match(failure.message, /Cannot write \/registry\/core\/configmaps\/default\/n\d+: /);
    assert.ok(written.length > 10);
    assert.equal(store.list('/').items.length, written.length);

    execFileSync('mount', ['-o', 'remount,size=64m', folder]);
    const later = await store.commit({ type: 'create', key: keyFor('later'), object: configMap('later') });
    assert.ok(later.revision > written.length);
    await store.close();

    const again = openLmdbStore(join(folder, 'store'));
    assert.deepEqual(
      new Set(again.list('/').items.map(({ object }) => object.metadata.name)),
      new Set([...written, 'later']),
    );
    await again.close();
  });
});
