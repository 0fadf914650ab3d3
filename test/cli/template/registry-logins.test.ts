import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loginAt } from '../../../src/cli/template/registry-logins.js';

describe('loginAt', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-logins-'));
    file = join(folder, 'config.json');
    const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') });
    const auths = { 'r.example:5000': auth('me:se:cret'), 'https://index.docker.io/v1/': auth('hub:x') };
    await writeFile(file, JSON.stringify({ auths }));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('finds what somebody logged in with', async () => {
    assert.deepEqual(await loginAt('oci://r.example:5000/charts/web:1.0.0', file), {
      username: 'me',
      password: 'se:cret',
    });
    assert.deepEqual(await loginAt('oci://registry-1.docker.io/me/web', file), { username: 'hub', password: 'x' });
  });

  it('gives no credentials to another host', async () => {
    const before = process.env['DOCKER_CONFIG'];
    process.env['DOCKER_CONFIG'] = folder;
    try {
      assert.deepEqual(await loginAt('oci://r.example/web', file), {});
      assert.deepEqual(await loginAt('oci://constructor/web', file), {});
      await writeFile(join(folder, 'broken.json'), '{');
      const { username } = await loginAt('oci://r.example:5000/web', join(folder, 'broken.json'));
      assert.equal(username, 'me');
    } finally {
      if (before === undefined) delete process.env['DOCKER_CONFIG'];
      else process.env['DOCKER_CONFIG'] = before;
    }
  });
});
