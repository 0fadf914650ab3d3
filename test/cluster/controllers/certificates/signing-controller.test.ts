import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createAuthority, signingAlgorithm } from '../../../../src/cluster/auth/certificates.js';
import { createSigningController } from '../../../../src/cluster/controllers/certificates/signing-controller.js';
import { SIGNERS } from '../../../../src/cluster/controllers/certificates/signers.js';
import { CertificateSigningRequest } from '../../../../src/objects/kinds/certificates-k8s-io-v1.js';
import { ClusterUnderTest } from '../cluster-under-test.js';

const requestFor = async (name: string): Promise<string> => {
  const { Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm });
  return Buffer.from(request.toString('pem')).toString('base64');
};

const approved = { type: 'Approved', status: 'True' };

describe('the signing controller', () => {
  it('signs what was approved for as long as it asks, and says why it cannot', async () => {
    const authority = await createAuthority(Date.now());
    const cluster = await ClusterUnderTest.start((deps) => [createSigningController(deps, authority)]);
    const ask = async (name: string, usages: readonly string[]): Promise<void> => {
      const made = await cluster.client.create<CertificateSigningRequest>({
        ...CertificateSigningRequest,
        metadata: { name },
        spec: {
          request: await requestFor('CN=bob,O=team'),
          signerName: 'kubernetes.io/kube-apiserver-client',
          usages,
          expirationSeconds: 3600,
        },
      });
      const status = { ...made.status, conditions: [approved] };
      await cluster.client.update({ ...made, status }, { subresource: 'approval' });
    };
    const statusOf = async (name: string) => (await cluster.client.get(CertificateSigningRequest, { name }))?.status;
    await ask('good', ['client auth']);
    await ask('wrong', ['server auth']);
    await cluster.until('signed', async () => (await statusOf('good'))?.certificate !== undefined);
    const certificate = new X509Certificate(Buffer.from((await statusOf('good'))?.certificate ?? '', 'base64'));
    assert.ok(certificate.verify(new X509Certificate(authority.certificate).publicKey));
    assert.match(certificate.subject, /O=team/);
    const lastsMs = Date.parse(certificate.validTo) - Date.parse(certificate.validFrom);
    assert.ok(lastsMs <= 3_600_000 + 301_000, String(lastsMs));
    await cluster.until('refused', async () => ((await statusOf('wrong'))?.conditions ?? []).length === 2);
    const [, failed] = (await statusOf('wrong'))?.conditions ?? [];
    assert.deepEqual(
      [failed?.type, failed?.reason, failed?.message],
      ['Failed', 'SignerValidationFailure', 'usages did not match expected usages'],
    );
    await cluster.close();
  });
});

describe('SIGNERS', () => {
  it('make certificates of kubelets for nodes only', () => {
    const serving = SIGNERS['kubernetes.io/kubelet-serving'];
    const uses = new Set(['digital signature', 'server auth']);
    const node = { commonName: 'system:node:n', organizations: ['system:nodes'] };
    const alternatives = { dns: 1, ip: 0, email: 0, url: 0 };
    assert.equal(serving?.({ ...node, alternatives }, uses), undefined);
    assert.match(serving?.({ ...node, alternatives: { ...alternatives, dns: 0 } }, uses) ?? '', /is required/);
    assert.match(serving?.({ ...node, commonName: 'bob', alternatives }, uses) ?? '', /common name/);
    assert.match(serving?.({ ...node, alternatives }, new Set(['client auth'])) ?? '', /usages/);
  });
});
