import assert from 'node:assert/strict';
import { RenderCache } from '../../../src/render/cache/render-cache.js';
import { MemoryTree } from '../../../src/render/files/memory-tree.js';
import { RecordingTree } from '../../../src/render/files/recording-tree.js';
import type { Rendered } from '../../../src/render/render.js';
import { sourceOptions } from '../source-options.js';

const rendered = (size: number): Rendered => ({
  manifests: [
    { object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: 'x'.repeat(size) }, file: 'a', line: 1 },
  ],
  warnings: [],
});

describe('RenderCache', () => {
  const files = { 'a/x.yaml': 'x', 'b/y.yaml': 'y' };
  const keepOne = async (cache: RenderCache): Promise<Rendered> => {
    const recording = new RecordingTree(new MemoryTree(files));
    await recording.list('a');
    await recording.read('a/x.yaml');
    await recording.stat('a/optional.yaml');
    await recording.read('a/missing.yaml').catch(() => undefined);
    const result = rendered(1);
    cache.keep(sourceOptions(), recording.reads(), result);
    return result;
  };

  it('finds a render while everything it read is unchanged', async () => {
    const cache = new RenderCache();
    const kept = await keepOne(cache);
    assert.equal(await cache.find(sourceOptions(), new MemoryTree(files)), kept);
    assert.equal(await cache.find(sourceOptions(), new MemoryTree({ ...files, 'b/y.yaml': 'changed' })), kept);
  });

  it('forgets it when a file, a list or an absence changes, and for other options', async () => {
    const cache = new RenderCache();
    await keepOne(cache);
    const misses = [
      { ...files, 'a/x.yaml': 'changed' },
      { ...files, 'a/z.yaml': '' },
      { ...files, 'a/optional.yaml': '' },
      { ...files, 'a/missing.yaml': '' },
      {},
    ];
    for (const changed of misses) assert.equal(await cache.find(sourceOptions(), new MemoryTree(changed)), undefined);
    assert.equal(await cache.find(sourceOptions({ namespace: 'other' }), new MemoryTree(files)), undefined);
  });

  it('keeps the renders of several branches', async () => {
    const cache = new RenderCache();
    for (const content of ['1', '2', '3']) {
      const recording = new RecordingTree(new MemoryTree({ a: content }));
      await recording.read('a');
      cache.keep(sourceOptions(), recording.reads(), rendered(Number(content)));
    }
    for (const content of ['1', '2', '3']) {
      const found = await cache.find(sourceOptions(), new MemoryTree({ a: content }));
      assert.deepEqual(found, rendered(Number(content)));
    }
  });

  it('drops the least recently used when it is full', async () => {
    const cache = new RenderCache(20_000);
    const tree = new MemoryTree({});
    const optionsOf = (name: string) => sourceOptions({ applicationName: name });
    cache.keep(optionsOf('a'), [], rendered(2000));
    cache.keep(optionsOf('b'), [], rendered(2000));
    cache.keep(optionsOf('c'), [], rendered(2000));
    assert.ok(await cache.find(optionsOf('a'), tree));
    cache.keep(optionsOf('d'), [], rendered(2000));
    cache.keep(optionsOf('e'), [], rendered(2000));
    assert.ok(await cache.find(optionsOf('a'), tree));
    assert.equal(await cache.find(optionsOf('b'), tree), undefined);
    cache.keep(optionsOf('huge'), [], rendered(20_000));
    assert.equal(await cache.find(optionsOf('huge'), tree), undefined);
  });
});
