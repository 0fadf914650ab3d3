import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type {
  ContainerConfig,
  ContainerRuntime,
  ContainerStatus,
  RuntimeEvent,
  Sandbox,
  SandboxConfig,
} from '../../../src/runtime/containers/container-runtime.js';
import { RuntimeFailure } from '../../../src/runtime/containers/container-runtime.js';
import { RUNS_TO_COMPLETION } from '../../../src/runtime/containers/labels.js';

/** One runtime as the suite drives it. */
export interface Subject {
  /** A runtime object on the same state each time: a second one adopts what the first one started. */
  make(): Promise<ContainerRuntime>;
  /** What to run: on this machine or in this image. */
  readonly image: string;
}

/** What a runtime can do; the parts of the contract that it cannot hold are not asked of it. */
export interface Abilities {
  /** Commands really run and say something. */
  readonly executes: boolean;
  /** A terminal is a terminal. */
  readonly terminals: boolean;
  /** Images are looked for, and may be missing. */
  readonly images: boolean;
}

export const signal: AbortSignal = new AbortController().signal;

export const sandboxConfig = (changes: Partial<SandboxConfig> = {}): SandboxConfig => ({
  podName: 'web',
  podNamespace: 'conformance',
  podUid: randomUUID(),
  attempt: 0,
  hostname: 'web-0',
  labels: { app: 'web' },
  annotations: { note: 'with "quotes" and\nlines' },
  hostNetwork: false,
  hostPid: false,
  hostIpc: false,
  sharePid: false,
  dns: { servers: [], searches: [], options: [] },
  hostAliases: [],
  ports: [],
  sysctls: {},
  ...changes,
});

export const containerConfig = (
  imageId: string,
  command: readonly string[],
  changes: Partial<ContainerConfig> = {},
): ContainerConfig => ({
  name: 'main',
  attempt: 0,
  imageId,
  image: imageId,
  command,
  args: [],
  env: [],
  mounts: [],
  labels: {},
  annotations: {},
  resources: {},
  stdin: false,
  stdinOnce: false,
  tty: false,
  security: {
    privileged: false,
    readOnlyRootFilesystem: false,
    allowPrivilegeEscalation: true,
    supplementalGroups: [],
    addCapabilities: [],
    dropCapabilities: [],
  },
  ...changes,
});

export const SLEEP = ['sh', '-c', 'trap "exit 0" TERM; echo up; while :; do sleep 1 & wait $!; done'];

/** A pod of the suite, cleaned up after the test. */
export interface Pod {
  readonly config: SandboxConfig;
  readonly sandbox: Sandbox;
  /** Creates and starts a container; returns its id. */
  run(command: readonly string[], changes?: Partial<ContainerConfig>): Promise<string>;
  /** Resolves with the status when the container has ended. */
  ended(id: string): Promise<ContainerStatus>;
}

/** Waits for an event, then looks; as a kubelet does. */
export const untilEnded = async (runtime: ContainerRuntime, id: string): Promise<ContainerStatus> => {
  const stop = new AbortController();
  const events = runtime.events(stop.signal)[Symbol.asyncIterator]();
  try {
    let next = events.next();
    for (;;) {
      const status = await runtime.containerStatus(id, signal);
      assert.ok(status !== undefined, `container ${id} is gone`);
      if (status.state === 'exited') return status;
      // An event may come before this reader has its connection: look again after a while, too.
      const turn = new Promise<'look'>((resolve) => setTimeout(() => resolve('look'), 300).unref());
      if ((await Promise.race([next, turn])) !== 'look') next = events.next();
    }
  } finally {
    stop.abort();
  }
};

export const textOf = async (stream: AsyncIterable<Buffer | string>): Promise<string> => {
  let text = '';
  for await (const chunk of stream) text += chunk.toString();
  return text;
};

/** Resolves when a container has said something: SLEEP has come to its trap then. */
export const untilUp = async (runtime: ContainerRuntime, id: string): Promise<void> => {
  const enough = new AbortController();
  const log = await runtime.logs(id, { follow: true, timestamps: false, stream: 'all' }, enough.signal);
  await once(log, 'data');
  enough.abort();
  log.resume();
};

const LOGS = { follow: false, timestamps: false, stream: 'all' } as const;

/** What every runtime does. */
export const describeRuntime = (
  name: string,
  abilities: Abilities,
  prepare: (context: Mocha.Context) => Promise<Subject>,
): void => {
  describe(`${name} runtime`, function () {
    this.timeout(60_000);
    let subject: Subject;
    let runtime: ContainerRuntime;
    let imageId: string;
    let made: Sandbox[] = [];

    before(async function () {
      subject = await prepare(this);
      runtime = await subject.make();
      const image = await runtime.imageStatus(subject.image, signal);
      assert.ok(image !== undefined);
      imageId = image.id;
    });

    afterEach(async () => {
      for (const sandbox of made) {
        await runtime.stopPodSandbox(sandbox.id, signal);
        await runtime.removePodSandbox(sandbox.id, signal);
      }
      made = [];
    });

    after(async () => {
      await runtime?.close();
    });

    const makePod = async (changes: Partial<SandboxConfig> = {}): Promise<Pod> => {
      const config = sandboxConfig(changes);
      const sandbox = await runtime.runPodSandbox(config, signal);
      made.push(sandbox);
      return {
        config,
        sandbox,
        run: async (command, containerChanges) => {
          const container = containerConfig(imageId, command, containerChanges);
          const id = await runtime.createContainer(sandbox.id, container, config, signal);
          await runtime.startContainer(id, signal);
          return id;
        },
        ended: (id) => untilEnded(runtime, id),
      };
    };

    const executing = (title: string, test: () => Promise<void>): void => {
      if (abilities.executes) it(title, test);
    };

    it('tells its version', async () => {
      const version = await runtime.version(signal);
      assert.equal(version.runtime, runtime.name);
      assert.match(version.version, /\d/);
    });

    it('makes a sandbox, lists it with its labels and annotations, stops and removes it', async () => {
      const { sandbox, config } = await makePod();
      assert.equal(sandbox.state, 'ready');
      assert.match(sandbox.ip ?? '', /^\d+\.\d+\.\d+\.\d+$/);
      const listed = (await runtime.listPodSandboxes(signal)).find(({ id }) => id === sandbox.id);
      assert.equal(listed?.podUid, config.podUid);
      assert.equal(listed?.labels['app'], 'web');
      assert.deepEqual(listed?.annotations, config.annotations);
      await runtime.stopPodSandbox(sandbox.id, signal);
      const stopped = (await runtime.listPodSandboxes(signal)).find(({ id }) => id === sandbox.id);
      assert.equal(stopped?.state, 'notReady');
      await runtime.removePodSandbox(sandbox.id, signal);
      assert.ok(!(await runtime.listPodSandboxes(signal)).some(({ id }) => id === sandbox.id));
    });

    it('makes a sandbox once, however often it is asked to', async () => {
      const { sandbox, config } = await makePod();
      const again = await runtime.runPodSandbox(config, signal);
      assert.equal(again.id, sandbox.id);
      assert.equal(again.ip, sandbox.ip);
    });

    it('refuses to make a sandbox again that has ended, but makes the next attempt', async () => {
      const { sandbox, config } = await makePod();
      await runtime.stopPodSandbox(sandbox.id, signal);
      await assert.rejects(runtime.runPodSandbox(config, signal), { code: 'conflict' });
      const next = await runtime.runPodSandbox({ ...config, attempt: 1 }, signal);
      made.push(next);
      assert.notEqual(next.id, sandbox.id);
    });

    it('gives every pod an address of its own', async () => {
      const ips = [(await makePod()).sandbox.ip, (await makePod()).sandbox.ip, (await makePod()).sandbox.ip];
      assert.equal(new Set(ips).size, 3);
    });

    it('takes the removal and stop of what is not there for done', async () => {
      const id = 'f'.repeat(64);
      await runtime.stopContainer(id, 0, signal);
      await runtime.removeContainer(id, signal);
      await runtime.stopPodSandbox(id, signal);
      await runtime.removePodSandbox(id, signal);
      assert.equal(await runtime.containerStatus(id, signal), undefined);
    });

    it('creates, starts, stops and removes a container', async () => {
      const pod = await makePod();
      const config = containerConfig(imageId, SLEEP, { labels: { a: 'b' }, annotations: { c: 'd' } });
      const id = await runtime.createContainer(pod.sandbox.id, config, pod.config, signal);
      assert.equal((await runtime.containerStatus(id, signal))?.state, 'created');
      await runtime.startContainer(id, signal);
      const running = await runtime.containerStatus(id, signal);
      assert.equal(running?.state, 'running');
      assert.ok((running?.startedAt ?? 0) > 0);
      const listed = (await runtime.listContainers(signal)).find((container) => container.id === id);
      assert.deepEqual([listed?.name, listed?.attempt, listed?.sandboxId], ['main', 0, pod.sandbox.id]);
      assert.equal(listed?.labels['a'], 'b');
      assert.deepEqual(listed?.annotations, { c: 'd' });
      if (abilities.executes) await untilUp(runtime, id);
      await runtime.stopContainer(id, 5000, signal);
      const stopped = await runtime.containerStatus(id, signal);
      assert.equal(stopped?.state, 'exited');
      assert.equal(stopped?.exitCode, 0);
      assert.equal(stopped?.reason, 'Completed');
      assert.ok((stopped?.finishedAt ?? 0) >= (stopped?.startedAt ?? 0));
      await runtime.removeContainer(id, signal);
      assert.equal(await runtime.containerStatus(id, signal), undefined);
    });

    it('creates a container again that was never started, and refuses when it was', async () => {
      const pod = await makePod();
      const config = containerConfig(imageId, SLEEP);
      await runtime.createContainer(pod.sandbox.id, config, pod.config, signal);
      const id = await runtime.createContainer(pod.sandbox.id, config, pod.config, signal);
      await runtime.startContainer(id, signal);
      await runtime.startContainer(id, signal);
      await assert.rejects(runtime.createContainer(pod.sandbox.id, config, pod.config, signal), { code: 'conflict' });
      await runtime.stopContainer(id, 0, signal);
      await assert.rejects(runtime.startContainer(id, signal), { code: 'conflict' });
      const next = await runtime.createContainer(pod.sandbox.id, { ...config, attempt: 1 }, pod.config, signal);
      assert.notEqual(next, id);
    });

    it('ends what is expected to end', async () => {
      const pod = await makePod();
      const id = await pod.run(['true'], { annotations: { [RUNS_TO_COMPLETION]: 'true' } });
      const status = await pod.ended(id);
      assert.equal(status.exitCode, 0);
      assert.equal(status.reason, 'Completed');
    });

    it('stops every container of a sandbox with it', async () => {
      const pod = await makePod();
      const ids = [await pod.run(SLEEP), await pod.run(SLEEP, { name: 'second' })];
      await runtime.stopPodSandbox(pod.sandbox.id, signal);
      for (const id of ids) assert.equal((await runtime.containerStatus(id, signal))?.state, 'exited');
    });

    it('tells in events what starts, ends and goes', async () => {
      const pod = await makePod();
      const stop = new AbortController();
      const seen: RuntimeEvent[] = [];
      const removed = (async () => {
        for await (const event of runtime.events(stop.signal)) {
          if (event.sandboxId !== pod.sandbox.id) continue;
          seen.push(event);
          if (event.type === 'sandboxRemoved') return;
        }
      })();
      const id = await pod.run(SLEEP);
      await runtime.stopContainer(id, 0, signal);
      await runtime.removeContainer(id, signal);
      await runtime.removePodSandbox(pod.sandbox.id, signal);
      await removed;
      stop.abort();
      const types = seen.map(({ type }) => type);
      assert.deepEqual(
        types.filter((type) => type !== 'sandboxExited'),
        ['containerStarted', 'containerExited', 'containerRemoved', 'sandboxRemoved'],
      );
      assert.ok(seen.slice(0, 3).every((event) => event.containerId === id || event.type === 'sandboxExited'));
    });

    it('refuses names that no image can have', async () => {
      await assert.rejects(runtime.pullImage('Not An Image', undefined, signal), { code: 'image-name-invalid' });
      await assert.rejects(runtime.imageStatus('a//b', signal), { code: 'image-name-invalid' });
    });

    executing('adopts what runs when it is made anew: same ids, same start', async () => {
      const pod = await makePod();
      const id = await pod.run(SLEEP);
      await untilUp(runtime, id);
      const before = await runtime.containerStatus(id, signal);
      await runtime.close();
      runtime = await subject.make();
      const after = await runtime.containerStatus(id, signal);
      assert.deepEqual(after, before);
      const sandbox = (await runtime.listPodSandboxes(signal)).find((found) => found.id === pod.sandbox.id);
      assert.equal(sandbox?.state, 'ready');
      assert.equal(sandbox?.ip, pod.sandbox.ip);
      await runtime.stopContainer(id, 5000, signal);
      assert.equal((await runtime.containerStatus(id, signal))?.exitCode, 0);
    });

    executing('tells exit codes and signals', async () => {
      const pod = await makePod();
      const failed = await pod.ended(await pod.run(['sh', '-c', 'exit 42']));
      assert.deepEqual([failed.exitCode, failed.reason], [42, 'Error']);
      const killed = await pod.ended(await pod.run(['sh', '-c', 'kill -9 $$; sleep 0.2'], { attempt: 1 }));
      // A shell that is process 1 of its own namespace cannot kill itself; whoever sent it, 137 is the answer.
      if (killed.exitCode !== 0) assert.equal(killed.exitCode, 137);
    });

    executing('says that a program cannot be run', async () => {
      const pod = await makePod();
      await assert.rejects(pod.run(['/no/such/program']), { code: 'start-failed' });
      const status = (await runtime.listContainers(signal)).find(({ sandboxId }) => sandboxId === pod.sandbox.id);
      const found = await runtime.containerStatus(status?.id ?? '', signal);
      assert.equal(found?.state, 'exited');
      assert.equal(found?.reason, 'ContainerCannotRun');
      assert.notEqual(found?.exitCode, 0);
    });

    executing('gives command, args, environment and working directory', async () => {
      const pod = await makePod();
      const id = await pod.run(['sh', '-c'], {
        args: ['echo "$GREETING from $(pwd)"'],
        env: [{ name: 'GREETING', value: 'hello = $world' }],
        workingDir: '/tmp',
      });
      await pod.ended(id);
      const text = await textOf(await runtime.logs(id, LOGS, signal));
      assert.equal(text, 'hello = $world from /tmp\n');
    });

    executing('keeps the log by stream, with tail, since, limit and timestamps', async () => {
      const pod = await makePod();
      const id = await pod.run(['sh', '-c', 'echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three; printf four']);
      await pod.ended(id);
      const log = async (changes: object): Promise<string> =>
        textOf(await runtime.logs(id, { ...LOGS, ...changes }, signal));
      assert.equal((await log({})).trimEnd(), 'one\ntwo\nthree\nfour');
      assert.equal((await log({ stream: 'stdout' })).trimEnd(), 'one\nthree\nfour');
      assert.equal(await log({ stream: 'stderr' }), 'two\n');
      assert.equal((await log({ tailLines: 2 })).trimEnd(), 'three\nfour');
      assert.equal(await log({ tailLines: 0 }), '');
      assert.equal(await log({ limitBytes: 5 }), 'one\nt');
      const stamped = (await log({ timestamps: true })).trimEnd().split('\n');
      for (const line of stamped) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (one|two|three|four)$/);
      const third = Date.parse(stamped[2]?.split(' ')[0] ?? '');
      assert.equal((await log({ since: third })).trimEnd(), 'three\nfour');
      assert.equal(await log({ since: Date.now() + 60_000 }), '');
    });

    executing('follows the log to the end of the container', async () => {
      const pod = await makePod();
      const id = await pod.run(['sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 0.2; done']);
      const text = await textOf(await runtime.logs(id, { ...LOGS, follow: true }, signal));
      assert.equal(text, 'line 1\nline 2\nline 3\n');
    });

    executing('stops to follow a log when nobody wants it any more', async () => {
      const pod = await makePod();
      const id = await pod.run(['sh', '-c', 'echo ready; while :; do sleep 1; done']);
      const enough = new AbortController();
      const stream = await runtime.logs(id, { ...LOGS, follow: true }, enough.signal);
      const [first] = (await once(stream, 'data')) as [Buffer];
      assert.equal(first.toString(), 'ready\n');
      const closed = once(stream, 'close');
      enough.abort();
      stream.resume();
      await closed;
    });

    executing('passes long lines and bytes that are no text', async () => {
      const pod = await makePod();
      const id = await pod.run(['sh', '-c', 'head -c 50000 /dev/zero | tr "\\0" x; echo; printf "a\\303\\244b\\n"']);
      await pod.ended(id);
      const text = await textOf(await runtime.logs(id, LOGS, signal));
      assert.equal(text, `${'x'.repeat(50_000)}\naäb\n`);
    });

    executing('runs a command in a container and tells both outputs and the exit code', async () => {
      const pod = await makePod();
      const id = await pod.run(SLEEP, { env: [{ name: 'A', value: 'b' }] });
      const result = await runtime.execSync(id, ['sh', '-c', 'echo out $A; echo err >&2; exit 7'], 10_000, signal);
      assert.equal(result.exitCode, 7);
      assert.equal(Buffer.from(result.stdout).toString(), 'out b\n');
      assert.equal(Buffer.from(result.stderr).toString(), 'err\n');
      assert.equal((await runtime.containerStatus(id, signal))?.state, 'running');
    });

    executing('ends the wait for a command that takes too long', async () => {
      const pod = await makePod();
      const id = await pod.run(SLEEP);
      await assert.rejects(runtime.execSync(id, ['sleep', '20'], 300, signal), { code: 'timeout' });
    });

    executing('refuses to run a command in a container that has ended', async () => {
      const pod = await makePod();
      const id = await pod.run(['true']);
      await pod.ended(id);
      await assert.rejects(runtime.execSync(id, ['true'], 5000, signal), RuntimeFailure);
    });

    executing('connects the streams of a command', async () => {
      const pod = await makePod();
      const id = await pod.run(SLEEP);
      const stdin = new PassThrough();
      const stdout = new PassThrough();
      const stderr = new PassThrough();
      const command = ['sh', '-c', 'while read line; do echo "got $line"; done; echo done >&2; exit 3'];
      const exitCode = runtime.exec(id, { command, tty: false, stdin, stdout, stderr }, signal);
      stdin.write('first\n');
      stdin.end('second\n');
      assert.equal(await exitCode, 3);
      stdout.end();
      stderr.end();
      assert.equal(await textOf(stdout), 'got first\ngot second\n');
      assert.equal(await textOf(stderr), 'done\n');
    });

    const withTerminals = abilities.terminals ? it : () => undefined;
    withTerminals('gives a command a terminal of the size that is asked for', async () => {
      const pod = await makePod();
      const id = await pod.run(SLEEP);
      const stdout = new PassThrough();
      async function* sizes() {
        yield { width: 91, height: 17 };
      }
      const command = ['sh', '-c', 'sleep 0.5; stty size; exit 5'];
      assert.equal(await runtime.exec(id, { command, tty: true, stdout, resize: sizes() }, signal), 5);
      stdout.end();
      assert.equal((await textOf(stdout)).trim(), '17 91');
    });

    executing('attaches to the streams of a running container', async () => {
      const pod = await makePod();
      const command = ['sh', '-c', 'while read line; do echo "got $line"; done; echo bye'];
      const id = await pod.run(command, { stdin: true, stdinOnce: true });
      const stdin = new PassThrough();
      const stdout = new PassThrough();
      const attached = runtime.attach(id, { tty: false, stdin, stdout }, signal);
      stdin.write('hello\n');
      const [first] = (await once(stdout, 'data')) as [Buffer];
      assert.match(first.toString(), /^got hello/);
      stdin.end();
      await attached;
      assert.equal((await pod.ended(id)).exitCode, 0);
    });

    executing('asks politely, then kills after the grace period', async () => {
      const pod = await makePod();
      const id = await pod.run(['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.2; done']);
      await untilUp(runtime, id);
      const begin = Date.now();
      await runtime.stopContainer(id, 1000, signal);
      assert.ok(Date.now() - begin >= 900);
      const status = await runtime.containerStatus(id, signal);
      assert.deepEqual([status?.state, status?.exitCode], ['exited', 137]);
    });

    executing('sends the stop signal that is asked for', async () => {
      const pod = await makePod();
      const command = ['sh', '-c', 'trap "exit 11" USR1; echo up; while :; do sleep 0.1; done'];
      const id = await pod.run(command, { stopSignal: 'SIGUSR1' });
      await untilUp(runtime, id);
      await runtime.stopContainer(id, 10_000, signal);
      assert.equal((await runtime.containerStatus(id, signal))?.exitCode, 11);
    });

    executing('tells usage of running containers', async () => {
      const pod = await makePod();
      const id = await pod.run(['sh', '-c', 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; sleep 100']);
      await runtime.execSync(id, ['sleep', '1'], 5000, signal);
      const stats = (await runtime.containerStats(signal)).find(({ containerId }) => containerId === id);
      assert.ok(stats !== undefined);
      assert.ok(stats.cpuUsageNanoseconds > 0);
      assert.ok(stats.memoryWorkingSetBytes > 10_000);
    });

    executing('tells the end of a container that ended while nobody looked', async () => {
      const pod = await makePod();
      const id = await pod.run(['sh', '-c', 'sleep 0.5; echo last words; exit 9']);
      await runtime.close();
      await new Promise((resolve) => setTimeout(resolve, 1200));
      runtime = await subject.make();
      const status = await runtime.containerStatus(id, signal);
      assert.deepEqual([status?.state, status?.exitCode], ['exited', 9]);
      assert.equal(await textOf(await runtime.logs(id, LOGS, signal)), 'last words\n');
    });

    const withImages = abilities.images ? it : () => undefined;
    withImages('says that an image is missing', async () => {
      assert.equal(await runtime.imageStatus('fairlead.test/missing:1', signal), undefined);
      const pod = await makePod();
      const config = containerConfig('fairlead.test/missing:1', ['true']);
      await assert.rejects(runtime.createContainer(pod.sandbox.id, config, pod.config, signal), {
        code: 'image-not-found',
      });
    });
  });
};
