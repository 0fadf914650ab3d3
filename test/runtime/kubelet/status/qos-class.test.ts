import assert from 'node:assert/strict';
import { qosClass } from '../../../../src/runtime/kubelet/status/qos-class.js';
import { container, podOf } from '../pods.js';

const classOf = (...all: readonly Parameters<typeof container>[1][]) =>
  qosClass(podOf({ containers: all.map((more, index) => container(`c${index}`, more)) }));

const full = { cpu: '1000m', memory: '1Gi' };

describe('qosClass', () => {
  it('is BestEffort without requests and limits', () => {
    assert.equal(classOf({}, { resources: { requests: { cpu: '0' } } }), 'BestEffort');
  });

  it('is Guaranteed when every container requests what it is limited to', () => {
    assert.equal(classOf({ resources: { limits: full } }), 'Guaranteed');
    assert.equal(classOf({ resources: { limits: full, requests: { cpu: '1', memory: '1024Mi' } } }), 'Guaranteed');
  });

  it('is Burstable otherwise', () => {
    assert.equal(classOf({ resources: { limits: full } }, {}), 'Burstable');
    assert.equal(classOf({ resources: { limits: { cpu: '1' } } }), 'Burstable');
    assert.equal(classOf({ resources: { limits: full, requests: { cpu: '500m', memory: '1Gi' } } }), 'Burstable');
  });
});
