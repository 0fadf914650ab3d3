import assert from 'node:assert/strict';
import pino from 'pino';
import { ApiError } from '../../../src/objects/api-error.js';
import type { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { createApi, type Api } from '../../../src/cluster/api/api.js';
import type { Client } from '../../../src/cluster/client/client.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';

const GROUP = 'admissionregistration.k8s.io/v1';

const CONFIG_MAPS = {
  resourceRules: [
    { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE'] },
  ],
};

const policy = (spec: object, name = 'p'): KubeObject => ({
  apiVersion: GROUP,
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name },
  spec: { matchConstraints: CONFIG_MAPS, ...spec },
});

const binding = (spec: object = {}, name = 'b'): KubeObject => ({
  apiVersion: GROUP,
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name },
  spec: { policyName: 'p', validationActions: ['Deny'], ...spec },
});

const configMap = (data: Record<string, string>, labels: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', namespace: 'default', labels },
  data,
});

describe('admission policies', () => {
  const stop = new AbortController();
  let api: Api;
  let client: Client;

  beforeEach(async () => {
    api = createApi({ store: createMemoryStore(), log: pino({ level: 'silent' }) });
    await api.start(stop.signal);
    client = api.client();
  });

  after(() => stop.abort());

  const set = async (spec: object, bound: object = {}): Promise<void> => {
    await client.create(policy(spec));
    await client.create(binding(bound));
  };

  const refusal = async (object: KubeObject): Promise<ApiError> => {
    const error: unknown = await client.create(object).then(
      () => undefined,
      (refused: unknown) => refused,
    );
    assert.ok(error instanceof ApiError, `the object was accepted: ${String(error)}`);
    return error;
  };

  const warningsOf = async (object: KubeObject): Promise<readonly string[]> => {
    const resource = api.registry.ofKind(object);
    assert.ok(resource);
    const context = {
      user: { name: 'u', groups: ['system:masters'] },
      userAgent: 't',
      signal: stop.signal,
      warnings: [],
    };
    const parameters = { dryRun: false, fieldManager: '', fieldValidation: 'Strict' as const };
    await api.pipeline.create(context, { resource, namespace: 'default' }, object, parameters);
    return context.warnings;
  };

  it('refuse what a validation does not allow, in the words of Kubernetes', async () => {
    await set({ validations: [{ expression: 'object.data.size() < 2' }] });
    await client.create(configMap({ a: 'x' }));
    const error = await refusal({ ...configMap({ a: 'x', b: 'y' }), metadata: { name: 'd', namespace: 'default' } });
    assert.equal(
      error.message,
      `configmaps "d" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.data.size() < 2`,
    );
    assert.deepEqual([error.reason, error.code], ['Invalid', 422]);
  });

  it('say what their message expressions make, with their reasons', async () => {
    await set({
      variables: [
        { name: 'count', expression: 'object.data.size()' },
        { name: 'twice', expression: 'variables.count * 2' },
      ],
      validations: [
        {
          expression: 'variables.twice < 4',
          messageExpression: "'too many in ' + object.metadata.name + ': ' + string(variables.twice)",
          reason: 'Forbidden',
        },
      ],
    });
    const error = await refusal(configMap({ a: 'x', b: 'y' }));
    assert.match(error.message, /denied request: too many in c: 4$/);
    assert.deepEqual([error.reason, error.code], ['Forbidden', 403]);
  });

  it('are about the requests that their rules, selectors and conditions choose', async () => {
    await set(
      {
        matchConstraints: { ...CONFIG_MAPS, objectSelector: { matchLabels: { check: 'yes' } } },
        matchConditions: [{ name: 'not-system', expression: "!request.userInfo.username.startsWith('system:node')" }],
        validations: [{ expression: 'false', message: 'never' }],
      },
      { matchResources: { excludeResourceRules: [{ ...CONFIG_MAPS.resourceRules[0], resourceNames: ['spared'] }] } },
    );
    await client.create(configMap({}));
    const spared = configMap({}, { check: 'yes' });
    await client.create({ ...spared, metadata: { ...spared.metadata, name: 'spared' } });
    const error = await refusal({ ...spared, metadata: { ...spared.metadata, name: 'd' } });
    assert.match(error.message, /never$/);
  });

  it('take parameters by name or by selector', async () => {
    const limits = (name: string, most: string): ConfigMap => ({
      ...configMap({ most }, { limits: 'yes' }),
      metadata: { name, namespace: 'default', labels: { limits: 'yes' } },
    });
    await client.create(limits('a', '3'));
    await client.create(limits('b', '1'));
    const spec = {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [{ expression: 'object.data.size() <= int(params.data.most)' }],
    };
    const named = { paramRef: { name: 'a', namespace: 'default', parameterNotFoundAction: 'Deny' } };
    await set(spec, named);
    await client.create(configMap({ x: '1', y: '2' }));
    const selected = { selector: { matchLabels: { limits: 'yes' } }, parameterNotFoundAction: 'Deny' };
    await client.create(binding({ paramRef: selected }, 'all'));
    const other = { ...configMap({ x: '1', y: '2' }), metadata: { name: 'd', namespace: 'default' } };
    assert.match((await refusal(other)).message, /binding 'all' denied request: failed expression/);
  });

  it('refuse or let pass when there are no parameters, as the binding says', async () => {
    const spec = {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [{ expression: 'false' }],
    };
    await set(spec, { paramRef: { name: 'none', namespace: 'default', parameterNotFoundAction: 'Allow' } });
    await client.create(configMap({}));
    await client.create(
      binding({ paramRef: { name: 'none', namespace: 'default', parameterNotFoundAction: 'Deny' } }, 'strict'),
    );
    const other = { ...configMap({}), metadata: { name: 'd', namespace: 'default' } };
    assert.match(
      (await refusal(other)).message,
      /binding 'strict' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
    );
  });

  it('warn instead, where their binding says so', async () => {
    await set({ validations: [{ expression: 'false', message: 'mind' }] }, { validationActions: ['Warn', 'Audit'] });
    assert.deepEqual(await warningsOf(configMap({})), [
      "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': mind",
    ]);
  });

  it('fail as their failure policy says when they cannot be evaluated', async () => {
    await set({ validations: [{ expression: "object.data.missing == 'x'" }] });
    const error = await refusal(configMap({ a: 'x' }));
    assert.match(error.message, /expression 'object.data.missing == 'x'' resulted in error: no such key: missing$/);
    await client.patch(
      { apiVersion: GROUP, kind: 'ValidatingAdmissionPolicy' },
      { name: 'p' },
      {
        type: 'merge',
        body: { spec: { failurePolicy: 'Ignore' } },
      },
    );
    await client.create(configMap({ a: 'x' }));
  });

  it('see the old object, the namespace and what the user may do', async () => {
    await set({
      validations: [
        { expression: 'oldObject == null || object.data.a == oldObject.data.a', message: 'a is immutable' },
        { expression: "namespaceObject.metadata.name == 'default'", message: 'wrong namespace' },
        { expression: "authorizer.requestResource.check('delete').allowed()", message: 'may not delete' },
        {
          expression: "authorizer.group('').resource('pods').namespace('x').check('get').allowed()",
          message: 'no pods',
        },
        { expression: "!authorizer.serviceAccount('default', 'nobody').path('/metrics').check('get').allowed()" },
      ],
    });
    await client.create(configMap({ a: '1' }));
    const changed = client.patch(
      { apiVersion: 'v1', kind: 'ConfigMap' },
      { namespace: 'default', name: 'c' },
      {
        type: 'merge',
        body: { data: { a: '2' } },
      },
    );
    await assert.rejects(changed, /a is immutable$/);
  });

  it('reach objects in other versions unless the versions must match exactly', async () => {
    const rules = {
      resourceRules: [
        {
          apiGroups: ['autoscaling'],
          apiVersions: ['v1'],
          resources: ['horizontalpodautoscalers'],
          operations: ['CREATE'],
        },
      ],
    };
    await set({
      matchConstraints: rules,
      validations: [{ expression: 'object.spec.targetCPUUtilizationPercentage < 50', message: 'too lazy' }],
    });
    const autoscaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h', namespace: 'default' },
      spec: {
        maxReplicas: 2,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
        ],
      },
    };
    assert.match((await refusal(autoscaler)).message, /too lazy$/);
    await client.patch(
      { apiVersion: GROUP, kind: 'ValidatingAdmissionPolicy' },
      { name: 'p' },
      {
        type: 'merge',
        body: { spec: { matchConstraints: { matchPolicy: 'Exact' } } },
      },
    );
    await client.create(autoscaler);
  });

  it('never keep anybody from mending policies', async () => {
    await set({
      matchConstraints: {
        resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*'] }],
      },
      validations: [{ expression: 'false' }],
    });
    assert.match((await refusal(configMap({}))).message, /denied request/);
    await client.delete({ apiVersion: GROUP, kind: 'ValidatingAdmissionPolicyBinding' }, { name: 'b' });
    await client.create(configMap({}));
  });

  const wrong: readonly (readonly [string, object, RegExp])[] = [
    [
      'an expression that does not compile',
      { validations: [{ expression: 'object.' }] },
      /spec\.validations\[0\]\.expression: Invalid value: "object\.": compilation failed: ERROR: <input>:1:8: Syntax error: no viable alternative at input '\.'/,
    ],
    [
      'an expression of the wrong type',
      { validations: [{ expression: '1 + 1' }] },
      /spec\.validations\[0\]\.expression: Invalid value: "1 \+ 1": must evaluate to bool but got int$/,
    ],
    [
      'parameters without their kind',
      { validations: [{ expression: 'params.x == 1' }] },
      /undeclared reference to 'params' \(in container ''\)/,
    ],
    [
      'a variable before it is declared',
      { variables: [{ name: 'a', expression: 'variables.b' }], validations: [{ expression: 'variables.a == 1' }] },
      /spec\.variables\[0\]\.expression: Invalid value: "variables\.b": compilation failed: ERROR: <input>:1:10: undefined field 'b'/,
    ],
    [
      'nothing to validate',
      {},
      /spec\.validations: Required value: validations or auditAnnotations must contain at least one item/,
    ],
    [
      'an unknown reason',
      { validations: [{ expression: 'true', reason: 'Odd' }] },
      /spec\.validations\[0\]\.reason: Unsupported value: "Odd": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"/,
    ],
  ];
  for (const [what, spec, expected] of wrong)
    it(`are refused with ${what}`, async () => assert.match((await refusal(policy(spec))).message, expected));

  it('are refused when their binding both denies and warns', async () => {
    assert.match(
      (await refusal(binding({ validationActions: ['Deny', 'Warn'] }))).message,
      /spec\.validationActions: Invalid value: \["Deny","Warn"\]: must not contain both Deny and Warn/,
    );
  });
});
