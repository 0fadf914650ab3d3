/** Which styles can hold a text, by libyaml's rules for block context. */
export interface Analysis {
  readonly isMultiline: boolean;
  readonly plain: boolean;
  readonly single: boolean;
  readonly block: boolean;
}

const SIMPLE = /^[A-Za-z0-9_./$(][A-Za-z0-9_./$()=+;,-]*$/;
const SIMPLE_ANALYSIS: Analysis = { isMultiline: false, plain: true, single: true, block: true };
const EMPTY_ANALYSIS: Analysis = { isMultiline: false, plain: true, single: true, block: false };
/** Characters that cannot begin a plain scalar. */
const INDICATORS = '#,[]{}&*!|>\'"%@`';

export const isYamlBreak = (c: string): boolean =>
  c === '\n' || c === '\r' || c === '\x85' || c === '\u2028' || c === '\u2029';

/** What libyaml writes as it is. */
export const isYamlPrintable = (c: string): boolean => {
  const code = c.codePointAt(0) ?? 0;
  if (code < 0x7f) return code >= 0x20 || code === 0x0a;
  return code >= 0xa0 && code !== 0xfeff && code < 0x10000 && code !== 0xfffe && code !== 0xffff;
};

const startsWithIndicator = (text: string): boolean => {
  if (text.startsWith('---') || text.startsWith('...')) return true;
  const first = text.charAt(0);
  if (INDICATORS.includes(first)) return true;
  if (first !== '?' && first !== ':' && first !== '-') return false;
  const second = text.charAt(1);
  return second === '' || second === ' ' || second === '\t';
};

const INNER_INDICATOR = /:(?:[ \t]|$)|[ \t\r\n\x85\u2028\u2029]#/;

/** Something that libyaml does not write as it is; pairs of surrogates are one of them. */
const SPECIAL = /[^\n -~\xa0-\ufefe\uff00-\ufffd]|[\ud800-\udbff][\udc00-\udfff]/;

const isSpecial = (text: string): boolean => SPECIAL.test(text);

/** go-yaml 3 (`allowTabs`) lets block scalars have tabs. */
export const analyze = (text: string, allowTabs = false): Analysis => {
  if (text === '') return EMPTY_ANALYSIS;
  if (SIMPLE.test(text) && !text.startsWith('...')) return SIMPLE_ANALYSIS;
  const breaks = /[\n\r\x85\u2028\u2029]/.test(text);
  const hasSpecial = isSpecial(text);
  const first = text.charAt(0);
  const last = text.charAt(text.length - 1);
  const isPadded = first === ' ' || last === ' ' || isYamlBreak(first) || isYamlBreak(last);
  const hasBreakSpace = breaks && /[\n\r\x85\u2028\u2029] /.test(text);
  const hasSpaceBreak = breaks && / [\n\r\x85\u2028\u2029]/.test(text);
  const isHard = hasSpaceBreak || hasSpecial;
  const hasIndicator = startsWithIndicator(text) || INNER_INDICATOR.test(text.slice(1) === '' ? '' : text);
  return {
    isMultiline: breaks,
    plain: !isPadded && !breaks && !isHard && !hasIndicator,
    single: !hasBreakSpace && !isHard,
    block: last !== ' ' && !(allowTabs ? hasSpaceBreak || isSpecial(text.replaceAll('\t', '')) : isHard),
  };
};
