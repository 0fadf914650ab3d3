import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startGitServer } from '../components/git-server.js';
import { fairlead } from './fairlead.js';

const run = promisify(execFile);

describe('the commands', function () {
  this.timeout(60_000);

  it('say what went wrong on stderr, with an exit status of its own for wrong usage', async () => {
    for (const args of [
      ['nonsense'],
      ['app', 'list', '--nonsense'],
      ['app', 'get'],
      ['up', '--nodes', 'many'],
      ['up', '--runtime', 'x'],
    ]) {
      const { status, stdout, stderr } = await fairlead(args);
      assert.equal(status, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, /error: /);
    }
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-none-'));
    const missing = await fairlead(['app', 'list', '--data-dir', folder]);
    assert.deepEqual([missing.status, missing.stdout], [1, '']);
    assert.match(missing.stderr, /There is no server in .*; start one with: fairlead up --data-dir/);
    rmSync(folder, { recursive: true });
  });

  it('fetch what a kustomization names elsewhere', async () => {
    const server = await startGitServer();
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-remote-'));
    try {
      const bases = await server.createRepository('bases');
      const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n';
      await bases.commit({ 'b/kustomization.yaml': 'resources: [a.yaml]\n', 'b/a.yaml': config });
      writeFileSync(join(folder, 'kustomization.yaml'), `resources: ["${bases.url}//b"]\n`);
      assert.deepEqual(await fairlead(['kustomize', folder]), { status: 0, stdout: config, stderr: '' });
    } finally {
      await server.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('describe themselves with examples', async () => {
    const { status, stdout } = await fairlead(['--help']);
    assert.equal(status, 0);
    for (const name of ['up', 'demo', 'app', 'template', 'kustomize', 'kubeconfig', 'version']) {
      assert.match(stdout, new RegExp(`^  ${name}\\b`, 'm'));
    }
    assert.match(stdout, /Examples:/);
  });

  it('give their results to machines', async () => {
    const { stdout } = await fairlead(['version', '--output', 'json']);
    assert.equal((JSON.parse(stdout) as { kubernetes: string }).kubernetes, 'v1.35.2');
  });

  it('complete in bash: commands, subcommands and options', async () => {
    const { stdout: script } = await fairlead(['completion', 'bash']);
    const complete = async (...words: string[]): Promise<string[]> => {
      const ask = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fairlead; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return (await run('bash', ['-c', ask, 'bash', 'fairlead', ...words])).stdout
        .split('\n')
        .filter((word) => word !== '');
    };
    assert.deepEqual(await complete('kub'), ['kubeconfig']);
    assert.deepEqual(await complete('app', 'ro'), ['rollback']);
    assert.ok((await complete('app', 'sync', '--')).includes('--prune'));
    assert.ok((await complete('up', '--ru')).includes('--runtime'));
  });
});
