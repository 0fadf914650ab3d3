import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { text } from 'node:stream/consumers';
import { KubectlUnderTest } from './kubectl-under-test.js';

/** Serves a page and 10 MB over HTTP; on the other port every connection is answered with what it says, to its end. */
const SERVER = `
  const { POD_IP: host } = process.env;
  const large = Buffer.alloc(10_000_000);
  require('http').createServer((q, a) => a.end(q.url === '/large' ? large : 'page')).listen(8080, host);
  require('net').createServer({ allowHalfOpen: true }, (s) => s.on('error', () => s.destroy()).pipe(s)).listen(9090, host);
`;

const podIp = { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } };

const POD = (name: string, container: object, more: object = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'none', ...container }], ...more },
  });

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('kubectl and much of what goes on in containers', function () {
  this.timeout(120_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.start();
    await kubectl.namespace('heavy');
    await kubectl.ok('apply -f -', { input: POD('server', { command: [execPath, '-e', SERVER], env: [podIp] }) });
    const again = POD('again', { command: ['sh', '-c', 'echo run; exit 3'] });
    await kubectl.ok('apply -f -', { input: again });
    await kubectl.ok('wait --for=condition=Ready pod/server --timeout=60s');
  });

  after(() => kubectl.stop());

  for (const websockets of ['true', 'false']) {
    const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: websockets, KUBECTL_PORT_FORWARD_WEBSOCKETS: websockets };

    describe(`websockets ${websockets}`, () => {
      it('exec takes and gives megabytes, and tells a command that its input has ended', async () => {
        const counts = ['exec', '-i', 'server', '--', 'sh', '-c', 'wc -c; echo after'];
        const said = await kubectl.ok(counts, { env, input: 'x'.repeat(5_000_000) });
        assert.match(said, /^\s*5000000\nafter$/);
        const given = await kubectl.ok('exec server -- seq 1 2000000', { env });
        assert.equal(given.length, 14_888_895);
        assert.ok(given.endsWith('\n2000000'));
      });

      it('exec ends with its command, whatever is still to be said to it', async () => {
        assert.equal(await kubectl.ok('exec -i server -- echo done', { env, input: 'x'.repeat(3_000_000) }), 'done');
        assert.equal((await kubectl.run(['exec', 'server', '--', 'sh', '-c', 'exit 9'], { env })).code, 9);
      });

      it('cp keeps every byte', async () => {
        const [sent, back] = [join(kubectl.folder, `sent-${websockets}`), join(kubectl.folder, `back-${websockets}`)];
        writeFileSync(sent, randomBytes(20_000_000));
        await kubectl.ok(`cp ${sent} server:copied-${websockets}`, { env });
        const inside = await kubectl.ok(`exec server -- sha256sum copied-${websockets}`, { env });
        assert.equal(inside.split(' ', 1)[0], digest(sent));
        await kubectl.ok(`cp server:copied-${websockets} ${back}`, { env });
        assert.equal(digest(back), digest(sent));
      });

      it('port-forward keeps many connections apart, also half-closed ones', async () => {
        const forwarding = /127\.0\.0\.1:(\d+) -> 8080[^]*127\.0\.0\.1:(\d+) -> 9090/;
        await kubectl.while(
          'port-forward server :8080 :9090',
          forwarding,
          async ([, web = '', echo = '']) => {
            const page = async (path: string): Promise<Buffer> =>
              Buffer.from(await (await fetch(`http://127.0.0.1:${web}${path}`)).arrayBuffer());
            const pages = await Promise.all(Array.from({ length: 40 }, () => page('/')));
            assert.ok(pages.every((each) => each.toString('utf8') === 'page'));
            assert.equal((await page('/large')).byteLength, 10_000_000);
            const half = connect({ host: '127.0.0.1', port: Number(echo), allowHalfOpen: true });
            half.end('all that there is');
            assert.equal(await text(half), 'all that there is');
            for (let index = 0; index < 10; index += 1) {
              const gone = connect(Number(echo), '127.0.0.1');
              gone.on('error', () => undefined);
              await once(gone, 'connect');
              gone.write('x'.repeat(100_000));
              gone.destroy();
            }
            assert.equal((await page('/')).toString('utf8'), 'page');
          },
          { env },
        );
      });
    });
  }

  it('logs of the run before', async () => {
    await kubectl.becomes('pod/again', '{{(index .status.containerStatuses 0).restartCount}}', /^[1-9]/);
    assert.equal(await kubectl.ok('logs again --previous'), 'run');
    assert.match(
      await kubectl.fails('logs server --previous'),
      /previous terminated container "main" in pod "server" not found/,
    );
  });
});
