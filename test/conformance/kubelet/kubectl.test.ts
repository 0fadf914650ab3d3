import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ExecFileException } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiServer } from '../../../src/cluster/api/http/server.js';
import { startApiServer } from '../../../src/cluster/api/http/server.js';
import { createAuthority, issueCertificate } from '../../../src/cluster/auth/certificates.js';
import { systemClock } from '../../../src/objects/clock.js';
import { createProcessRuntime } from '../../../src/runtime/containers/process/process-runtime.js';
import { realTool } from '../../components/components.js';
import type { TestCluster } from '../../runtime/kubelet/test-cluster.js';
import { ADMIN_TOKEN, isReady, log } from '../../runtime/kubelet/test-cluster.js';
import { FOREVER, realCluster, removeAllPods, sh } from './kubelet-contract.js';

const IMAGE = 'anything:1';
const SERVER = `require('node:http').createServer((q, r) => r.end('hello ' + q.url)).listen(8080, process.env.HOST)`;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('kubectl with streams of a kubelet', function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  let api: ApiServer;
  let kubectl: string;
  let kubeconfig: string;

  before(async () => {
    kubectl = await realTool('kubectl');
    const authority = await createAuthority(Date.now());
    const leaf = { commonName: 'fairlead', hosts: ['127.0.0.1'], use: 'server' } as const;
    const certificate = await issueCertificate(authority, leaf, Date.now());
    const token = 'the-kubelet-token';
    const runtime = {
      make: (folder: string) => createProcessRuntime({ root: `${folder}/runtime`, clock: systemClock, log }),
      image: IMAGE,
      limitsMemory: false,
    };
    const tls = { cert: certificate.certificate, key: certificate.key };
    const kubelets = { token, authority: authority.certificate };
    cluster = await realCluster(runtime, { host: '127.0.0.1', port: 0, tls, token }, kubelets);
    const options = { api: cluster.api, log, authority: authority.certificate, certificate };
    api = await startApiServer(options, { host: '127.0.0.1', port: 0 });
    kubeconfig = join(cluster.folder, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          {
            name: 'c',
            cluster: {
              server: api.url,
              'certificate-authority-data': Buffer.from(authority.certificate).toString('base64'),
            },
          },
        ],
        users: [{ name: 'u', user: { token: ADMIN_TOKEN } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    );
    await cluster.run('web', {
      terminationGracePeriodSeconds: 1,
      containers: [
        sh(IMAGE, `echo one; echo two; ${FOREVER}`),
        {
          name: 'server',
          image: IMAGE,
          command: [execPath, '-e', SERVER],
          readinessProbe: { httpGet: { port: 8080, path: '/ready' } },
        },
        { name: 'reader', image: IMAGE, stdin: true, command: ['/bin/cat'] },
      ],
    });
    await cluster.until('web', isReady);
  });

  after(async () => {
    if (cluster === undefined) return;
    await removeAllPods(cluster);
    await api?.close();
    await cluster.stop();
  });

  const run = (args: readonly string[], input = '', more: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    new Promise((resolve) => {
      const options = {
        env: { ...env, ...more, KUBECONFIG: kubeconfig },
        timeout: 20_000,
        maxBuffer: 16 * 1024 * 1024,
      };
      const child = execFile(kubectl, args, options, (error: ExecFileException | null, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
      });
      child.stdin?.end(input);
    });

  const protocols = [
    ['WebSockets', {}],
    ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }],
  ] as const;

  it('prints logs', async () => {
    assert.equal((await run(['logs', 'web', '-c', 'c'])).stdout, 'one\ntwo\n');
    assert.equal((await run(['logs', 'web', '-c', 'c', '--tail=1'])).stdout, 'two\n');
    const previous = await run(['logs', 'web', '-c', 'c', '--previous']);
    assert.equal(previous.code, 1);
    assert.match(previous.stderr, /previous terminated container "c" in pod "web" not found/);
  });

  for (const [protocol, settings] of protocols) {
    it(`runs commands over ${protocol}`, async () => {
      const script = 'echo out; echo err >&2; exit 5';
      const ended = await run(['exec', 'web', '-c', 'c', '--', '/bin/sh', '-c', script], '', settings);
      assert.equal(ended.stdout, 'out\n');
      assert.equal(ended.stderr, 'err\ncommand terminated with exit code 5\n');
      assert.equal(ended.code, 5);
    });

    it(`passes a large input through a command over ${protocol}`, async () => {
      const input = randomBytes(1_000_000).toString('base64');
      const ended = await run(['exec', '-i', 'web', '-c', 'c', '--', 'cat'], input, settings);
      assert.equal(ended.code, 0);
      assert.equal(ended.stdout === input, true);
    });

    it(`attaches to a running container over ${protocol}`, async () => {
      const child = spawn(kubectl, ['attach', '-i', 'web', '-c', 'reader'], {
        env: { ...env, ...settings, KUBECONFIG: kubeconfig },
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      let seen = '';
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString('utf8');
      });
      for (let tries = 0; tries < 100 && !seen.includes('typed'); tries += 1) {
        child.stdin.write('typed\n');
        await delay(100);
      }
      child.kill();
      assert.match(seen, /typed/);
    });

    it(`forwards a port over ${protocol}`, async () => {
      const child = spawn(kubectl, ['port-forward', 'pod/web', ':8080', '--address=127.0.0.1'], {
        env: { ...env, ...settings, KUBECONFIG: kubeconfig },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const port = await new Promise<string>((resolve, reject) => {
        let text = '';
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString('utf8');
          const found = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
          if (found !== undefined) resolve(found);
        });
        child.once('exit', () => reject(new Error(`kubectl ended: ${text}`)));
      });
      const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => fetchText(port, `/${index}`)));
      child.kill();
      assert.deepEqual(
        answers,
        Array.from({ length: 10 }, (_, index) => `hello /${index}`),
      );
    });

    it(`copies files over ${protocol}`, async () => {
      const from = join(cluster.folder, 'from');
      const into = join(cluster.folder, `into-${protocol}`);
      const back = join(cluster.folder, `back-${protocol}`);
      writeFileSync(from, randomBytes(2_000_000));
      mkdirSync(into);
      const sent = await run(['cp', from, `web:${into}/copy`, '-c', 'c'], '', settings);
      assert.equal(sent.code, 0, sent.stderr);
      const fetched = await run(['cp', `web:${into}/copy`, back, '-c', 'c'], '', settings);
      assert.equal(fetched.code, 0, fetched.stderr);
      assert.equal(readFileSync(back).equals(readFileSync(from)), true);
      rmSync(into, { recursive: true });
    });
  }

  it('follows a log until the pod ends', async () => {
    await cluster.run('short', {
      restartPolicy: 'Never',
      containers: [sh(IMAGE, 'for i in 1 2 3; do echo line $i; sleep 0.3; done')],
    });
    await cluster.until('short', ({ status }) => status?.phase === 'Running');
    const ended = await run(['logs', '-f', 'short']);
    assert.equal(ended.stdout, 'line 1\nline 2\nline 3\n');
    assert.equal(ended.code, 0);
  });

  it('shows the log of the run before', async () => {
    await cluster.run('again', { containers: [sh(IMAGE, 'echo run; exit 1')] });
    await cluster.until('again', ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1);
    await cluster.until('again', ({ status }) => status?.containerStatuses?.[0]?.state?.waiting !== undefined);
    assert.equal((await run(['logs', 'again', '--previous'])).stdout, 'run\n');
    const pods = await run(['get', 'pod', 'again', '--no-headers']);
    assert.match(pods.stdout, /^again\s+0\/1\s+CrashLoopBackOff\s+1 \(/);
  });

  it('says that a container has not started yet', async () => {
    const valueFrom = { configMapKeyRef: { name: 'none', key: 'a' } };
    await cluster.run('unstarted', { containers: [sh(IMAGE, 'true', { env: [{ name: 'A', valueFrom }] })] });
    const reason = 'CreateContainerConfigError';
    await cluster.until('unstarted', ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === reason);
    const ended = await run(['logs', 'unstarted']);
    assert.equal(
      ended.stderr,
      'Error from server (BadRequest): container "c" in pod "unstarted" is waiting to start: CreateContainerConfigError\n',
    );
  });
});

const fetchText = (port: string, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = get({ host: '127.0.0.1', port, path, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      answer.on('end', () => resolve(text));
    });
    sent.on('error', reject);
  });
