import { parseAllDocuments, Scalar, type ScalarTag, type Tags } from 'yaml';
import { writeJson } from '../../../objects/lossless-json.js';
import { JsonError, parseJsonStrict, type StrictJson } from '../../../objects/schema/strict-json.js';
import { nestsTooDeep } from '../../../objects/yaml-depth.js';
import { utf8 } from './bodies.js';

/** Text that is no YAML, in the words of Go's reader where they are known. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
}

/** Most YAML that programs send is JSON. */
const tryJson = (text: string): StrictJson | undefined => {
  try {
    return parseJsonStrict(text);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
};

/** What may be an integer that no number holds. */
const LONG_NUMBER = /\d{16}/;

/** Words and numbers that are more than text to the YAML 1.1 that Kubernetes reads, but not to YAML 1.2. */
const OLDER: readonly ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:y|Y|yes|Yes|YES|on|On|ON)$/,
    resolve: () => new Scalar(true),
  },
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:n|N|no|No|NO|off|Off|OFF)$/,
    resolve: () => new Scalar(false),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?0[0-7_]+$/,
    resolve: (text) => new Scalar(Number.parseInt(text.replaceAll('_', ''), 8)),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?[1-9]\d*_[\d_]*$/,
    resolve: (text) => new Scalar(Number(text.replaceAll('_', ''))),
  },
];

const withOlder = (tags: Tags): Tags => [...OLDER, ...tags];

/** The first document of YAML as an API object is written in. Aliases that multiply are refused. Throws a YamlError. */
export const parseYamlBody = (bytes: Uint8Array): StrictJson => {
  const text = utf8(bytes);
  if (/^\s*\{/.test(text)) {
    const json = tryJson(text);
    if (json !== undefined) return json;
  }
  if (nestsTooDeep(text)) throw new YamlError('yaml: exceeded max depth');
  try {
    const options = { merge: true, uniqueKeys: false, intAsBigInt: LONG_NUMBER.test(text), customTags: withOlder };
    const documents = parseAllDocuments(text, options);
    const first = Array.isArray(documents) ? documents[0] : undefined;
    const fault = first?.errors[0];
    if (fault !== undefined) throw new YamlError(`yaml: ${wordsOf(fault.message)}`);
    const value: unknown = first?.toJS({ maxAliasCount: 100 });
    return parseJsonStrict(writeJson(value ?? null));
  } catch (error) {
    if (error instanceof YamlError) throw error;
    throw new YamlError(`yaml: ${wordsOf(error instanceof Error ? error.message : String(error))}`);
  }
};

/** What is wrong, as Go's reader says it. */
const WORDS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/^Nested mappings are not allowed/, 'mapping values are not allowed in this context'],
  [/^Tabs are not allowed/, 'found character that cannot start any token'],
  [/^Unresolved alias .*: (\S+)/s, "unknown anchor '$1' referenced"],
];

const wordsOf = (message: string): string => {
  const [line = ''] = message.split('\n', 1);
  for (const [pattern, words] of WORDS) {
    const found = pattern.exec(line);
    if (found !== null) return words.replace('$1', found[1] ?? '');
  }
  return line.replace(/ at line \d+, column \d+:?$/, '');
};
