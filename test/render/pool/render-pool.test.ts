import assert from 'node:assert/strict';
import { createRenderPool } from '../../../src/render/pool/render-pool.js';
import type { RenderPool } from '../../../src/render/pool/render-pool.js';
import { RenderError } from '../../../src/render/render.js';
import { ScratchRepository } from '../files/scratch-repository.js';
import { sourceOptions } from '../source-options.js';

const config = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
const signal = new AbortController().signal;

describe('createRenderPool', () => {
  let repository: ScratchRepository;
  let pool: RenderPool;

  beforeEach(() => {
    repository = new ScratchRepository();
  });
  afterEach(async () => {
    await pool.close();
    repository.remove();
  });

  const optionsOf = (number: number) => sourceOptions({ path: `apps/${number}`, applicationName: `app-${number}` });

  it('renders one of 200 applications after a commit that touches one', async () => {
    pool = createRenderPool({ maxThreads: 1 });
    for (let number = 0; number < 200; number++) repository.write(`apps/${number}/a.yaml`, config(`app-${number}`));
    const first = repository.commit();
    const renderAll = async (tree: string): Promise<string[]> => {
      const names: string[] = [];
      for (let number = 0; number < 200; number++) {
        const ref = { kind: 'git', gitdir: repository.gitdir, tree } as const;
        const { manifests } = await pool.render(ref, optionsOf(number), signal);
        names.push(...manifests.map(({ object }) => object.metadata.name));
      }
      return names;
    };
    await renderAll(first);
    assert.deepEqual(pool.counts(), { rendered: 200, reused: 0 });
    repository.write('apps/17/a.yaml', config('changed'));
    const names = await renderAll(repository.commit());
    assert.deepEqual(pool.counts(), { rendered: 201, reused: 199 });
    assert.equal(names[17], 'changed');
    repository.write('apps/3/b.yaml', config('added'));
    repository.write('README.md', 'not an application');
    assert.equal((await renderAll(repository.commit())).length, 201);
    assert.deepEqual(pool.counts(), { rendered: 202, reused: 398 });
  });

  it('brings problems back from the thread as a RenderError', async () => {
    pool = createRenderPool({ maxThreads: 1 });
    repository.write('a.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {}\n');
    await assert.rejects(pool.render({ kind: 'folder', path: repository.folder }, sourceOptions(), signal), (error) => {
      assert.ok(error instanceof RenderError);
      assert.deepEqual(error.problems, [
        { file: 'a.yaml', line: 1, column: 1, message: 'the Pod has no metadata.name' },
      ]);
      return true;
    });
  });

  it('ends a render that takes too long and goes on with the next', async () => {
    pool = createRenderPool({ maxThreads: 1, timeoutMs: 1 });
    repository.write('a.yaml', config('a'));
    const ref = { kind: 'folder', path: repository.folder } as const;
    await assert.rejects(
      pool.render(ref, sourceOptions(), signal),
      /render of application "shop" was ended: it took longer than the limit of 0.001 s/,
    );
    await pool.close();
    pool = createRenderPool({ maxThreads: 1 });
    assert.equal((await pool.render(ref, sourceOptions(), signal)).manifests.length, 1);
  });

  it('ends a render that needs too much memory and goes on with the next', async () => {
    pool = createRenderPool({ maxThreads: 1, memoryMb: 40 });
    const pods = Array.from({ length: 2_000_000 }, () => '{}').join(',');
    repository.write('large/a.yaml', `apiVersion: v1\nkind: Big\nmetadata: {name: a}\nspec: [${pods}]\n`);
    repository.write('small/a.yaml', config('a'));
    const ref = { kind: 'folder', path: repository.folder } as const;
    await assert.rejects(
      pool.render(ref, sourceOptions({ path: 'large' }), signal),
      /more memory than the limit of 40 MiB/,
    );
    assert.equal((await pool.render(ref, sourceOptions({ path: 'small' }), signal)).manifests.length, 1);
  });

  it('stops when its caller does', async () => {
    pool = createRenderPool({ maxThreads: 1 });
    repository.write('a.yaml', config('a'));
    const abort = new AbortController();
    abort.abort(new Error('enough'));
    await assert.rejects(
      pool.render({ kind: 'folder', path: repository.folder }, sourceOptions(), abort.signal),
      /enough/,
    );
  });
});
