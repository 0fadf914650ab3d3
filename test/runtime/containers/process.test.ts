import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSeconds } from '../../../src/runtime/containers/process/group-stats.js';
import type { KeeperEvent, StartRequest } from '../../../src/runtime/containers/process/keeper-protocol.js';
import { Keeper } from '../../../src/runtime/containers/process/keeper.js';
import { jsonLines } from '../../../src/runtime/containers/process/keeper-protocol.js';
import { parseRecord, readLog } from '../../../src/runtime/containers/process/log-reader.js';
import { LogWriter } from '../../../src/runtime/containers/process/log-writer.js';
import { allocateAddress } from '../../../src/runtime/containers/process/pod-addresses.js';
import { processIdentity } from '../../../src/runtime/containers/process/process-identity.js';
import { textOf } from '../../conformance/runtime/runtime-contract.js';

describe('allocateAddress', () => {
  it('gives what nobody has, later ones later', () => {
    const used = new Set<string>();
    let last: string | undefined;
    for (let index = 0; index < 600; index++) {
      last = allocateAddress('/data/a', used, last);
      assert.ok(!used.has(last));
      assert.match(last, /^127\.(6[4-9]|[78]\d|9[0-5])\.\d+\.([1-9]\d*)$/);
      assert.ok(!last.endsWith('.255'));
      used.add(last);
    }
    const first = [...used][0] ?? '';
    used.delete(first);
    assert.notEqual(allocateAddress('/data/a', used, last), first, 'an address is not reused at once');
  });

  it('begins at the start again after the end of the range', () => {
    assert.equal(allocateAddress('/', new Set(), '127.95.255.254'), '127.64.0.1');
  });
});

describe('LogWriter', () => {
  let folder: string;
  const ended = AbortSignal.abort();
  const { signal } = new AbortController();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-log-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('writes whole lines with their time and stream, however they come', () => {
    const log = new LogWriter(folder, () => Date.parse('2030-01-02T03:04:05.678Z'));
    log.write('stdout', Buffer.from('hel'));
    log.write('stderr', Buffer.from('oops\n'));
    log.write('stdout', Buffer.from('lo\nrest'));
    log.close();
    assert.deepEqual(readFileSync(join(folder, 'log'), 'utf8').split('\n'), [
      '2030-01-02T03:04:05.678000000Z stderr F oops',
      '2030-01-02T03:04:05.678000000Z stdout F hello',
      '2030-01-02T03:04:05.678000000Z stdout F rest',
      '',
    ]);
  });

  it('stays below its limit, and what is kept reads as one log', async () => {
    const log = new LogWriter(folder, () => 0);
    const line = 'x'.repeat(1000);
    for (let index = 0; index < 25_000; index++) log.write('stdout', Buffer.from(`${index} ${line}\n`));
    log.close();
    assert.ok(statSync(join(folder, 'log')).size <= 10 * 1024 * 1024);
    assert.ok(statSync(join(folder, 'log.1')).size <= 10 * 1024 * 1024);
    const options = { follow: false, timestamps: false, stream: 'all' } as const;
    const text = await textOf(readLog(folder, options, ended, signal));
    const numbers = text
      .trimEnd()
      .split('\n')
      .map((each) => Number(each.split(' ')[0]));
    assert.equal(numbers.at(-1), 24_999);
    assert.ok(numbers.every((number, index) => number === (numbers[0] ?? 0) + index));
  });

  it('follows a log over its rotation', async () => {
    const log = new LogWriter(folder, () => 0);
    const end = new AbortController();
    const options = { follow: true, timestamps: false, stream: 'all' } as const;
    const stream = readLog(folder, options, end.signal, signal);
    const text = textOf(stream);
    for (let index = 0; index < 24; index++) {
      log.write('stdout', Buffer.from(`${`${index}`.padEnd(1023, '.')}\n`.repeat(1024)));
      await new Promise(setImmediate);
    }
    log.close();
    end.abort();
    const numbers = (await text)
      .trimEnd()
      .split('\n')
      .map((line) => Number.parseInt(line, 10));
    assert.equal(numbers.at(-1), 23);
    assert.ok(numbers.length > 10 * 1024);
  });

  it('reads no record from a line that was cut off', () => {
    assert.equal(parseRecord('2030-01-02T03:04'), undefined);
    assert.equal(parseRecord(''), undefined);
    assert.deepEqual(parseRecord('t stdout F a  b'), { time: 't', stream: 'stdout', partial: false, text: 'a  b' });
  });
});

describe('Keeper', () => {
  it('starts a container once, however often it is asked, also when it has ended meanwhile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-keeper-'));
    try {
      let ended: ((event: KeeperEvent) => void) | undefined;
      const exited = new Promise<KeeperEvent>((resolve) => {
        ended = resolve;
      });
      const keeper = new Keeper((event) => event.event === 'exited' && ended?.(event));
      const request: StartRequest = {
        op: 'start',
        containerId: 'one',
        folder,
        command: ['sh', '-c', 'echo ran; exit 4'],
        env: { PATH: process.env['PATH'] ?? '' },
        workingDir: folder,
        stdin: false,
        stdinOnce: false,
      };
      const first = await keeper.start(request);
      assert.deepEqual(await keeper.start(request), first);
      await exited;
      const last = await keeper.start(request);
      assert.deepEqual([last.pid, last.exitCode], [first.pid, 4]);
      assert.match(readFileSync(join(folder, 'log'), 'utf8'), /^\S+ stdout F ran\n$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('processIdentity', () => {
  it('is the same for a process as long as it lives, and undefined for none', () => {
    assert.equal(processIdentity(process.pid), processIdentity(process.pid));
    assert.notEqual(processIdentity(process.pid), processIdentity(process.ppid));
    assert.equal(processIdentity(2 ** 22 + 1), undefined);
  });
});

describe('jsonLines', () => {
  it('finds messages however they are cut, and refuses endless ones', () => {
    const seen: unknown[] = [];
    const receive = jsonLines((message) => seen.push(message), 100);
    for (const chunk of ['{"a"', ':1}\n{"b":2}', '\n\n']) receive(chunk);
    assert.deepEqual(seen, [{ a: 1 }, { b: 2 }]);
    assert.throws(() => receive('x'.repeat(101)), /too long/);
  });
});

describe('cpuSeconds', () => {
  it('reads the times that ps prints', () => {
    assert.equal(cpuSeconds('0:01.50'), 1.5);
    assert.equal(cpuSeconds('01:02:03'), 3723);
    assert.equal(cpuSeconds('2-01:00:00'), 176_400);
  });
});
