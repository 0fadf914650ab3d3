import assert from 'node:assert/strict';
import { applyDefaults } from '../../../src/cluster/admission/defaulting/apply-defaults.js';
import { validateCreate, validateUpdate } from '../../../src/cluster/admission/validation/validate.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { decodeObject } from '../../../src/objects/schema/validate-fields.js';

const FLOW = 'flowcontrol.apiserver.k8s.io/v1';
const NETWORK = 'networking.k8s.io/v1';
const DEVICES = 'resource.k8s.io/v1';
const API = 'apiregistration.k8s.io/v1';

const make = (apiVersion: string, kind: string, fields: object, name = 'x'): KubeObject => {
  const metadata = { name, uid: 'u', ...(kind.startsWith('ResourceClaim') ? { namespace: 'default' } : {}) };
  return applyDefaults(decodeObject({ apiVersion, kind, metadata, ...fields }).object);
};

const problems = (...args: Parameters<typeof make>): string[] =>
  validateCreate(make(...args)).map(({ field, message }) => `${field}: ${message}`);

const rule = (more: object = {}) => ({
  subjects: [{ kind: 'User', user: { name: 'bob' } }],
  resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] }],
  ...more,
});
const schema = (rules: readonly object[], more: object = {}) => ({
  spec: { priorityLevelConfiguration: { name: 'level' }, rules, ...more },
});
const limited = (more: object) => ({
  spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' }, ...more } },
});
const request = (more: object = {}) => ({ name: 'r', exactly: { deviceClassName: 'gpu', ...more } });
const claim = (...requests: readonly object[]) => ({ spec: { devices: { requests } } });
const service = { namespace: 'default', name: 'api' };
const apiService = (more: object = {}) => ({
  spec: { group: 'example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 100, service, ...more },
});

describe('validation of less common kinds', () => {
  const good: readonly Parameters<typeof make>[] = [
    [FLOW, 'FlowSchema', schema([rule()])],
    [FLOW, 'PriorityLevelConfiguration', limited({})],
    [FLOW, 'PriorityLevelConfiguration', limited({ limitResponse: { type: 'Queue', queuing: {} } })],
    [FLOW, 'PriorityLevelConfiguration', { spec: { type: 'Exempt' } }, 'exempt'],
    [NETWORK, 'ServiceCIDR', { spec: { cidrs: ['10.9.0.0/16', 'fd00::/112'] } }],
    [
      NETWORK,
      'IPAddress',
      { spec: { parentRef: { resource: 'services', name: 'x', namespace: 'default' } } },
      '10.9.0.1',
    ],
    [DEVICES, 'DeviceClass', { spec: { selectors: [{ cel: { expression: 'true' } }] } }],
    [DEVICES, 'ResourceClaim', claim(request())],
    [DEVICES, 'ResourceClaimTemplate', { spec: claim(request({ allocationMode: 'All' })) }],
    [API, 'APIService', apiService(), 'v1.example.com'],
  ];

  for (const [apiVersion, kind, fields, name] of good) {
    it(`takes a good ${kind}${name === undefined ? '' : ` ${name}`}`, () => {
      assert.deepEqual(problems(apiVersion, kind, fields, name), []);
    });
  }

  const bad: readonly (readonly [...Parameters<typeof make>, problem: string])[] = [
    [FLOW, 'FlowSchema', schema([]), 'x', ''],
    [
      FLOW,
      'FlowSchema',
      schema([rule()], { matchingPrecedence: 1 }),
      'x',
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
    ],
    [
      FLOW,
      'FlowSchema',
      schema([rule({ subjects: [] })]),
      'x',
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
    ],
    [
      FLOW,
      'FlowSchema',
      schema([rule({ subjects: [{ kind: 'User' }] })]),
      'x',
      "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
    ],
    [
      FLOW,
      'FlowSchema',
      schema([rule({ resourceRules: [] })]),
      'x',
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
    ],
    [
      FLOW,
      'FlowSchema',
      schema([rule({ nonResourceRules: [{ verbs: ['*', 'get'], nonResourceURLs: ['/a'] }] })]),
      'x',
      `spec.rules[0].nonResourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
    ],
    [
      FLOW,
      'FlowSchema',
      schema([rule({ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['a'] }] })]),
      'x',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "a": must start with slash',
    ],
    [
      FLOW,
      'PriorityLevelConfiguration',
      { spec: { type: 'Exempt' } },
      'x',
      `spec.type: Invalid value: "Exempt": must be 'Exempt' if and only if \`name\` is 'exempt'`,
    ],
    [
      FLOW,
      'PriorityLevelConfiguration',
      { spec: { type: 'Limited' } },
      'x',
      'spec.limited: Required value: must not be empty when type is Limited',
    ],
    [
      FLOW,
      'PriorityLevelConfiguration',
      limited({ limitResponse: { type: 'Queue', queuing: { queues: 4, handSize: 8 } } }),
      'x',
      'spec.limited.limitResponse.queuing.handSize: Invalid value: 8: should not be greater than queues (4)',
    ],
    [NETWORK, 'ServiceCIDR', { spec: {} }, 'x', 'spec.cidrs: Required value: at least one CIDR required'],
    [
      NETWORK,
      'IPAddress',
      { spec: { parentRef: { resource: 'services' } } },
      '10.9.0.1',
      'spec.parentRef.name: Required value',
    ],
    [
      DEVICES,
      'ResourceClaim',
      claim({ name: 'r' }),
      'x',
      'spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
    ],
    [DEVICES, 'ResourceClaim', claim(request(), request()), 'x', 'spec.devices.requests[1].name: Duplicate value: "r"'],
    [
      DEVICES,
      'ResourceSlice',
      { spec: { driver: 'd', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } } },
      'x',
      'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
    ],
    [
      API,
      'APIService',
      apiService({ versionPriority: 0 }),
      'v1.example.com',
      'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
    ],
    [
      API,
      'APIService',
      apiService(),
      'x',
      'metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.example.com"',
    ],
  ];

  for (const [apiVersion, kind, fields, name, problem] of bad) {
    it(problem === '' ? `takes a ${kind} without rules` : problem, () => {
      assert.deepEqual(problems(apiVersion, kind, fields, name), problem === '' ? [] : [problem]);
    });
  }

  it('a ServiceCIDR gets a second family, and changes no more', () => {
    const range = (...cidrs: readonly string[]) => make(NETWORK, 'ServiceCIDR', { spec: { cidrs } });
    const change = (now: KubeObject, before: KubeObject) => validateUpdate(now, before).map(({ message }) => message);
    assert.deepEqual(change(range('10.9.0.0/16', 'fd00::/112'), range('10.9.0.0/16')), []);
    assert.deepEqual(change(range('10.8.0.0/16'), range('10.9.0.0/16')), [
      'Invalid value: "10.8.0.0/16": field is immutable',
    ]);
  });
});
