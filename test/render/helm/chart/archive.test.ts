import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { loadChart } from '../../../../src/render/helm/chart/load-chart.js';
import { readArchive } from '../../../../src/render/helm/chart/read-archive.js';
import { MemoryTree } from '../../../../src/render/files/memory-tree.js';

type Member = readonly [name: string, content: string | Buffer, type?: 'symlink'];

export const archive = async (...members: readonly Member[]): Promise<Buffer> => {
  const tar = pack();
  for (const [name, content, type] of members) {
    if (type === 'symlink') tar.entry({ name, type, linkname: String(content) });
    else tar.entry({ name }, content);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Uint8Array));
  return gzipSync(Buffer.concat(chunks));
};

const CHART = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';

describe('chart archives', () => {
  it('give the files below their first folder', async () => {
    const files = await readArchive(await archive(['web/Chart.yaml', CHART], ['web/templates/a.yaml', 'a: 1']));
    assert.deepEqual(
      files.map(({ name }) => name),
      ['Chart.yaml', 'templates/a.yaml'],
    );
  });

  it('are charts like folders', async () => {
    const tree = new MemoryTree({ 'web.tgz': await archive(['web/Chart.yaml', CHART]) });
    assert.equal((await loadChart(tree, 'web.tgz')).name, 'web');
  });

  it('are refused when they leave the chart', async () => {
    await assert.rejects(
      async () => readArchive(await archive(['web/../../etc/x', 'x'])),
      /references parent directory/,
    );
    await assert.rejects(async () => readArchive(await archive(['web//etc/x', 'x'])), /absolute paths/);
    await assert.rejects(async () => readArchive(await archive(['top', 'x'])), /outside the base directory/);
    await assert.rejects(async () => readArchive(await archive(['web\\c:\\x', 'x'])), /illegally named files/);
  });

  it('follow no links', async () => {
    const files = await readArchive(
      await archive(['web/Chart.yaml', CHART], ['web/values.yaml', '/etc/passwd', 'symlink']),
    );
    assert.equal(files.find(({ name }) => name === 'values.yaml')?.data.length, 0);
  });

  it('are refused when they are too large', async () => {
    await assert.rejects(
      async () => readArchive(await archive(['web/big', Buffer.alloc(6 * 1024 * 1024)])),
      /maximum file size/,
    );
    const many = Array.from({ length: 26 }, (_, i) => [`web/${i}`, Buffer.alloc(4.5 * 1024 * 1024)] as const);
    await assert.rejects(async () => readArchive(await archive(...many)), /maximum size/);
  });

  it('are refused when they are no archives', async () => {
    await assert.rejects(() => readArchive(Buffer.from('text')), { message: 'gzip: invalid header' });
    await assert.rejects(() => readArchive(Buffer.alloc(0)), { message: 'EOF' });
    await assert.rejects(async () => readArchive((await archive(['web/Chart.yaml', CHART])).subarray(0, 40)), {
      message: 'unexpected EOF',
    });
  });

  it('are refused with their name when something else was named', async () => {
    const refuses = async (name: string, content: string | Buffer, message: string): Promise<void> =>
      assert.rejects(loadChart(new MemoryTree({ [name]: content }), name), { message });
    await refuses('v.yaml', 'a: b', "file 'v.yaml' seems to be a YAML file, but expected a gzipped archive");
    const none = 'does not appear to be a gzipped archive; got';
    await refuses('a.tgz', 'a: b', `file 'a.tgz' ${none} 'application/octet-stream'`);
    await refuses('a.tgz', 'text '.repeat(200), `file 'a.tgz' ${none} 'text/plain; charset=utf-8'`);
    await refuses('a.tgz', '<html><body>', `file 'a.tgz' ${none} 'text/html; charset=utf-8'`);
    await refuses('a.tgz', await archive(['a/x', 'x']), 'unable to detect chart version, no Chart.yaml found');
    const problem = 'unable to load chart archive: chart illegally references parent directory';
    await refuses('a.tgz', await archive(['a/../../x', 'x']), problem);
  });
});
