import assert from 'node:assert/strict';
import fc from 'fast-check';
import { renderText, renderValue } from '../render-text.js';

const fails = (text: string, data: unknown, message: RegExp): void =>
  assert.throws(() => renderText(text, data), message);

describe('templates', () => {
  it('print numbers as Go does', () => {
    assert.equal(
      renderText('{{ .a }} {{ .b }} {{ .c }} {{ 1000000 }}', { a: 1e6, b: 100000, c: 0.1 }),
      '1e+06 100000 0.1 1000000',
    );
  });

  it('trim spaces beside markers', () => {
    assert.equal(renderText('a  {{- " b " -}}  c {{- /* nothing */ -}} d'), 'a b cd');
  });

  it('walk maps in the order of their keys', () => {
    assert.equal(
      renderText('{{ range $k, $v := . }}{{ $k }}={{ $v }};{{ end }}', { b: 1, a: 2, B: 3 }),
      'B=3;a=2;b=1;',
    );
  });

  it('leave and skip turns of a loop', () => {
    assert.equal(
      renderText(
        '{{ range until 9 }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ if eq . 4 }}{{ break }}{{ end }}{{ . }}{{ end }}',
      ),
      '013',
    );
  });

  it('keep variables within their block', () => {
    assert.equal(
      renderText('{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}{{ $x = 3 }}{{ $x }}'),
      '213',
    );
  });

  it('evaluate no more of and and or than is needed', () => {
    assert.equal(renderText('{{ and false (fail "no") }}{{ or true (fail "no") }}'), 'falsetrue');
  });

  it('name the file, line, column and expression of an error', () => {
    fails(
      'a\n  {{ .a.b.c }}',
      { a: {} },
      /^GoError: template: t:2:7: executing "t" at <\.a\.b\.c>: nil pointer evaluating interface \{\}\.c$/,
    );
    fails('{{ upper 5 }}', {}, /at <5>: expected string; found 5/);
    fails('{{ if }}x{{ end }}', {}, /template: t:1: missing value for if/);
    fails('\n{{ nope }}', {}, /template: t:2: function "nope" not defined/);
  });

  it('treat names of JavaScript as any other key', () => {
    const data = JSON.parse('{"__proto__": {"x": 1}, "constructor": "c", "toString": null}') as unknown;
    assert.equal(
      renderText('{{ .__proto__.x }}{{ .constructor }}{{ .hasOwnProperty }}{{ hasKey . "valueOf" }}', data),
      '1c<no value>false',
    );
    assert.equal(
      renderText('{{ $d := dict }}{{ $_ := set $d "__proto__" (dict "polluted" 1) }}{{ $d.__proto__.polluted }}'),
      '1',
    );
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('end within their limits', function () {
    this.timeout(60_000);
    const limits = { steps: 100_000, output: 1_000_000 };
    const text = '{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}';
    assert.throws(() => renderText(text, {}, limits), /took more than 100000 steps|wrote more than/);
    fails('{{ repeat 1000000000 "xxxxxxxxxx" }}', {}, /executing "t" at <repeat .*a text of more than/);
    fails('{{ until 2000000000 }}', {}, /a list of more than/);
    fails('{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}', {}, /nested reference name: a/);
    fails('{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}', {}, /exceeded maximum template depth/);
  });

  it('end within their limits what they allocate without end, and say where', function () {
    this.timeout(60_000);
    const limits = { steps: 100_000, output: 1_000_000 };
    const growing = '{{ $l := list }}{{ range 1000000 }}\n{{ $l = append $l . }}{{ end }}';
    assert.throws(() => renderText(growing, {}, limits), /t:2:8: .*at <append \$l \.>: .*took more than 100000 steps/s);
    fails('{{ $x := "aaaa" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}', {}, /at <print \$x \$x>: .*too large/);
    assert.throws(() => renderText('{{ range 1000000000 }}x{{ end }}', {}, limits), /t:1:9: .*took more than/s);
    const wide = '{{ range 100 }}{{ repeat 100000 "x" }}{{ end }}';
    assert.throws(() => renderText(wide, {}, limits), /at <\{\{repeat 100000 "x"\}\}>: .*wrote more than 1000000/s);
    const keys = '{{ range 1000 }}{{ genPrivateKey "ed25519" }}{{ end }}';
    assert.throws(() => renderText(keys, {}, { steps: 1_000_000 }), /at <genPrivateKey "ed25519">: .*took more than/s);
    const held = '{{ $d := dict }}{{ range 200000 }}{{ $_ := set $d (toString .) (repeat 1000 "x" | upper) }}{{ end }}';
    assert.throws(() => renderText(held, {}, { memory: 1024 }), /needs more than 0 MiB of memory/);
  });

  it('end texts that run themselves, and say where', () => {
    fails('a\n{{ tpl .a . }}', { a: '{{ tpl .a . }}' }, /t:2:3: executing "t" at <tpl \.a \.>: .*nested too deeply/s);
  });

  it('write long texts whole', () => {
    const text = renderText('{{ range 3 }}{{ range 50000 }}ab{{ end }}-{{ end }}');
    assert.equal(text, `${'ab'.repeat(50_000)}-`.repeat(3));
  });

  it('print bytes', () => {
    assert.equal(renderValue('{{ . }}', Buffer.from([0, 9, 10, 99, 100, 255])), '[0 9 10 99 100 255]');
    assert.equal(renderValue('{{ printf "%v" . }}|{{ print . }}', Buffer.alloc(0)), '[]|[]');
  });

  it('take no time over a pathological regular expression', () => {
    assert.equal(renderText('{{ regexMatch "^(a+)+$" . }}', `${'a'.repeat(5000)}b`), 'false');
  });

  it('never crash on any text', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      ' ',
      '.',
      '$x',
      ':=',
      '|',
      '"a"',
      '(',
      ')',
      'if',
      'end',
      'range',
      'upper',
      'a',
      '1',
      '-',
      '/*',
      '*/',
      '`',
      "'",
      '\n',
      'define',
      'else',
      '.a.b',
      '😀',
      '%',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          renderText(pieces.join(''), { a: 1 }, { steps: 10_000 });
        } catch (error) {
          assert.equal((error as Error).name, 'GoError');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
