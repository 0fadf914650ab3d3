import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderTree } from '../../../src/render/files/folder-tree.js';
import { KeptFiles } from '../../../src/render/files/kept-files.js';

const LONG_AGO = 1_000_000;

const stateOf = (size: number, over: Partial<Stats> = {}): Stats =>
  ({ dev: 1, ino: 2, size, mtimeMs: LONG_AGO, ctimeMs: LONG_AGO, ...over }) as Stats;

describe('KeptFiles', () => {
  it('gives the same bytes while nothing about the file has changed', () => {
    const files = new KeptFiles(1000);
    const data = Buffer.from('text');
    files.keep('a', stateOf(4), data);
    assert.equal(files.find('a', stateOf(4)), data);
    assert.equal(files.find('b', stateOf(4)), undefined);
  });

  it('gives nothing once size, time or place have changed', () => {
    for (const change of [{ size: 5 }, { mtimeMs: 2 }, { ctimeMs: 2 }, { ino: 3 }, { dev: 2 }]) {
      const files = new KeptFiles(1000);
      files.keep('a', stateOf(4), Buffer.from('text'));
      assert.equal(files.find('a', stateOf(4, change)), undefined, JSON.stringify(change));
    }
  });

  it('does not trust a file that changed a moment ago', () => {
    const files = new KeptFiles(1000);
    const state = stateOf(4, { ctimeMs: Date.now() });
    files.keep('a', state, Buffer.from('text'));
    assert.equal(files.find('a', state), undefined);
  });

  it('keeps no more than its bytes, and forgets what was read longest ago', () => {
    const files = new KeptFiles(80);
    for (let i = 0; i < 12; i++) {
      files.keep(`${i}`, stateOf(10), Buffer.alloc(10));
      files.find('0', stateOf(10));
    }
    const kept = Array.from({ length: 12 }, (_, i) => files.find(`${i}`, stateOf(10)) !== undefined);
    assert.equal(kept.filter(Boolean).length, 8);
    assert.ok(kept[0] && !kept[1] && kept[11]);
  });
});

describe('FolderTree that was read before', () => {
  it('reads a file again that was written over with as many bytes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-kept-'));
    try {
      const file = join(folder, 'a.yaml');
      writeFileSync(file, 'a: 1');
      const { atime, mtime } = statSync(file);
      const tree = new FolderTree(folder);
      assert.equal(Buffer.from(await tree.read('a.yaml')).toString(), 'a: 1');
      writeFileSync(file, 'a: 2');
      utimesSync(file, atime, mtime);
      assert.equal(Buffer.from(await new FolderTree(folder).read('a.yaml')).toString(), 'a: 2');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
