import assert from 'node:assert/strict';
import type { ValidatingAdmissionPolicy } from '../../../../src/objects/kinds/admissionregistration-k8s-io-v1.js';
import { checkPolicy, kindsOf } from '../../../../src/cluster/admission/type-checking/check-policy.js';
import { builtinType, customType } from '../../../../src/cluster/admission/type-checking/kind-types.js';
import { INT, objectType, type CelType } from '../../../../src/cluster/admission/cel/types.js';

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };

const policy = (spec: Partial<ValidatingAdmissionPolicy['spec']>): ValidatingAdmissionPolicy => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'p' },
  spec: spec as ValidatingAdmissionPolicy['spec'],
});

const warningsOf = (expression: string, kind = DEPLOYMENT): readonly string[] => {
  const type = builtinType(kind) as CelType;
  return checkPolicy(policy({ validations: [{ expression }] }), [{ kind, type }], undefined).map(
    ({ warning }) => warning,
  );
};

describe('checkPolicy', () => {
  it('finds fields that the kind does not have', () => {
    assert.deepEqual(warningsOf('object.spec.foo == 1'), [
      "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'foo'\n | object.spec.foo == 1\n | ...........^\n",
    ]);
  });

  it('finds values of another type', () => {
    assert.match(warningsOf('object.spec.replicas == "1"').join(), /'_==_' applied to '\(int, string\)'/);
  });

  it('lets pass what may be either, and what fits', () => {
    assert.deepEqual(warningsOf('object.spec.strategy.rollingUpdate.maxSurge == "1"'), []);
    assert.deepEqual(warningsOf('object.metadata.creationTimestamp > timestamp("2020-01-01T00:00:00Z")'), []);
  });

  it('tells of one expression for all kinds', () => {
    const kinds = [DEPLOYMENT, { apiVersion: 'v1', kind: 'Secret' }].map((kind) => ({
      kind,
      type: builtinType(kind) as CelType,
    }));
    const checked = policy({ validations: [{ expression: 'object.foo == 1', messageExpression: '"a"' }] });
    const [warning, ...more] = checkPolicy(checked, kinds, undefined);
    assert.deepEqual(more, []);
    assert.equal(warning?.fieldRef, 'spec.validations[0].expression');
    assert.equal(warning.warning.split('undefined field').length, 3);
  });

  it('does not look into variables', () => {
    const type = builtinType(DEPLOYMENT) as CelType;
    const checked = policy({
      variables: [{ name: 'a', expression: 'object.spec.nope' }],
      validations: [{ expression: 'variables.a == 1' }],
    });
    assert.deepEqual(checkPolicy(checked, [{ kind: DEPLOYMENT, type }], undefined), []);
  });
});

describe('customType', () => {
  it('has the metadata of all objects', () => {
    const type = customType(objectType('x', new Map([['size', INT]])), 'Gizmo');
    assert.ok(type.fields?.get('metadata')?.fields?.has('labels'));
    assert.equal(type.fields?.get('size'), INT);
  });
});

describe('kindsOf', () => {
  const served = [
    { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments' },
    { apiVersion: 'v1', kind: 'Pod', resource: 'pods' },
  ];
  const rule = (apiGroups: string[], resources: string[]) => ({
    apiGroups,
    resources,
    apiVersions: ['v1'],
    operations: ['*'],
  });

  it('takes the kinds that are named, in order', () => {
    const matchConstraints = { resourceRules: [rule(['apps', ''], ['deployments', 'pods', 'pods/status'])] };
    assert.deepEqual(
      kindsOf(policy({ matchConstraints }), served).map(({ kind }) => kind),
      ['Pod', 'Deployment'],
    );
  });

  it('does not look behind wildcards', () => {
    const matchConstraints = { resourceRules: [rule(['*'], ['pods']), rule(['apps'], ['*'])] };
    assert.deepEqual(kindsOf(policy({ matchConstraints }), served), []);
  });
});
