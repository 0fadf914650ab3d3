import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openLmdbStore } from '../../../src/cluster/store/lmdb-store.js';
import { keyFor } from '../../cluster/store/store-conformance.js';

const WRITER = fileURLToPath(new URL('../../cluster/store/store-writer.ts', import.meta.url));

describe('the lmdb store, killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-store-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('loses no acknowledged write and reuses no revision when its writer is killed 50 times at random points', async function () {
    this.timeout(180_000);
    const acknowledged = new Map<string, number>();
    let highest = 0;
    for (let round = 0; round < 50; round += 1) {
      const writer = spawn(process.execPath, ['--import', 'tsx', WRITER, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const lines = createInterface({ input: writer.stdout });
      const enough = 1 + Math.floor(Math.random() * 200);
      let count = 0;
      for await (const line of lines) {
        const [name, revision] = line.split(' ');
        if (name === undefined || revision === undefined) continue;
        assert.ok(Number(revision) > highest, `revision ${revision} comes after ${highest}`);
        highest = Number(revision);
        acknowledged.set(name, highest);
        count += 1;
        if (count === enough) writer.kill('SIGKILL');
      }
      if (writer.exitCode === null && writer.signalCode === null)
        await new Promise((resolve) => writer.once('exit', resolve));
      assert.equal(writer.signalCode, 'SIGKILL');
    }
    const store = openLmdbStore(folder);
    for (const [name, revision] of acknowledged) assert.equal(store.get(keyFor(name))?.revision, revision);
    assert.ok(acknowledged.size > 50);
    assert.ok(store.revision >= highest);
    await store.close();
  });
});
