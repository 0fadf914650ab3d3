import assert from 'node:assert/strict';
import { podPolicy } from '../../../../src/cluster/admission/pod-security/policy.js';
import type { PodShape } from '../../../../src/cluster/admission/pod-security/check.js';
import { violationsOf, violationsText } from '../../../../src/cluster/admission/pod-security/violations.js';

const pod = (spec: object, annotations = {}): PodShape => ({
  metadata: { annotations },
  spec: { containers: [{ name: 'a', image: 'i' }], ...spec } as PodShape['spec'],
});

describe('violationsOf', () => {
  it('lets everything pass where everything is allowed', () => {
    assert.deepEqual(violationsOf({ level: 'privileged' }, pod({ hostPID: true })), []);
  });

  it('names what the baseline does not allow', () => {
    const found = violationsOf({ level: 'baseline' }, pod({ hostPID: true, volumes: [{ name: 'v', hostPath: {} }] }));
    assert.equal(violationsText(found), 'host namespaces (hostPID=true), hostPath volumes (volume "v")');
  });

  it('replaces checks of the baseline by stricter ones', () => {
    const found = violationsOf({ level: 'restricted' }, pod({ volumes: [{ name: 'v', hostPath: {} }] }));
    const reasons = found.map(({ reason }) => reason);
    assert.ok(reasons.includes('restricted volume types'));
    assert.ok(!reasons.includes('hostPath volumes'));
  });

  it('checks as the version that is asked for did', () => {
    const sysctl = pod({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] } });
    assert.equal(violationsOf({ level: 'baseline', minor: 31 }, sysctl).length, 1);
    assert.equal(violationsOf({ level: 'baseline', minor: 32 }, sysctl).length, 0);
    assert.equal(violationsOf({ level: 'baseline', minor: 99 }, sysctl).length, 0);
  });

  it('reads annotations where fields were not known yet', () => {
    const old = pod({}, { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' });
    assert.equal(violationsOf({ level: 'baseline', minor: 18 }, old).length, 1);
    assert.equal(violationsOf({ level: 'baseline', minor: 19 }, old).length, 0);
  });
});

describe('podPolicy', () => {
  const labels = (entries: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(entries).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]));

  it('warns of what it enforces, unless it is told otherwise', () => {
    const { policy } = podPolicy(labels({ enforce: 'restricted', 'enforce-version': 'v1.25' }));
    assert.deepEqual(policy.warn, { level: 'restricted', minor: 25 });
    const told = podPolicy(labels({ enforce: 'restricted', warn: 'privileged' }));
    assert.equal(told.policy.warn.level, 'privileged');
  });

  it('enforces most what it cannot read', () => {
    const { policy, problems } = podPolicy(labels({ enforce: 'strict', warn: 'loud' }));
    assert.equal(policy.enforce.level, 'restricted');
    assert.equal(policy.warn.level, 'privileged');
    assert.deepEqual(
      problems.map(({ field }) => field),
      ['metadata.labels[pod-security.kubernetes.io/enforce]', 'metadata.labels[pod-security.kubernetes.io/warn]'],
    );
  });
});
