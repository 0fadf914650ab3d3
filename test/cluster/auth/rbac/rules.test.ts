import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PolicyRule } from '../../../../src/objects/kinds/rbac-authorization-k8s-io-v1.js';
import type { AccessAttributes } from '../../../../src/cluster/auth/authorizer.js';
import { ruleAllows, uncoveredRules } from '../../../../src/cluster/auth/rbac/rules.js';

const user = { name: 'ann', groups: [] };
const on = (verb: string, group: string, full: string, name?: string): AccessAttributes => {
  const [resource = '', subresource] = full.split('/');
  return {
    user,
    verb,
    group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
  };
};
const path = (verb: string, asked: string): AccessAttributes => ({ user, verb, path: asked });
const rule = (verbs: string, groups: string, resources: string, names = ''): PolicyRule => ({
  verbs: verbs.split(' '),
  apiGroups: groups.split(' ').map((group) => (group === 'core' ? '' : group)),
  resources: resources.split(' '),
  ...(names === '' ? {} : { resourceNames: names.split(' ') }),
});
const urls = (verbs: string, paths: string): PolicyRule => ({
  verbs: verbs.split(' '),
  nonResourceURLs: paths.split(' '),
});

const CASES: readonly (readonly [string, PolicyRule, AccessAttributes, boolean])[] = [
  ['the verb, group and resource', rule('get list', 'core', 'pods'), on('list', '', 'pods'), true],
  ['another verb', rule('get list', 'core', 'pods'), on('watch', '', 'pods'), false],
  ['another group', rule('get', 'apps', 'deployments'), on('get', 'extensions', 'deployments'), false],
  ['every verb', rule('*', 'core', 'pods'), on('deletecollection', '', 'pods'), true],
  ['the verb * asked of a list of verbs', rule('get list', '*', '*'), on('*', '', 'pods'), false],
  ['every group', rule('get', '*', 'pods'), on('get', 'example.org', 'pods'), true],
  ['the resource does not give its subresources', rule('get', 'core', 'pods'), on('get', '', 'pods/log'), false],
  ['a subresource does not give its resource', rule('get', 'core', 'pods/log'), on('get', '', 'pods'), false],
  ['a subresource', rule('get', 'core', 'pods/log'), on('get', '', 'pods/log'), true],
  ['every resource gives subresources', rule('get', 'core', '*'), on('get', '', 'pods/log'), true],
  ['the subresource of all', rule('update', 'apps', '*/scale'), on('update', 'apps', 'deployments/scale'), true],
  ['another subresource of all', rule('update', 'apps', '*/scale'), on('update', 'apps', 'deployments/status'), false],
  ['a longer subresource of all', rule('update', 'apps', '*/cale'), on('update', 'apps', 'deployments/scale'), false],
  ['no pattern inside a resource', rule('get', 'core', 'pods/*'), on('get', '', 'pods/log'), false],
  ['the name', rule('get', 'core', 'secrets', 'a b'), on('get', '', 'secrets', 'b'), true],
  ['another name', rule('get', 'core', 'secrets', 'a b'), on('get', '', 'secrets', 'c'), false],
  ['no name, as a list or create', rule('list create', 'core', 'secrets', 'a'), on('list', '', 'secrets'), false],
  ['every name', rule('get', 'core', 'secrets'), on('get', '', 'secrets', 'c'), true],
  ['the star is no name', rule('get', 'core', 'secrets', '*'), on('get', '', 'secrets', 'c'), false],
  ['a path', urls('get', '/healthz'), path('get', '/healthz'), true],
  ['a longer path', urls('get', '/healthz'), path('get', '/healthz/ping'), false],
  ['paths by their start', urls('get', '/apis/*'), path('get', '/apis/apps/v1'), true],
  ['the start itself', urls('get', '/apis/*'), path('get', '/apis'), false],
  ['every path', urls('*', '*'), path('post', '/anything'), true],
  ['a star in the middle', urls('get', '/a/*/c'), path('get', '/a/b/c'), false],
  ['paths are no resources', rule('*', '*', '*'), path('get', '/metrics'), false],
  ['resources are no paths', urls('*', '*'), on('get', '', 'pods'), false],
];

describe('ruleAllows', () => {
  for (const [title, given, asked, allowed] of CASES) {
    it(`${allowed ? 'allows' : 'does not allow'}: ${title}`, () => assert.equal(ruleAllows(given, asked), allowed));
  }
});

const VERBS = ['get', 'list', 'create'];
const GROUPS = ['', 'apps'];
const RESOURCES = ['pods', 'pods/log', 'pods/scale', 'jobs', 'jobs/scale'];
const NAMES = ['a', 'b'];
const PATHS = ['/a', '/a/b', '/c'];

const some = (values: readonly string[], ...more: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...values, ...more), { minLength: 1, maxLength: 3 });
const resourceRule = fc.record({
  verbs: some(VERBS, '*'),
  apiGroups: some(GROUPS, '*'),
  resources: some(RESOURCES, '*', '*/scale'),
  resourceNames: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 }),
});
const pathRule = fc.record({ verbs: some(VERBS, '*'), nonResourceURLs: some(PATHS, '*', '/a/*') });
const anyRules: fc.Arbitrary<readonly PolicyRule[]> = fc.array(fc.oneof(resourceRule, pathRule), { maxLength: 3 });

/** Every question that can be told apart, with words that no rule names. */
const QUESTIONS: readonly AccessAttributes[] = [...VERBS, 'other'].flatMap((verb) => [
  ...[...GROUPS, 'other'].flatMap((group) =>
    [...RESOURCES, 'other', 'other/scale', 'other/other'].flatMap((full) =>
      [undefined, ...NAMES, 'other'].map((name) => on(verb, group, full, name)),
    ),
  ),
  ...[...PATHS, '/other', '/a/'].map((asked) => path(verb, asked)),
]);

const allowed = (rules: readonly PolicyRule[]): readonly AccessAttributes[] =>
  QUESTIONS.filter((asked) => rules.some((each) => ruleAllows(each, asked)));

describe('uncoveredRules', () => {
  it('finds nothing missing only when all that is wanted is allowed by what is held', () => {
    fc.assert(
      fc.property(anyRules, anyRules, (held, wanted) => {
        if (uncoveredRules(held, wanted).length > 0) return;
        const had = new Set(allowed(held));
        for (const asked of allowed(wanted)) assert.ok(had.has(asked), JSON.stringify(asked));
      }),
    );
  });

  it('is satisfied with what is missing, added, and with the rules themselves', () => {
    fc.assert(
      fc.property(anyRules, anyRules, (held, wanted) => {
        assert.deepEqual(uncoveredRules([...held, ...uncoveredRules(held, wanted)], wanted), []);
        assert.deepEqual(uncoveredRules(wanted, wanted), []);
      }),
    );
  });

  it('names one verb on one thing at a time', () => {
    assert.deepEqual(uncoveredRules([rule('get', 'core', 'pods')], [rule('get list', 'core', 'pods secrets')]), [
      rule('list', 'core', 'pods'),
      rule('get', 'core', 'secrets'),
      rule('list', 'core', 'secrets'),
    ]);
  });

  it('does not take a rule with names for one about all', () => {
    const named = rule('get', 'core', 'secrets', 'a');
    assert.deepEqual(uncoveredRules([named], [rule('get', 'core', 'secrets')]), [rule('get', 'core', 'secrets')]);
    assert.deepEqual(uncoveredRules([rule('get', 'core', 'secrets')], [named]), []);
  });
});
