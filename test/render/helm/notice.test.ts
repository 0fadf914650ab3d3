import assert from 'node:assert/strict';
import { info, noticeLine, noticeText, warning } from '../../../src/render/helm/notice.js';

describe('noticeLine', () => {
  it('quotes as the text handler of log/slog does', () => {
    assert.equal(noticeLine(warning('this chart is deprecated')), 'level=WARN msg="this chart is deprecated"');
    assert.equal(noticeLine(info('plain')), 'level=INFO msg=plain');
    assert.equal(noticeLine(info('a', ['b', ''])), 'level=INFO msg=a b=""');
    assert.equal(noticeLine(info('a', ['b', 'c=d'], ['e', 'f"g'])), 'level=INFO msg=a b="c=d" e="f\\"g"');
    assert.equal(noticeLine(info('a\\b')), 'level=INFO msg=a\\b');
    assert.equal(noticeLine(info('ü')), 'level=INFO msg=ü');
    assert.equal(noticeLine(info('two\nlines')), 'level=INFO msg="two\\nlines"');
    assert.equal(noticeLine(info('\u00a0')), 'level=INFO msg="\\u00a0"');
  });
});

describe('noticeText', () => {
  it('puts what it is about in brackets', () => {
    assert.equal(noticeText(warning('returned non-bool value', ['tag', 'a'])), 'returned non-bool value (tag=a)');
    assert.equal(noticeText(info('key a is table. Skipping')), 'key a is table. Skipping');
  });
});
