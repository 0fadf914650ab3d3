import {
  asPrefix,
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  qualifiedName,
  validLabelValue,
  type NameRule,
} from '../../../../objects/names.js';
import type { Library } from '../environment.js';
import { objectType } from '../types.js';
import { ExtensionValue, OptionalValue, type CelValue } from '../values.js';

const FORMAT = objectType('kubernetes.NamedFormat');

class FormatValue extends ExtensionValue {
  readonly type = FORMAT;

  constructor(
    readonly name: string,
    readonly check: NameRule,
    override readonly size: number,
  ) {
    super();
  }

  equals(other: FormatValue): boolean {
    return this.name === other.name;
  }
}

const matching =
  (pattern: RegExp, message: string): NameRule =>
  (text) =>
    pattern.test(text) ? [] : [message];

const date: NameRule = (text) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? [] : ['invalid date'];

const datetime: NameRule = (text) =>
  /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/.test(text) ? [] : ['invalid datetime'];

const uri: NameRule = (text) =>
  URL.canParse(text) || text.startsWith('/') ? [] : [`parse ${JSON.stringify(text)}: invalid URI for request`];

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The formats by name, with the length of the longest pattern behind each. */
const FORMATS = new Map(
  (
    [
      ['dns1123Label', dns1123Label, 30],
      ['dns1123Subdomain', dns1123Subdomain, 60],
      ['dns1035Label', dns1035Label, 30],
      ['qualifiedName', qualifiedName, 60],
      ['dns1123LabelPrefix', asPrefix(dns1123Label), 30],
      ['dns1123SubdomainPrefix', asPrefix(dns1123Subdomain), 60],
      ['dns1035LabelPrefix', asPrefix(dns1035Label), 30],
      ['labelValue', validLabelValue, 40],
      ['uri', uri, 1],
      ['uuid', matching(UUID, 'does not match the UUID format'), 60],
      ['byte', matching(BASE64, 'invalid base64'), 10],
      ['date', date, 1],
      ['datetime', datetime, 1],
    ] as const
  ).map(([name, check, size]) => [name, new FormatValue(name, check, size)] as const),
);

const validate = (format: FormatValue, text: string): OptionalValue => {
  const problems: CelValue[] = format.check(text);
  return problems.length === 0 ? OptionalValue.none : OptionalValue.of(problems);
};

const named = (name: string): OptionalValue => {
  const format = FORMATS.get(name as never);
  return format === undefined ? OptionalValue.none : OptionalValue.of(format);
};

export const NAMED_FORMATS: Library = {
  validate: { 'format-validate kubernetes.NamedFormat.(string) -> optional_type(list(string))': validate },
  'format.named': { 'format-named (string) -> optional_type(kubernetes.NamedFormat)': named },
  ...Object.fromEntries(
    Array.from(FORMATS, ([name, format]) => [
      `format.${name}`,
      { [`format.${name} () -> kubernetes.NamedFormat`]: () => format },
    ]),
  ),
};
