import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PackLimits } from '../../../src/sync/sources/pack-limits.js';
import { checkPack, packIn } from '../../../src/sync/sources/pack-limits.js';

describe('checkPack, on packs that git has made', () => {
  let folder: string;
  let pack: Buffer;
  const git = (input: string | Buffer, ...args: readonly string[]): Buffer =>
    execFileSync('git', ['-C', folder, ...args], { input, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] });
  const check = async (limits: Partial<PackLimits>) =>
    await checkPack(pack, { maxObjectBytes: 1 << 30, maxTotalBytes: 1 << 30, ...limits }, 'x');

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-pack-'));
    execFileSync('git', ['init', '--quiet', folder]);
    const lines = Array.from({ length: 4000 }, (_, index) => `line ${index}`);
    const ids = [lines.join('\n'), [...lines, 'one more'].join('\n'), 'z'.repeat(1_000_000), 'small'].map((text) =>
      git(text, 'hash-object', '-w', '--stdin').toString().trim(),
    );
    pack = git(`${ids.join('\n')}\n`, 'pack-objects', '--stdout', '--window=10');
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('lets through what is within the limits', async () => {
    await check({});
    await check({ maxObjectBytes: 1_000_000 });
  });

  it('refuses an object and a sum that are over them, however small they are packed', async () => {
    assert.ok(pack.length < 50_000);
    await assert.rejects(check({ maxObjectBytes: 999_999 }), /an object of 1000000 bytes/);
    await assert.rejects(check({ maxTotalBytes: 1_000_100 }), /more than 1000100 bytes/);
  });

  it('counts what a delta unpacks to', async () => {
    // The second text is a delta of a few bytes; it counts with its 38,000.
    await assert.rejects(check({ maxTotalBytes: 1_000_000 + 40_000 + 1000 }), /more than/);
  });

  it('finds the pack in the packets of an answer', () => {
    const packet = (band: number, data: Buffer): Buffer =>
      Buffer.concat([Buffer.from((data.length + 5).toString(16).padStart(4, '0')), Buffer.from([band]), data]);
    const answer = Buffer.concat([
      Buffer.from('0008NAK\n'),
      packet(2, Buffer.from('Counting objects')),
      packet(1, pack.subarray(0, 1000)),
      packet(1, pack.subarray(1000)),
      Buffer.from('0000'),
    ]);
    assert.deepEqual(packIn(answer), pack);
  });
});
