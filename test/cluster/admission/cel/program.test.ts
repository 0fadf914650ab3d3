import assert from 'node:assert/strict';
import { jsonValue } from '../../../../src/cluster/admission/cel/json-values.js';
import { compileExpression, environmentOf } from '../../../../src/cluster/admission/cel/program.js';
import { CompileError } from '../../../../src/cluster/admission/cel/source.js';
import { DYN, objectType, readType, type CelType } from '../../../../src/cluster/admission/cel/types.js';

const VARIABLES = new Map<string, CelType>([
  ['x', DYN],
  ['list', readType('list(int)')],
  ['map', readType('map(string, string)')],
  ['self', objectType('object', new Map([['name', readType('string')]]))],
]);

const VALUES: Readonly<Record<string, unknown>> = {
  x: { 'content-type': 'a', n: 1, half: 0.5, nothing: null, list: [1, 'a'] },
  list: [1, 2, 3],
  map: { a: 'x', b: 'y' },
  self: { name: 'n' },
};

const run = (source: string): unknown => {
  const program = compileExpression(source, environmentOf(VARIABLES));
  const outcome = program.evaluate((name) => jsonValue(VALUES[name]));
  return outcome.ok ? outcome.value : `ERROR ${outcome.error}`;
};

const refused = (source: string): string => {
  try {
    compileExpression(source, environmentOf(VARIABLES));
    return '';
  } catch (error) {
    assert.ok(error instanceof CompileError);
    return error.message;
  }
};

describe('compileExpression', () => {
  const holding = [
    '1 + 2 * 3 == 7 && -7 / 2 == -3 && -7 % 2 == -1',
    '1u + 2u == 3u && 0x1f == 31 && 1.5e3 == 1500.0',
    "'a' + \"b\" == r'ab' && b'\\xff'.size() == 1 && '\\U0001F600'.size() == 1",
    'dyn(1) == 1.0 && dyn(1u) == 1 && dyn([1, 2]) == [1.0, 2.0] && dyn({1: 2}) == {1u: 2} && 1 < 1.5 && 2u > 1',
    'dyn(1) != "1" && 2 in list && !(7 in list) && "a" in map',
    'list.all(e, e > 0) && list.exists(e, e == 2) && list.exists_one(e, e == 3)',
    'list.map(e, e * 2) == [2, 4, 6] && list.filter(e, e > 1) == [2, 3] && list.map(e, e > 1, e) == [2, 3]',
    'list.all(i, e, i < e) && map.transformList(k, v, k + v) == ["ax", "by"]',
    'map.transformMap(k, v, v + k) == {"a": "xa", "b": "yb"} && map.transformMapEntry(k, v, {v: k}) == {"x": "a", "y": "b"}',
    // An error does not count where the other side decides.
    'true || 1 / 0 == 1',
    '1 / 0 == 1 || true',
    '!(1 / 0 == 1 && false)',
    '[1, 0].exists(e, 2 / e == 2)',
    '[0, 1].exists(e, 2 / e == 2)',
    'x.n == 1 && x.half == 0.5 && x["content-type"] == "a" && x.nothing == null && has(x.n) && !has(x.m)',
    'x.?m.orValue(5) == 5 && x.?n.value() == 1 && optional.of(1).or(optional.none()).hasValue()',
    'x.?m.optMap(m, m + 1).orValue(0) == 0 && x.?n.optMap(m, m + 1).orValue(0) == 2 && x[?"q"].hasValue() == false',
    '[?x.?m, ?x.?n] == [dyn(1)] && {?"a": x.?m}.size() == 0',
    'duration("1h30m").getMinutes() == 90 && duration("1.5s") + duration("500ms") == duration("2s")',
    'timestamp("2024-02-29T12:30:00.5Z").getDayOfYear() == 59 && timestamp("2024-02-29T23:30:00Z").getDate("+01:00") == 1',
    'timestamp("2024-03-01T00:00:00Z") - timestamp("2024-02-29T00:00:00Z") == duration("24h")',
    'timestamp("2024-07-01T00:00:00Z").getHours("Europe/Berlin") == 2',
    'string(1) == "1" && string(1000000.0) == "1e+06" && string(duration("90s")) == "90s" && int("-7") == -7 && int(3.9) == 3',
    'type(1) == int && type("") == string && type(type(1)) == type && type(null) == null_type',
    '"%s is %d years, %.2f, %x".format([dyn("a"), 3, 1.005, 255]) == "a is 3 years, 1.00, ff"',
    '"a,b,c".split(",") == ["a", "b", "c"] && ["a", "b"].join("-") == "a-b" && "tacocat".substring(2, 4) == "co"',
    '"aaa".replace("a", "b", 2) == "bba" && " x ".trim() == "x" && "Ab".lowerAscii() == "ab" && "abc".indexOf("c") == 2',
    '"abc".matches("^a.c$") && "a1b22".findAll("[0-9]+") == ["1", "22"] && "a1".find("[0-9]") == "1"',
    '[3, 1, 2].sort() == [1, 2, 3] && [1, 2].reverse() == [2, 1] && [1, 1].distinct() == [1] && lists.range(3) == [0, 1, 2]',
    '[[1], [2, 3]].flatten() == [1, 2, 3] && [1, 2, 3].slice(1, 2) == [2] && ["bb", "a"].sortBy(e, e.size()) == ["a", "bb"]',
    '[1, 2].isSorted() && [1, 2].sum() == 3 && ["b", "a"].min() == "a" && [1, 2, 1].lastIndexOf(1) == 2',
    'sets.contains([1, 2], [2]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 2], [2, 1, 1])',
    'quantity("1Gi").isGreaterThan(quantity("1G")) && quantity("2").add(1).asInteger() == 3 && sign(quantity("1.5")) == 1',
    'isIP("::1") && ip("10.0.0.1").family() == 4 && ip("::ffff").isGlobalUnicast() && !ip.isCanonical("2001:DB8::1")',
    'cidr("10.0.0.0/8").containsIP("10.1.2.3") && cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16") && string(cidr("10.1.2.3/8").masked()) == "10.0.0.0/8"',
    'url("https://u@a.b:80/p?q=1&q=2").getHost() == "a.b:80" && url("https://a.b/?q=1&q=2").getQuery()["q"] == ["1", "2"] && !isURL("a b")',
    'semver("1.2.3").isLessThan(semver("1.10.0")) && isSemver("v1.0", true) && !isSemver("v1.0") && semver("1.2.3").minor() == 2',
    '!format.dns1123Label().validate("ok").hasValue() && format.dns1123Label().validate("No").hasValue() && format.named("uuid").hasValue()',
  ];
  for (const source of holding) it(`holds: ${source}`, () => assert.equal(run(source), true));

  const failing: readonly (readonly [string, string])[] = [
    ['1 / (list[0] - 1)', 'division by zero'],
    ['1 % (list[0] - 1)', 'modulus by zero'],
    ['9223372036854775807 + list[0]', 'integer overflow'],
    ['-9223372036854775808 - list[0]', 'integer overflow'],
    ['0u - 1u', 'unsigned integer overflow'],
    ['list[3]', 'index out of bounds: 3'],
    ['map.c', 'no such key: c'],
    ['x.m', 'no such key: m'],
    ['x.n < "a"', 'no such overload'],
    ['x.n.size()', 'no such overload: size'],
    ['int(string(x.half))', "type conversion error from 'string' to 'int'"],
    ['duration(x["content-type"])', 'time: invalid duration "a"'],
    ['optional.none().value()', 'optional.none() dereference'],
    ['"abc".substring(list[0], 9)', 'index out of range: 9'],
    ['[int(1)].filter(e, false).max()', 'max called on empty list'],
    ['list.all(e, 1 / (e - 2) < 9)', 'division by zero'],
  ];
  for (const [source, why] of failing) it(`fails: ${source}`, () => assert.equal(run(source), `ERROR ${why}`));

  it('stops what costs too much', () => {
    const nested = 'lists.range(1000).all(a, lists.range(1000).all(b, a + b >= 0))';
    const outcome = compileExpression(nested, environmentOf(new Map())).evaluate(() => undefined);
    assert.deepEqual(outcome.ok ? '' : [outcome.error, outcome.exceeded], [
      'operation cancelled: actual cost limit exceeded',
      true,
    ]);
  });

  const messages: readonly (readonly [string, string])[] = [
    ['self.size', "ERROR: <input>:1:5: undefined field 'size'\n | self.size\n | ....^"],
    ['foo + 1', "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo + 1\n | ^"],
    ['foo(1)', "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')\n | foo(1)\n | ...^"],
    [
      "1 + 'a'",
      "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'\n | 1 + 'a'\n | ..^",
    ],
    [
      'self.name.matches(1)',
      "ERROR: <input>:1:18: found no matching overload for 'matches' applied to 'string.(int)'\n | self.name.matches(1)\n | .................^",
    ],
    ['[1, "a"]', `ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, "a"]\n | ....^`],
    ['true && 1', "ERROR: <input>:1:9: expected type 'bool' but found 'int'\n | true && 1\n | ........^"],
    ['list.name', "ERROR: <input>:1:5: type 'list(int)' does not support field selection\n | list.name\n | ....^"],
    [
      '1.all(e, true)',
      "ERROR: <input>:1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n | 1.all(e, true)\n | ^",
    ],
    [
      '1 +',
      "ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 +\n | ...^",
    ],
    ['list list', "ERROR: <input>:1:6: Syntax error: extraneous input 'list' expecting <EOF>\n | list list\n | .....^"],
    ['if', 'ERROR: <input>:1:1: reserved identifier: if\n | if\n | ^'],
    ['has(self)', 'ERROR: <input>:1:5: invalid argument to has() macro\n | has(self)\n | ....^'],
    ['"a".matches("(")', 'ERROR: <input>:1:13: invalid matches argument\n | "a".matches("(")\n | ............^'],
    [
      '1 ==\n  "a"',
      `ERROR: <input>:1:3: found no matching overload for '_==_' applied to '(int, string)'\n | 1 ==\n | ..^`,
    ],
    ['9223372036854775808', 'ERROR: <input>:1:1: invalid int literal\n | 9223372036854775808\n | ^'],
  ];
  for (const [source, message] of messages)
    it(`refuses: ${JSON.stringify(source)}`, () => assert.equal(refused(source), message));

  it('estimates costs as cel-go does', () => {
    const estimate = (source: string): number =>
      compileExpression(source, environmentOf(VARIABLES)).estimate(([name]) =>
        name === 'list' || name === 'map' ? { min: 0, max: 10 } : undefined,
      ).max;
    assert.equal(estimate('list.all(e, true)'), 32);
    assert.equal(estimate('self.name == "a"'), 3);
    assert.equal(estimate('size(list) > 1'), 3);
    assert.equal(estimate('list.exists(a, list.exists(b, a == b))'), 762);
  });

  it('refuses nesting without end', () => {
    assert.match(refused('('.repeat(300)), /expression recursion limit exceeded: 250/);
    assert.equal(run(Array.from({ length: 2000 }, () => 'true').join(' && ')), true);
  });
});
