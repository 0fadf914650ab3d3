import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  formatFieldSelector,
  matchesFields,
  parseFieldSelector,
} from '../../../src/objects/selectors/field-selector.js';
import {
  formatLabelSelector,
  matchesLabels,
  requirement,
  selectorFromLabels,
  selectorFromObject,
  type SelectorOperator,
} from '../../../src/objects/selectors/label-selector.js';
import { parseLabelSelector } from '../../../src/objects/selectors/parse-label-selector.js';
import { selectableFields, unsupportedFieldMessage } from '../../../src/objects/selectors/selectable-fields.js';

describe('parseLabelSelector', () => {
  const matching: [selector: string, labels: Record<string, string>, expected: boolean][] = [
    ['', {}, true],
    ['app=web', { app: 'web' }, true],
    ['app==web', { app: 'db' }, false],
    ['app!=web', {}, true],
    ['app', { app: '' }, true],
    ['!app', { app: '' }, false],
    ['tier in (a, b),app', { tier: 'b', app: 'x' }, true],
    ['tier notin (a,b)', { tier: 'b' }, false],
    ['tier notin (a,b)', {}, true],
    ['n>5', { n: '6' }, true],
    ['n<5', { n: '6' }, false],
    ['n>5', { n: 'x' }, false],
    ['a in (,x)', { a: '' }, true],
    ['a in ()', { a: '' }, true],
    ['a in ()', {}, false],
    ['in in (in)', { in: 'in' }, true],
    ['app=', { app: '' }, true],
    ['constructor', {}, false],
  ];
  for (const [selector, labels, expected] of matching) {
    it(`reads ${selector} and ${expected ? 'selects' : 'leaves'} ${JSON.stringify(labels)}`, () => {
      assert.equal(matchesLabels(parseLabelSelector(selector), labels), expected);
    });
  }

  const wrong: [selector: string, message: RegExp][] = [
    ['a,', /^found '', expected: identifier after ','$/],
    [',a', /^found ',', expected: !, identifier, or 'end of string'$/],
    ['a b', /^unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt$/],
    ['a in b', /^unable to parse requirement: found 'b' expected: '\('$/],
    ['a=b c', /^found 'c', expected: ',' or 'end of string'$/],
    ['-a=b', /^unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of alphanumeric/],
    ['a=-b', /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-b": a valid label must be an empty/],
    ['a>x', /the value must be an integer$/],
  ];
  for (const [selector, message] of wrong) {
    it(`refuses ${selector}`, () => assert.throws(() => parseLabelSelector(selector), { message }));
  }

  const word = fc.stringMatching(/^[a-z]([a-z0-9]{0,5}[a-z0-9])?$/);
  const anyRequirement = fc
    .tuple(
      word,
      fc.constantFrom<SelectorOperator>('=', '==', '!=', 'in', 'notin', 'exists', '!'),
      fc.array(word, { minLength: 1, maxLength: 3 }),
    )
    .map(([key, operator, values]) => {
      const count =
        operator === 'exists' || operator === '!' ? 0 : operator === 'in' || operator === 'notin' ? values.length : 1;
      return requirement(key, operator, values.slice(0, count));
    });

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(fc.array(anyRequirement, { maxLength: 4 }), fc.dictionary(word, word), (requirements, labels) => {
        const again = parseLabelSelector(formatLabelSelector(requirements));
        assert.equal(formatLabelSelector(again), formatLabelSelector(parseLabelSelector(formatLabelSelector(again))));
        assert.equal(matchesLabels(again, labels), matchesLabels(requirements, labels));
      }),
    );
  });
});

describe('selectorFromObject', () => {
  it('selects nothing when absent and everything when empty', () => {
    assert.equal(matchesLabels(selectorFromObject(undefined), {}), false);
    assert.equal(matchesLabels(selectorFromObject({}), { a: 'b' }), true);
  });

  it('joins labels and expressions', () => {
    const selector = selectorFromObject({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'NotIn', values: ['x'] },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    });
    assert.equal(formatLabelSelector(selector), 'app=web,!old,tier notin (x)');
    assert.equal(matchesLabels(selector, { app: 'web' }), true);
    assert.equal(matchesLabels(selector, { app: 'web', tier: 'x' }), false);
  });

  it('refuses an operator that it does not know', () => {
    assert.throws(() => selectorFromObject({ matchExpressions: [{ key: 'a', operator: 'Near' }] }), {
      message: '"Near" is not a valid label selector operator',
    });
  });

  it('reads a plain map', () => assert.equal(matchesLabels(selectorFromLabels({ a: 'b' }), { a: 'b', c: 'd' }), true));
});

describe('parseFieldSelector', () => {
  it('reads the operators and unescapes values', () => {
    assert.deepEqual(parseFieldSelector('a=1,b!=2,c==x\\,y\\=z'), [
      { field: 'a', operator: '=', value: '1' },
      { field: 'b', operator: '!=', value: '2' },
      { field: 'c', operator: '=', value: 'x,y=z' },
    ]);
  });

  it('refuses what is no selector', () => {
    assert.throws(() => parseFieldSelector('a'), { message: "invalid selector: 'a'; can't understand 'a'" });
    assert.throws(() => parseFieldSelector('a=\\b'), { message: /invalid escape sequence: \\b/ });
  });

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const selector = [{ field: 'metadata.name', operator: '=' as const, value }];
        assert.deepEqual(parseFieldSelector(formatFieldSelector(selector)), selector);
      }),
    );
  });
});

describe('selectableFields', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'n' },
    spec: { nodeName: 'x' },
    status: { phase: 'Running' },
  };
  it('reads the fields of a kind', () => {
    const fields = selectableFields(pod);
    const select = (text: string) => matchesFields(parseFieldSelector(text), (field) => fields[field]?.(pod));
    assert.ok(select('spec.nodeName=x,status.phase!=Failed,spec.hostNetwork=false,metadata.name=a'));
    assert.ok(!select('status.phase=Pending'));
  });

  it('says what it does not support', () => {
    assert.equal(unsupportedFieldMessage(pod, 'foo'), 'field label not supported: foo');
    assert.equal(
      unsupportedFieldMessage({ apiVersion: 'apps/v1', kind: 'Deployment' }, 'foo'),
      '"foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
  });
});
