import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { createExampleRepository } from '../../src/cli/demo/example-repository.js';
import { gitEnvironment, serveGit } from '../../src/cli/demo/git-http.js';
import type { WebServer } from '../../src/cli/server/web-server.js';
import { startWebServer } from '../../src/cli/server/web-server.js';

const run = promisify(execFile);

describe('the repository of the demonstration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-demo-'));
  const pushes: string[] = [];
  let web: WebServer;

  before(async () => {
    web = await startWebServer({
      host: '127.0.0.1',
      port: 0,
      log: pino({ level: 'silent' }),
      isReady: () => true,
      routes: [
        {
          prefix: '/git/',
          handle: async (path, request, response) => {
            const { pushed } = await serveGit(join(folder, 'served'), path, request, response);
            if (pushed) pushes.push(path);
          },
        },
      ],
    });
  });
  after(async () => {
    await web.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is pushed to and cloned over HTTP, and names its own address in its applications', async () => {
    const url = `${web.url}/git/example.git`;
    const repository = await createExampleRepository(folder, url);
    await repository.push('Add everything', {});
    const commit = await repository.push('Change the page', {
      'shop/base/site/index.html': (text) => text.replace('version 1', 'version 2'),
    });
    assert.match(repository.rootManifest, new RegExp(`repoURL: ${url}\n`));
    assert.deepEqual(pushes, ['/example.git/git-receive-pack', '/example.git/git-receive-pack']);
    const clone = join(folder, 'clone');
    await run('git', ['clone', '--quiet', url, clone], { env: gitEnvironment() });
    assert.match(readFileSync(join(clone, 'shop/base/site/index.html'), 'utf8'), /version 2/);
    assert.match(readFileSync(join(clone, 'apps/greeter.yaml'), 'utf8'), new RegExp(`repoURL: ${url}\n`));
    const { stdout } = await run('git', ['rev-parse', 'HEAD'], { cwd: clone, env: gitEnvironment() });
    assert.equal(stdout.trim(), commit);
  });

  it('answers 404 for a repository that is not there', async () => {
    assert.equal((await fetch(`${web.url}/git/other.git/info/refs?service=git-upload-pack`)).status, 404);
  });
});
