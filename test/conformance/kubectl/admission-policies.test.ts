import assert from 'node:assert/strict';
import { KubectlUnderTest } from './kubectl-under-test.js';

const POLICY = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: few-keys}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}
  validations:
  - expression: object.data.size() <= 1
    messageExpression: "'at most one key, not ' + string(object.data.size())"
`;

const binding = (actions: string): string => `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: few-keys}
spec:
  policyName: few-keys
  validationActions: [${actions}]
  matchResources:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: policies}}
`;

const COUNTERS = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: counters.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: counters, singular: counter, kind: Counter}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {value: {type: integer, format: int64}}
            x-kubernetes-validations:
            - {rule: "!has(oldSelf.value) || self.value >= oldSelf.value", message: never counts down}
`;

describe('kubectl with admission policies and rules', function () {
  this.timeout(120_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.start();
    await kubectl.namespace('policies');
  });

  after(() => kubectl.stop());

  it('is refused in the words of the policy, and lists it', async () => {
    await kubectl.ok('apply -f -', { input: POLICY });
    await kubectl.ok('apply -f -', { input: binding('Deny') });
    await kubectl.ok('create configmap one --from-literal=a=1');
    assert.equal(
      await kubectl.fails('create configmap two --from-literal=a=1 --from-literal=b=2'),
      `error: failed to create configmap: configmaps "two" is forbidden: ValidatingAdmissionPolicy 'few-keys' with binding 'few-keys' denied request: at most one key, not 2`,
    );
    await kubectl.ok('create configmap two --from-literal=a=1 --from-literal=b=2 -n default');
    assert.match(await kubectl.ok('get validatingadmissionpolicy'), /^few-keys +1 +<unset>/m);
  });

  it('is warned where the binding warns', async () => {
    await kubectl.ok('apply -f -', { input: binding('Warn') });
    const { code, err } = await kubectl.run('create configmap two --from-literal=a=1 --from-literal=b=2');
    assert.deepEqual(
      [code, err],
      [
        0,
        "Warning: Validation failed for ValidatingAdmissionPolicy 'few-keys' with binding 'few-keys': at most one key, not 2",
      ],
    );
  });

  it('is told where an expression is wrong', async () => {
    const wrong = POLICY.replace('object.data.size() <= 1', 'object.data.size( <= 1');
    assert.match(
      await kubectl.fails('apply -f -', { input: wrong.replace('few-keys', 'wrong') }),
      /spec\.validations\[0\]\.expression: Invalid value: .*compilation failed: ERROR: <input>:1:19: Syntax error/s,
    );
  });

  it('keeps large integers and holds rules of custom resources', async () => {
    await kubectl.ok('apply -f -', { input: COUNTERS });
    await kubectl.ok('wait --for=condition=Established crd/counters.example.com --timeout=30s');
    const counter = (value: string): string =>
      `{"apiVersion":"example.com/v1","kind":"Counter","metadata":{"name":"c"},"spec":{"value":${value}}}`;
    await kubectl.ok('apply --server-side -f -', { input: counter('9007199254740993') });
    assert.match(await kubectl.ok('get counter c -o yaml'), /value: 9007199254740993/);
    assert.match(
      await kubectl.fails('apply --server-side -f -', { input: counter('9007199254740992') }),
      /spec: Invalid value: never counts down/,
    );
  });
});
