import assert from 'node:assert/strict';
import type { FileTree, FileTreeErrorCode } from '../../../src/render/file-tree.js';
import { FileTreeError } from '../../../src/render/file-tree.js';
import { FolderTree } from '../../../src/render/files/folder-tree.js';
import { GitObjects } from '../../../src/render/files/git-objects.js';
import { GitTree } from '../../../src/render/files/git-tree.js';
import { RecordingTree } from '../../../src/render/files/recording-tree.js';
import { ScratchRepository } from './scratch-repository.js';

const fails = async (code: FileTreeErrorCode, action: Promise<unknown>): Promise<void> => {
  await assert.rejects(action, (error) => error instanceof FileTreeError && error.code === code);
};

const text = async (tree: FileTree, path: string): Promise<string> => Buffer.from(await tree.read(path)).toString();

const trees: Record<string, (repository: ScratchRepository, tree: string) => FileTree> = {
  FolderTree: (repository) => new FolderTree(repository.folder, { maxFileBytes: 1000 }),
  'GitTree, loose objects': ({ gitdir }, tree) => new GitTree(new GitObjects(gitdir), tree, { maxFileBytes: 1000 }),
  'GitTree, a pack': (repository, tree) => {
    repository.git('gc', '-q', '--aggressive');
    return new GitTree(new GitObjects(repository.gitdir), tree, { maxFileBytes: 1000 });
  },
  RecordingTree: ({ folder }) => new RecordingTree(new FolderTree(folder, { maxFileBytes: 1000 })),
};

for (const [name, open] of Object.entries(trees)) {
  describe(`FileTree: ${name}`, () => {
    let repository: ScratchRepository;
    let tree: FileTree;

    before(() => {
      repository = new ScratchRepository();
      repository.write('app/deployment.yaml', 'kind: Deployment\n');
      repository.write('app/nested/deep.txt', 'deep');
      repository.write('app.txt', 'beside');
      repository.write('large.bin', 'x'.repeat(1001));
      repository.link('inside', 'app/nested');
      repository.link('app/up', '../app.txt');
      repository.link('out', '../elsewhere');
      repository.link('absolute', '/etc/passwd');
      repository.link('loop', 'loop2');
      repository.link('loop2', 'loop');
      repository.link('dangling', 'nothing');
      tree = open(repository, repository.commit());
    });

    after(() => repository.remove());

    it('reads a file', async () => {
      assert.equal(await text(tree, 'app/deployment.yaml'), 'kind: Deployment\n');
      assert.equal(await text(tree, './app//../app/./deployment.yaml'), 'kind: Deployment\n');
    });

    it('lists a folder sorted by name, links as links', async () => {
      const names = (await tree.list('')).filter((entry) => entry.name !== '.git');
      assert.deepEqual(
        names.map((entry) => `${entry.kind} ${entry.name}`),
        [
          'link absolute',
          'folder app',
          'file app.txt',
          'link dangling',
          'link inside',
          'file large.bin',
          'link loop',
          'link loop2',
          'link out',
        ],
      );
    });

    it('follows links inside the tree', async () => {
      assert.equal(await text(tree, 'inside/deep.txt'), 'deep');
      assert.equal(await text(tree, 'app/up'), 'beside');
      assert.equal((await tree.stat('inside'))?.kind, 'folder');
      assert.deepEqual(
        (await tree.list('inside')).map((entry) => entry.name),
        ['deep.txt'],
      );
    });

    it('refuses what is outside', async () => {
      await fails('outside', tree.read('../x'));
      await fails('outside', tree.read('app/../../x'));
      await fails('outside', tree.read('/etc/passwd'));
      await fails('outside', tree.read('out'));
      await fails('outside', tree.stat('out/file'));
      await fails('outside', tree.read('absolute'));
    });

    it('tells loops, absences and wrong kinds apart', async () => {
      await fails('link-loop', tree.read('loop'));
      await fails('not-found', tree.read('nothing'));
      await fails('not-found', tree.read('dangling'));
      await fails('not-found', tree.list('app/nothing'));
      await fails('not-found', tree.read('app.txt/inside'));
      await fails('not-a-file', tree.read('app'));
      await fails('not-a-folder', tree.list('app.txt'));
      assert.equal(await tree.stat('nothing'), undefined);
      assert.equal(await tree.stat('dangling'), undefined);
    });

    it('refuses a file over the limit', async () => {
      await fails('too-large', tree.read('large.bin'));
      assert.equal((await tree.stat('large.bin'))?.size, 1001);
    });

    it('knows the Git object id of a file', async () => {
      assert.equal(await tree.id('app.txt'), repository.git('rev-parse', 'HEAD:app.txt'));
      assert.equal(await tree.id('nothing'), undefined);
    });
  });
}
