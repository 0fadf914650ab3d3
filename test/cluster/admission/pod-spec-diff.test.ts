import assert from 'node:assert/strict';
import { podSpecDiff } from '../../../src/cluster/admission/validation/pod-spec-diff.js';

describe('podSpecDiff', () => {
  const spec = (name: string, more: object = {}) => ({ containers: [{ name, image: 'i' }], ...more });

  it('shows the form in which Kubernetes holds a pod, with three lines around each change', () => {
    assert.equal(
      podSpecDiff(spec('b'), spec('a')),
      [
        '@@ -3,7 +3,7 @@',
        '  "InitContainers": null,',
        '  "Containers": [',
        '   {',
        '-   "Name": "a",',
        '+   "Name": "b",',
        '    "Image": "i",',
        '    "Command": null,',
        '    "Args": null,',
        '',
      ].join('\n'),
    );
  });

  it('has what a pod shares with its node in the security context', () => {
    const shared = podSpecDiff(
      spec('a', { securityContext: {}, hostNetwork: true }),
      spec('a', { securityContext: {} }),
    );
    assert.match(shared, /"SecurityContext": \{\n- {2}"HostNetwork": false,\n\+ {2}"HostNetwork": true,/);
  });

  it('is empty for equal specs', () => {
    assert.equal(podSpecDiff(spec('a'), spec('a')), '');
  });
});
