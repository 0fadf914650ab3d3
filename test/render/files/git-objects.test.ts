import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileTreeError } from '../../../src/render/file-tree.js';
import { GitObjects } from '../../../src/render/files/git-objects.js';
import { GitTree } from '../../../src/render/files/git-tree.js';
import { ScratchRepository } from './scratch-repository.js';

describe('GitObjects', () => {
  let repository: ScratchRepository;

  beforeEach(() => {
    repository = new ScratchRepository();
  });
  afterEach(() => repository.remove());

  it('reads every object of a packed history with deltas as git does', () => {
    for (let version = 0; version < 12; version++) {
      repository.write(
        'large.txt',
        Array.from({ length: 400 }, (_, line) => `${line} ${line % 7 === version % 7}`).join('\n'),
      );
      repository.write(`folder/${version}.yaml`, `version: ${version}\n`);
      repository.write('noise.bin', randomBytes(20_000));
      repository.commit();
    }
    repository.git('gc', '-q', '--aggressive', '--prune=now');
    const objects = new GitObjects(repository.gitdir);
    const all = repository.git('cat-file', '--batch-check', '--batch-all-objects').split('\n');
    assert.ok(all.length > 40);
    for (const line of all) {
      const [id = '', type = '', size] = line.split(' ');
      assert.equal(objects.size(id), Number(size));
      const content = objects.read(id, type as 'blob');
      assert.equal(content.length, Number(size));
      writeFileSync(join(repository.folder, 'copy'), content);
      assert.equal(repository.git('hash-object', '-t', type, '--no-filters', 'copy'), id);
    }
    objects.close();
  });

  it('finds objects that were fetched after it was opened', () => {
    const objects = new GitObjects(repository.gitdir);
    repository.write('a', 'one');
    const first = repository.commit();
    assert.deepEqual(
      objects.tree(first).map(({ name }) => name),
      ['a'],
    );
    repository.write('b', 'two');
    const second = repository.commit();
    repository.git('gc', '-q', '--prune=now');
    assert.deepEqual(
      objects.tree(second).map(({ name }) => name),
      ['a', 'b'],
    );
    objects.close();
  });

  it('reads through alternates and from repositories of the sha256 format', () => {
    repository.write('a', 'one');
    const tree = repository.commit();
    const borrower = new ScratchRepository();
    writeFileSync(join(borrower.gitdir, 'objects', 'info', 'alternates'), `${join(repository.gitdir, 'objects')}\n`);
    assert.equal(new GitObjects(borrower.gitdir).tree(tree)[0]?.name, 'a');
    borrower.remove();

    const modern = new ScratchRepository('--object-format=sha256');
    modern.write('a', 'one');
    const id = modern.commit();
    modern.git('gc', '-q', '--prune=now');
    const objects = new GitObjects(modern.gitdir);
    assert.equal(objects.read(objects.tree(id)[0]?.id ?? '', 'blob').toString(), 'one');
    modern.remove();
  });

  it('refuses a huge file without reading it', async () => {
    repository.write('huge.bin', Buffer.alloc(200 * 1024 * 1024));
    repository.write('small', 'x');
    const tree = repository.commit();
    repository.git('gc', '-q', '--prune=now');
    const objects = new GitObjects(repository.gitdir);
    const before = process.memoryUsage().arrayBuffers;
    await assert.rejects(
      new GitTree(objects, tree).read('huge.bin'),
      (error) => error instanceof FileTreeError && error.code === 'too-large' && error.message.includes('209715200'),
    );
    assert.ok(process.memoryUsage().arrayBuffers - before < 20 * 1024 * 1024);
    objects.close();
  });

  it('says which object is missing', () => {
    assert.throws(() => new GitObjects(repository.gitdir).read('0'.repeat(40), 'tree'), /has no object 0{40}/);
  });
});
