import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openLmdbStore } from '../../../src/cluster/store/lmdb-store.js';
import { StoreError } from '../../../src/cluster/store/store.js';
import { configMap, describeStore, keyFor } from './store-conformance.js';

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-store-'));
  folders.push(folder);
  return folder;
};

const startWriter = (folder: string): ChildProcess =>
  spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('store-writer.ts', import.meta.url)), folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });

describeStore('openLmdbStore', (options) => openLmdbStore(newFolder(), options));

describe('openLmdbStore', () => {
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  it('has everything after a restart: objects, revision, and events with what was there before', async () => {
    const folder = newFolder();
    const first = openLmdbStore(folder);
    await first.commit({ type: 'create', key: keyFor('a'), object: configMap('a', { v: '1' }) });
    await first.commit({ type: 'replace', key: keyFor('a'), object: configMap('a', { v: '2' }), revision: 1 });
    await first.commit({ type: 'create', key: keyFor('b'), object: configMap('b', { ü: '☃' }) });
    await first.commit({ type: 'remove', key: keyFor('a'), revision: 2 });
    await first.close();

    const second = openLmdbStore(folder);
    assert.deepEqual(
      second.list('/').items.map(({ object }) => object['data']),
      [{ ü: '☃' }],
    );
    assert.equal(second.revision, 4);
    const seen: unknown[] = [];
    const abort = new AbortController();
    for await (const { type, stored, previous } of second.watch('/', 1, abort.signal)) {
      seen.push([type, stored.object['data'], stored.object.metadata.resourceVersion, previous?.revision]);
      if (seen.length === 3) abort.abort();
    }
    assert.deepEqual(seen, [
      ['replaced', { v: '2' }, '2', 1],
      ['created', { ü: '☃' }, '3', undefined],
      ['removed', { v: '2' }, '4', 2],
    ]);
    assert.equal((await second.commit({ type: 'create', key: keyFor('c'), object: configMap('c') })).revision, 5);
    await second.close();
  });

  it('finds the revisions of objects that hold other fields of the name, or text like it, at the next start', async () => {
    const folder = newFolder();
    const first = openLmdbStore(folder);
    const text = '{"resourceVersion":"77"}';
    const objects = [
      configMap('a', { v: text, resourceVersion: '99' }),
      { ...configMap('b', { v: text }), involvedObject: { resourceVersion: '88' } },
      { involvedObject: { resourceVersion: '66' }, ...configMap('c', { '"resourceVersion":"55"': text }) },
      { ...configMap('d'), spec: { big: 2n ** 63n - 1n, resourceVersion: '44' } },
      { ...configMap('e', { v: text }), spec: { big: 2n ** 63n - 1n } },
    ];
    for (const object of objects) {
      const key = keyFor(object.metadata.name);
      await first.commit({ type: 'create', key, object });
    }
    await first.commit({ type: 'replace', key: keyFor('b'), object: configMap('b', { v: text }), revision: 2 });
    const before = first.list('/').items.map(({ key, revision, object }) => ({ key, revision, object }));
    await first.close();

    const second = openLmdbStore(folder);
    const items = second.list('/').items;
    assert.deepEqual(
      items.map(({ key, revision, object }) => ({ key, revision, object })),
      before,
    );
    assert.deepEqual(
      items.map(({ revision }) => revision),
      [1, 6, 3, 4, 5],
    );
    const abort = new AbortController();
    for await (const { previous } of second.watch('/', 5, abort.signal)) {
      assert.equal(previous?.revision, 2);
      abort.abort();
    }
    await second.close();
  });

  it('refuses a folder that is open, in this process and in another, and says by whom', async () => {
    const folder = newFolder();
    const store = openLmdbStore(folder);
    assert.throws(
      () => openLmdbStore(folder),
      (error) => error instanceof StoreError && error.code === 'locked' && error.message.includes(String(process.pid)),
    );
    const writer = startWriter(folder);
    let message = '';
    writer.stderr?.on('data', (data: Buffer) => {
      message += data.toString();
    });
    const code = await new Promise((resolve) => writer.once('exit', resolve));
    assert.notEqual(code, 0);
    assert.match(message, new RegExp(`${folder} is in use by process ${process.pid}; stop it first`));
    await store.close();
    await openLmdbStore(folder).close();
  });
});
