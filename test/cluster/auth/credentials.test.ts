import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCredentials } from '../../../src/cluster/auth/credentials.js';

const DAY_MS = 86_400_000;

describe('openCredentials', () => {
  let folder: string;

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'fairlead-pki-')), 'pki');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('makes certificates that its authority signed, in files for their owner only', async () => {
    const { authority, server, admin, adminToken } = await openCredentials(folder, { now: Date.now() });
    const ca = new X509Certificate(authority.certificate);
    assert.ok(new X509Certificate(server.certificate).verify(ca.publicKey));
    assert.equal(new X509Certificate(server.certificate).checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(new X509Certificate(server.certificate).checkHost('localhost'), 'localhost');
    assert.match(new X509Certificate(admin.certificate).subject, /O=system:masters/);
    assert.ok(adminToken.length >= 43);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const file of readdirSync(folder)) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  });

  it('keeps them, renews what is about to expire, and adds hosts', async () => {
    const now = Date.now();
    const first = await openCredentials(folder, { now });
    assert.deepEqual(await openCredentials(folder, { now }), first);
    const later = await openCredentials(folder, { now: now + 340 * DAY_MS });
    assert.notEqual(later.server.certificate, first.server.certificate);
    assert.equal(later.authority.certificate, first.authority.certificate);
    assert.equal(later.adminToken, first.adminToken);
    const wider = await openCredentials(folder, { now, hosts: ['10.96.0.1'] });
    assert.equal(new X509Certificate(wider.server.certificate).checkIP('10.96.0.1'), '10.96.0.1');
  });
});
