import { skipWithout } from '../../components/components.js';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { getuid } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import pino from 'pino';
import { systemClock } from '../../../src/objects/clock.js';
import type { ContainerRuntime, SandboxConfig } from '../../../src/runtime/containers/container-runtime.js';
import { createDockerRuntime } from '../../../src/runtime/containers/docker/docker-runtime.js';
import { SANDBOX_IMAGE } from '../../../src/runtime/containers/docker/sandbox-image.js';
import { BUSYBOX_IMAGE, DOCKER_SOCKET, HTTPD_IMAGES, makeTestImages, realDocker } from '../../components/images.js';
import {
  containerConfig,
  describeRuntime,
  sandboxConfig,
  signal,
  SLEEP,
  textOf,
  untilEnded,
} from './runtime-contract.js';

const log = pino({ level: 'silent' });
const roots: string[] = [];

const newRoot = (): string => {
  const root = mkdtempSync(join(tmpdir(), 'fairlead-docker-'));
  roots.push(root);
  return root;
};

after(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

describeRuntime('docker', { executes: true, terminals: true, images: true }, async (context) => {
  const docker = await realDocker(context);
  await makeTestImages(context, docker);
  const root = newRoot();
  const options = { socketPath: DOCKER_SOCKET, root, clock: systemClock, log };
  return {
    make: () => Promise.resolve(createDockerRuntime(options)),
    image: BUSYBOX_IMAGE,
  };
});

const LOGS = { follow: false, timestamps: false, stream: 'all' } as const;

describe('createDockerRuntime', function () {
  this.timeout(60_000);
  let docker: Docker;
  let runtime: ContainerRuntime;
  let root: string;
  let busybox: string;

  before(async function () {
    docker = await realDocker(this);
    await makeTestImages(this, docker);
    root = newRoot();
    runtime = createDockerRuntime({ socketPath: DOCKER_SOCKET, root, clock: systemClock, log });
    busybox = (await runtime.imageStatus(BUSYBOX_IMAGE, signal))?.id ?? '';
  });

  afterEach(async () => {
    for (const { id } of await runtime.listPodSandboxes(signal)) await runtime.removePodSandbox(id, signal);
  });

  after(async () => {
    await runtime?.close();
  });

  const pod = async (changes: Partial<SandboxConfig> = {}) => {
    const config = sandboxConfig(changes);
    const sandbox = await runtime.runPodSandbox(config, signal);
    const run = async (container: Parameters<ContainerRuntime['createContainer']>[1]) => {
      const id = await runtime.createContainer(sandbox.id, container, config, signal);
      await runtime.startContainer(id, signal);
      return id;
    };
    return { config, sandbox, run };
  };

  /** A connection to a port of the pod, as soon as the program in it listens. */
  const connectTo = async (sandboxId: string, port: number): Promise<Duplex> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await runtime.portForward(sandboxId, port, signal);
      } catch (error) {
        if (attempt === 100) throw error;
        await systemClock.sleep(50);
      }
    }
  };

  const outputOf = async (id: string): Promise<string> => {
    await untilEnded(runtime, id);
    return textOf(await runtime.logs(id, LOGS, signal));
  };

  it('makes the sandbox image itself, without pulling anything', async () => {
    await docker.getImage(SANDBOX_IMAGE).remove({ force: true });
    const { sandbox } = await pod();
    assert.equal(sandbox.state, 'ready');
    assert.ok((await docker.getImage(SANDBOX_IMAGE).inspect()).Size < 200);
  });

  it('names and labels containers as kubelets on Docker do', async () => {
    const { sandbox, run, config } = await pod();
    const id = await run(containerConfig(busybox, SLEEP));
    const info = await docker.getContainer(id).inspect();
    assert.equal(info.Name, `/k8s_main_web_conformance_${config.podUid}_0`);
    assert.equal(info.Config.Labels['io.kubernetes.sandbox.id'], sandbox.id);
    assert.equal(info.Config.Labels['io.kubernetes.docker.type'], 'container');
    const parent = await docker.getContainer(sandbox.id).inspect();
    assert.equal(parent.Name, `/k8s_POD_web_conformance_${config.podUid}_0`);
  });

  it('gives the containers of a pod one network, and one process table when they share it', async () => {
    const { run, sandbox } = await pod({ sharePid: true });
    await run(containerConfig(busybox, ['httpd', '-f', '-p', '8080', '-h', '/etc'], { name: 'server' }));
    const client = ['sh', '-c', 'wget -qO- http://127.0.0.1:8080/passwd; ps | grep -c "[h]ttpd"; hostname'];
    const text = await outputOf(await run(containerConfig(busybox, client, { name: 'client' })));
    assert.match(text, /^root:x:0:0/);
    assert.ok(text.endsWith('1\nweb-0\n'), text);
    assert.ok(sandbox.ip !== undefined);
  });

  it('reaches other pods by address', async () => {
    const server = await pod({ podName: 'server' });
    const image = (await runtime.imageStatus(HTTPD_IMAGES[0], signal))?.id ?? '';
    await server.run(containerConfig(image, []));
    (await connectTo(server.sandbox.id, 8080)).destroy();
    const client = await pod({ podName: 'client' });
    const command = ['wget', '-qO-', `http://${server.sandbox.ip}:8080/`];
    assert.equal(await outputOf(await client.run(containerConfig(busybox, command))), 'version 1\n');
  });

  it('writes resolv.conf and hosts as the pod says', async () => {
    const { run } = await pod({
      dns: { servers: ['10.96.0.10'], searches: ['shop.svc.cluster.local', 'svc.cluster.local'], options: ['ndots:5'] },
      hostAliases: [{ ip: '192.0.2.7', hostnames: ['legacy', 'old.example'] }],
    });
    const text = await outputOf(await run(containerConfig(busybox, ['cat', '/etc/resolv.conf', '/etc/hosts'])));
    assert.match(text, /^search shop\.svc\.cluster\.local svc\.cluster\.local$/m);
    assert.match(text, /^nameserver 10\.96\.0\.10$/m);
    assert.match(text, /^options ndots:5$/m);
    assert.match(text, /^192\.0\.2\.7\s+legacy$/m);
    assert.match(text, /^192\.0\.2\.7\s+old\.example$/m);
  });

  it('mounts folders and files, read-only where it is said', async () => {
    const folder = newRoot();
    writeFileSync(join(folder, 'in'), 'from outside\n');
    const message = join(folder, 'message');
    const { run } = await pod();
    const id = await run(
      containerConfig(
        busybox,
        ['sh', '-c', 'cat /in/in; echo x > /in/no; echo y > /out/yes; echo bye > /dev/termination-log'],
        {
          mounts: [
            { hostPath: folder, containerPath: '/in', readOnly: true, propagation: 'private' },
            { hostPath: folder, containerPath: '/out', readOnly: false, propagation: 'private' },
          ],
          terminationMessage: { hostPath: message, containerPath: '/dev/termination-log' },
        },
      ),
    );
    const text = await outputOf(id);
    assert.match(text, /^from outside$/m);
    assert.match(text, /Read-only file system$/m);
    assert.equal(readFileSync(join(folder, 'yes'), 'utf8'), 'y\n');
    assert.equal(readFileSync(message, 'utf8'), 'bye\n');
  });

  it('runs as the user and with the restrictions that are asked for', async () => {
    const { run } = await pod();
    const id = await run(
      containerConfig(
        busybox,
        ['sh', '-c', 'exec 2>&1; id -u; id -g; id -G; touch /x; grep -E "NoNewPrivs|CapEff" /proc/self/status'],
        {
          security: {
            privileged: false,
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            runAsUser: 1000,
            runAsGroup: 3000,
            supplementalGroups: [2000],
            addCapabilities: [],
            dropCapabilities: ['ALL'],
          },
        },
      ),
    );
    const text = await outputOf(id);
    assert.match(text, /^1000\n3000\n3000 2000\n/);
    assert.match(text, /Read-only file system/);
    assert.match(text, /NoNewPrivs:\s+1/);
    assert.match(text, /CapEff:\s+0+\n/);
  });

  it('says that a container was killed for want of memory', async () => {
    const { run } = await pod();
    const command = ['sh', '-c', 'x=a; while :; do x=$x$x; done'];
    const id = await run(containerConfig(busybox, command, { resources: { memory: 16 * 1024 * 1024 } }));
    assert.equal((await untilEnded(runtime, id)).exitCode, 137);
    // The engine hears of it by a message of its own, which a busy machine delivers after the end of the container.
    let reason: string | undefined;
    for (let look = 0; look < 100 && reason !== 'OOMKilled'; look++) {
      if (look > 0) await delay(100);
      reason = (await runtime.containerStatus(id, signal))?.reason;
    }
    assert.equal(reason, 'OOMKilled');
  });

  it('uses the command of the image when the pod says none', async () => {
    const image = await runtime.imageStatus(HTTPD_IMAGES[1], signal);
    const { run, sandbox } = await pod();
    await run(containerConfig(image?.id ?? '', []));
    const connection = await connectTo(sandbox.id, 8080);
    connection.write('GET / HTTP/1.0\r\n\r\n');
    assert.match(await textOf(connection), /version 2\n$/);
  });

  it('forwards to a program that listens on the loopback of the pod only', async function () {
    if (getuid?.() !== 0) return skipWithout(this, 'root', 'run as root: only root may enter the network of a pod');
    const { run, sandbox } = await pod();
    await run(containerConfig(busybox, ['httpd', '-f', '-p', '127.0.0.1:8081', '-h', '/etc']));
    const connection = await connectTo(sandbox.id, 8081);
    connection.write('GET /passwd HTTP/1.0\r\n\r\n');
    assert.match(await textOf(connection), /root:x:0:0/);
    await assert.rejects(runtime.portForward(sandbox.id, 9999, signal), { code: 'unavailable' });
  });

  it('publishes host ports on loopback', async () => {
    const port = 30_000 + (process.pid % 10_000);
    const { run, sandbox } = await pod({ ports: [{ containerPort: 8080, hostPort: port, protocol: 'TCP' }] });
    const image = await runtime.imageStatus(HTTPD_IMAGES[0], signal);
    await run(containerConfig(image?.id ?? '', []));
    (await connectTo(sandbox.id, 8080)).destroy();
    const connection = connect(port, '127.0.0.1');
    connection.write('GET / HTTP/1.0\r\n\r\n');
    assert.match(await textOf(connection), /version 1\n$/);
  });

  it('sees nothing of what another node runs on the same engine', async () => {
    const { sandbox } = await pod();
    const other = createDockerRuntime({ socketPath: DOCKER_SOCKET, root: newRoot(), clock: systemClock, log });
    assert.deepEqual(await other.listPodSandboxes(signal), []);
    await other.close();
    assert.equal((await runtime.listPodSandboxes(signal))[0]?.id, sandbox.id);
  });

  it('connects to the events again when the engine went away, and misses none', async () => {
    const path = join(newRoot(), 'engine.sock');
    const connections = new Set<Socket>();
    const listen = async (): Promise<Server> => {
      const server = createServer((client) => {
        const engine = connect(DOCKER_SOCKET);
        for (const each of [client, engine]) {
          connections.add(each);
          each.on('error', () => undefined);
        }
        client.pipe(engine).pipe(client);
      });
      server.listen(path);
      await once(server, 'listening');
      return server;
    };
    let server = await listen();
    const behind = createDockerRuntime({ socketPath: path, root, clock: systemClock, log });
    const stop = new AbortController();
    const events = behind.events(stop.signal)[Symbol.asyncIterator]();
    const next = events.next();
    const { run, sandbox } = await pod();
    const id = await run(containerConfig(busybox, SLEEP));
    assert.deepEqual((await next).value, { type: 'containerStarted', sandboxId: sandbox.id, containerId: id });
    const closed = once(server, 'close');
    server.close();
    for (const connection of connections) connection.destroy();
    await closed;
    await assert.rejects(behind.listContainers(signal), { code: 'unavailable' });
    // Nobody listens while it ends.
    await runtime.stopContainer(id, 0, signal);
    const following = events.next();
    server = await listen();
    assert.deepEqual((await following).value, { type: 'containerExited', sandboxId: sandbox.id, containerId: id });
    assert.equal((await behind.containerStatus(id, signal))?.state, 'exited');
    stop.abort();
    await behind.close();
    for (const connection of connections) connection.destroy();
    server.close();
  });

  it('lists and removes images', async () => {
    await docker.getImage(BUSYBOX_IMAGE).tag({ repo: 'fairlead.test/copy', tag: '1' });
    const listed = await runtime.listImages(signal);
    assert.ok(listed.some((image) => image.tags.includes('fairlead.test/copy:1') && image.sizeBytes > 1000));
    await docker.getImage('fairlead.test/copy:1').remove();
    await runtime.removeImage('fairlead.test/missing:1', signal);
    const copies = (await runtime.listImages(signal)).flatMap((image) => image.tags);
    assert.ok(!copies.includes('fairlead.test/copy:1'));
  });

  it('says that an image cannot be pulled when its registry does not answer', async () => {
    await assert.rejects(runtime.pullImage('127.0.0.1:1/nothing:1', undefined, signal), { code: 'pull-failed' });
  });

  it('says that no engine answers', async () => {
    const socketPath = join(newRoot(), 'nobody.sock');
    const lonely = createDockerRuntime({ socketPath, root: newRoot(), clock: systemClock, log });
    await assert.rejects(lonely.listContainers(signal), { code: 'unavailable' });
    await assert.rejects(lonely.runPodSandbox(sandboxConfig(), signal), { code: 'unavailable' });
    await lonely.close();
  });
});
