import assert from 'node:assert/strict';
import { requestLifetimeMs } from '../../../../src/cluster/controllers/certificates/request-cleaner.js';
import type { CertificateSigningRequest } from '../../../../src/objects/kinds/certificates-k8s-io-v1.js';

const request = (...types: string[]): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'r' },
  spec: { request: '', signerName: 'example.com/s', usages: [] },
  status: { conditions: types.map((type) => ({ type, status: 'True' })) },
});

describe('requestLifetimeMs', () => {
  it('is an hour for a request that is decided, a day for one that is not', () => {
    assert.deepEqual(
      [request('Approved'), request('Denied'), request()].map(requestLifetimeMs),
      [3_600_000, 3_600_000, 86_400_000],
    );
  });
});
