import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GitObjects } from '../../../src/render/files/git-objects.js';
import type { PackLimits } from '../../../src/sync/sources/pack/index-pack.js';
import { indexPack, installPack } from '../../../src/sync/sources/pack/index-pack.js';
import { indexPackInThread } from '../../../src/sync/sources/pack/index-pool.js';
import { receivePack } from '../../../src/sync/sources/pack/receive-pack.js';

const WIDE: PackLimits = { maxObjectBytes: 1 << 30, maxTotalBytes: 1 << 30 };

describe('indexPack, on packs that git has made', () => {
  let folder: string;
  let gitdir: string;
  const git = (where: string, input: string | Buffer, ...args: readonly string[]): Buffer =>
    execFileSync('git', ['-C', where, ...args], { input, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] });
  const hash = (content: string | Buffer): string =>
    git(gitdir, content, 'hash-object', '-w', '--stdin').toString().trim();
  const lines = Array.from({ length: 4000 }, (_, index) => `line ${index}`);
  const big = randomBytes(3_500_000);
  let ids: readonly string[];
  let pack: Buffer;
  const index = async (bytes: Buffer, limits: Partial<PackLimits> = {}): Promise<string> => {
    const file = join(folder, 'incoming');
    writeFileSync(file, bytes);
    return await indexPack({ file, gitdir, limits: { ...WIDE, ...limits }, name: 'x' });
  };
  const packOf = (names: readonly string[], ...options: readonly string[]): Buffer =>
    git(gitdir, `${names.join('\n')}\n`, 'pack-objects', '--stdout', '--window=10', '-q', ...options);

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-pack-'));
    gitdir = join(folder, 'made');
    execFileSync('git', ['init', '--quiet', '--bare', gitdir]);
    const texts = [lines.join('\n'), [...lines, 'one more'].join('\n'), [...lines, 'one more', 'and more'].join('\n')];
    ids = [...texts, 'z'.repeat(1_000_000), 'small', '', big].map(hash);
    pack = packOf(ids, '--delta-base-offset');
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('writes the index that git writes, byte for byte, whichever way deltas name their bases', async () => {
    for (const bytes of [pack, packOf(ids), packOf(ids, '--window=0')]) {
      const checksum = await index(bytes);
      const file = join(folder, 'reference.pack');
      writeFileSync(file, bytes);
      assert.equal(git(folder, '', 'index-pack', file).toString().trim().split('\t').at(-1), checksum);
      assert.ok(readFileSync(join(folder, 'incoming.idx')).equals(readFileSync(file.replace(/pack$/, 'idx'))));
    }
  });

  it('indexes a thin pack, in a thread, and what it holds can be read', async () => {
    const other = join(folder, 'other');
    execFileSync('git', ['init', '--quiet', '--bare', other]);
    const base = hash(`${lines.join('\n')}\nbase`);
    const built = hash(`${lines.join('\n')}\nbase\nbuilt`);
    cpSync(join(gitdir, 'objects'), join(other, 'objects'), { recursive: true });
    rmSync(join(other, 'objects', built.slice(0, 2), built.slice(2)));
    const commit = (blob: string, ...parents: readonly string[]): string => {
      const tree = git(gitdir, `100644 blob ${blob}\tfile\n`, 'mktree').toString().trim();
      const person = 'A <a@example.com> 0 +0000';
      const text = `tree ${tree}\n${parents.map((id) => `parent ${id}\n`).join('')}author ${person}\ncommitter ${person}\n\nx\n`;
      return git(gitdir, text, 'hash-object', '-t', 'commit', '-w', '--stdin').toString().trim();
    };
    const first = commit(base);
    const second = commit(built, first);
    const bytes = packOf([second, `^${first}`], '--thin', '--revs');
    assert.ok(bytes.length < 1000);
    const file = join(folder, 'thin');
    writeFileSync(file, bytes);
    const input = { file, gitdir: other, limits: WIDE, name: 'x' };
    const checksum = await indexPackInThread(input, new AbortController().signal);
    installPack(file, other, checksum);
    const objects = new GitObjects(other);
    try {
      assert.equal(objects.read(built, 'blob').toString(), `${lines.join('\n')}\nbase\nbuilt`);
    } finally {
      objects.close();
    }
  });

  it('refuses an object and a sum that are over the limits, however small they are packed', async () => {
    const small = packOf(ids.slice(0, 5));
    assert.ok(small.length < 50_000);
    await index(small, { maxObjectBytes: 1_000_000 });
    await assert.rejects(index(small, { maxObjectBytes: 999_999 }), /an object of 1000000 bytes/);
    await assert.rejects(index(small, { maxTotalBytes: 1_000_100 }), /more than 1000100 bytes/);
    // The second text is a delta of a few bytes; it counts with its 38,000.
    await assert.rejects(index(small, { maxTotalBytes: 1_000_000 + 40_000 + 1000 }), /more than/);
  });

  it('refuses what is damaged, cut off, or builds on what is not there', async () => {
    const damaged = Buffer.from(pack);
    damaged[2000] = (damaged[2000] ?? 0) ^ 1;
    for (const bytes of [damaged, pack.subarray(0, -1), pack.subarray(0, 40), Buffer.from('PACK'), Buffer.alloc(0)]) {
      await assert.rejects(index(bytes), /damaged pack/);
    }
  });

  it('takes the pack out of the packets of an answer, however they are cut', async () => {
    const packet = (band: number, data: Buffer): Buffer =>
      Buffer.concat([Buffer.from((data.length + 5).toString(16).padStart(4, '0')), Buffer.from([band]), data]);
    const answer = Buffer.concat([
      Buffer.from('0008NAK\n'),
      packet(2, Buffer.from('Counting objects')),
      packet(1, pack.subarray(0, 1000)),
      packet(1, pack.subarray(1000, 60_000)),
      Buffer.from('0000'),
    ]);
    const file = join(folder, 'received');
    for (const size of [1, 7, 1004, answer.length]) {
      const chunks = Array.from({ length: Math.ceil(answer.length / size) }, (_, at) =>
        answer.subarray(at * size, (at + 1) * size),
      );
      const { rest, hasPack } = await receivePack(chunks, file);
      assert.ok(hasPack);
      assert.ok(readFileSync(file).equals(pack.subarray(0, 60_000)));
      assert.ok(rest.toString('latin1').startsWith('0008NAK\n0015\u0002Counting objects'));
      // A pack without objects stands in its place.
      assert.ok(rest.includes(Buffer.from('5041434b0000000200000000', 'hex')));
    }
    const none = await receivePack([Buffer.from('0008NAK\n0000')], file);
    assert.equal(none.hasPack, false);
  });
});
