import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath, kill } from 'node:process';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { systemClock } from '../../../src/objects/clock.js';
import type { ContainerRuntime } from '../../../src/runtime/containers/container-runtime.js';
import { processIdentity } from '../../../src/runtime/containers/process/process-identity.js';
import { createProcessRuntime } from '../../../src/runtime/containers/process/process-runtime.js';
import {
  containerConfig,
  describeRuntime,
  sandboxConfig,
  signal,
  SLEEP,
  textOf,
  untilEnded,
  untilUp,
} from './runtime-contract.js';

const log = pino({ level: 'silent' });
const roots: string[] = [];

const newRoot = (): string => {
  const root = mkdtempSync(join(tmpdir(), 'fairlead-process-'));
  roots.push(root);
  return root;
};

after(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

describeRuntime('process', { executes: true, terminals: false, images: false }, () => {
  const root = newRoot();
  return Promise.resolve({
    make: () => Promise.resolve(createProcessRuntime({ root, clock: systemClock, log })),
    image: 'anything:1',
  });
});

/** A program that listens on HOST, as programs for this runtime do. */
const SERVER = [
  execPath,
  '-e',
  `require('node:http').createServer((q, r) => r.end('hello from ' + process.env.HOST)).listen(8080, process.env.HOST, () => console.log('up'))`,
];

/** Resolves when no process has this pid any more: a signal is not delivered at once. */
const gone = async (pid: number, timeoutMs = 2000): Promise<void> => {
  for (let attempt = 0; attempt < timeoutMs / 20; attempt++) {
    if (processIdentity(pid) === undefined) return;
    await systemClock.sleep(20);
  }
  assert.fail(`process ${pid} is still there`);
};

describe('createProcessRuntime', function () {
  this.timeout(60_000);
  let root: string;
  let runtime: ContainerRuntime;

  beforeEach(() => {
    root = newRoot();
    runtime = createProcessRuntime({ root, clock: systemClock, log });
  });

  afterEach(async () => {
    for (const { id } of await runtime.listPodSandboxes(signal)) await runtime.removePodSandbox(id, signal);
    await runtime.close();
  });

  const run = async (config: ReturnType<typeof containerConfig>, sandbox = sandboxConfig()) => {
    const { id: sandboxId, ip } = await runtime.runPodSandbox(sandbox, signal);
    const id = await runtime.createContainer(sandboxId, config, sandbox, signal);
    await runtime.startContainer(id, signal);
    return { id, sandboxId, ip };
  };

  it('says that a container needs a command', async () => {
    await assert.rejects(run(containerConfig('nginx:1', [])), {
      code: 'create-failed',
      message: /container "main" of pod conformance\/web: it has no command\. .*set "command"/,
    });
  });

  it('lets two pods listen on the same port, each on its own address', async () => {
    for (const name of ['a', 'b']) {
      const { id, sandboxId, ip } = await run(containerConfig('x', SERVER), sandboxConfig({ podName: name }));
      const stop = new AbortController();
      const lines = await runtime.logs(id, { follow: true, timestamps: false, stream: 'all' }, stop.signal);
      await once(lines, 'data');
      stop.abort();
      lines.resume();
      const connection = await runtime.portForward(sandboxId, 8080, signal);
      connection.end('GET / HTTP/1.0\r\n\r\n');
      assert.ok((await textOf(connection)).endsWith(`hello from ${ip}`));
    }
  });

  it('opens host ports', async () => {
    const port = 20_000 + (process.pid % 10_000);
    const ports = [{ containerPort: 8080, hostPort: port, protocol: 'TCP' as const }];
    const { id } = await run(containerConfig('x', SERVER), sandboxConfig({ ports }));
    const lines = await runtime.logs(id, { follow: true, timestamps: false, stream: 'all' }, signal);
    await once(lines, 'data');
    lines.destroy();
    const connection = connect(port, '127.0.0.1');
    connection.end('GET / HTTP/1.0\r\n\r\n');
    assert.match(await textOf(connection), /hello from 127\./);
    await assert.rejects(runtime.runPodSandbox(sandboxConfig({ ports }), signal), { code: 'create-failed' });
  });

  it('rewrites mounted paths and inherits nothing but PATH', async () => {
    const file = join(root, 'settings.conf');
    writeFileSync(file, 'content\n');
    process.env['FAIRLEAD_TEST_SECRET'] = 'hush';
    const { id } = await run(
      containerConfig('x', ['sh', '-c', 'cat /etc/app/settings.conf; echo "$WHERE"; env'], {
        env: [{ name: 'WHERE', value: 'file:///etc/app/settings.conf' }],
        mounts: [{ hostPath: root, containerPath: '/etc/app', readOnly: true, propagation: 'private' }],
      }),
    );
    delete process.env['FAIRLEAD_TEST_SECRET'];
    await untilEnded(runtime, id);
    const text = await textOf(await runtime.logs(id, { follow: false, timestamps: false, stream: 'all' }, signal));
    assert.ok(text.startsWith(`content\nfile://${file}\n`), text);
    assert.doesNotMatch(text, /hush/);
  });

  it('kills the children of a container with it', async () => {
    const { id } = await run(containerConfig('x', ['sh', '-c', 'sleep 1000 & echo $!; wait']));
    const lines = await runtime.logs(id, { follow: true, timestamps: false, stream: 'all' }, signal);
    const [pid] = (await once(lines, 'data')) as [Buffer];
    lines.destroy();
    assert.equal(kill(Number(pid.toString()), 0), true);
    await runtime.stopContainer(id, 0, signal);
    await gone(Number(pid.toString()));
  });

  it('runs on when its operator is killed, and is adopted by the next one', async () => {
    await runtime.close();
    const operator = spawn(
      execPath,
      ['--import=tsx', fileURLToPath(new URL('./process-operator.ts', import.meta.url)), root],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(operator.stdout, 'data')) as [Buffer];
    const { id, pid } = JSON.parse(line.toString()) as { id: string; pid: number };
    operator.kill('SIGKILL');
    await once(operator, 'exit');
    runtime = createProcessRuntime({ root, clock: systemClock, log });
    const status = await runtime.containerStatus(id, signal);
    assert.equal(status?.state, 'running');
    assert.equal(kill(pid, 0), true);
    await untilUp(runtime, id);
    await runtime.stopContainer(id, 5000, signal);
    assert.equal((await runtime.containerStatus(id, signal))?.exitCode, 0);
    // What it wrote while nobody was there, and when it ended, is in the log.
    const text = await textOf(await runtime.logs(id, { follow: false, timestamps: false, stream: 'all' }, signal));
    assert.ok(text.startsWith('up\n'), text);
  });

  it('ends and reports containers whose keeper was killed', async () => {
    const { id } = await run(containerConfig('x', SLEEP));
    const state = JSON.parse(readFileSync(join(root, 'containers', id, 'state.json'), 'utf8')) as { pid: number };
    const keeper = readFileSync(`/proc/${state.pid}/stat`, 'utf8').split(' ')[3];
    kill(Number(keeper), 'SIGKILL');
    const status = await untilEnded(runtime, id);
    assert.equal(status.exitCode, 137);
    assert.match(status.message ?? '', /keeper/);
    await gone(state.pid);
  });

  it('ends its containers when it is told to end, and writes down how they did', async () => {
    const command = ['sh', '-c', 'trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.1; done'];
    const { id } = await run(containerConfig('x', command));
    await untilUp(runtime, id);
    const stubborn = await run(
      containerConfig('y', ['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done']),
    );
    await untilUp(runtime, stubborn.id);
    const file = join(root, 'containers', id, 'state.json');
    const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number };
    // Without an operator: nobody but the keeper knows of them.
    await runtime.close();
    const keeper = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[3]);
    kill(keeper, 'SIGTERM');
    await gone(keeper, 15_000);
    assert.equal((JSON.parse(readFileSync(file, 'utf8')) as { exitCode: number }).exitCode, 3);
    runtime = createProcessRuntime({ root, clock: systemClock, log });
    const status = await runtime.containerStatus(id, signal);
    assert.deepEqual([status?.state, status?.exitCode], ['exited', 3]);
    assert.equal((await runtime.containerStatus(stubborn.id, signal))?.exitCode, 137);
    const text = await textOf(await runtime.logs(id, { follow: false, timestamps: false, stream: 'all' }, signal));
    assert.match(text, /^up\n[^]*bye\n$/);
  });

  it('ends its containers when their folder is removed, because nobody could find them again', async () => {
    const { id } = await run(containerConfig('x', SLEEP));
    const state = JSON.parse(readFileSync(join(root, 'containers', id, 'state.json'), 'utf8')) as { pid: number };
    rmSync(root, { recursive: true });
    await gone(state.pid, 15_000);
    // The operator that has lost its folder is of no more use either.
    await runtime.close();
    runtime = createProcessRuntime({ root: newRoot(), clock: systemClock, log });
  });

  it('never kills a stranger that has the pid of one of its containers', async () => {
    const stranger = spawn('sleep', ['1000'], { detached: true });
    const sandbox = sandboxConfig();
    const { id: sandboxId } = await runtime.runPodSandbox(sandbox, signal);
    const id = await runtime.createContainer(sandboxId, containerConfig('x', SLEEP), sandbox, signal);
    await runtime.close();
    const state = { pid: stranger.pid, identity: 'another-boot:1', startedAt: 1 };
    writeFileSync(join(root, 'containers', id, 'state.json'), JSON.stringify(state));
    runtime = createProcessRuntime({ root, clock: systemClock, log });
    assert.equal((await runtime.containerStatus(id, signal))?.state, 'exited');
    assert.equal(stranger.kill(0), true);
    stranger.kill('SIGKILL');
  });
});
