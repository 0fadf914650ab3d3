/**
 * The rules for names in the Kubernetes API. Every function returns the messages that Kubernetes gives for a wrong
 * value, none for a right one.
 */
export type NameRule = (value: string) => string[];

const byteLength = (text: string): number => Buffer.byteLength(text);

export const tooLong = (length: number): string => `must be no more than ${length} characters`;
const tooManyBytes = (length: number): string => `must be no more than ${length} bytes`;

/** `must be between 1 and 65535, inclusive` */
export const outOfRange = (low: number, high: number): string => `must be between ${low} and ${high}, inclusive`;

const regexMessage = (message: string, pattern: string, ...examples: string[]): string => {
  const used = `regex used for validation is '${pattern}'`;
  if (examples.length === 0) return `${message} (${used})`;
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}${used})`;
};

interface Pattern {
  readonly expression: RegExp;
  readonly message: string;
}

const pattern = (format: string, message: string, ...examples: string[]): Pattern => ({
  expression: new RegExp(`^${format}$`),
  message: regexMessage(message, format, ...examples),
});

const check = (value: string, { expression, message }: Pattern): string[] => (expression.test(value) ? [] : [message]);

const LABEL_FORMAT = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN_FORMAT = String.raw`${LABEL_FORMAT}(\.${LABEL_FORMAT})*`;
const UNDERSCORE_LABEL_FORMAT = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const UNDERSCORE_SUBDOMAIN_FORMAT = String.raw`${UNDERSCORE_LABEL_FORMAT}(\.${UNDERSCORE_LABEL_FORMAT})*`;
const QUALIFIED_FORMAT = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const ALPHANUMERIC_ENDS = 'and must start and end with an alphanumeric character';

const dnsLabel = pattern(
  LABEL_FORMAT,
  `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${ALPHANUMERIC_ENDS}`,
  'my-name',
  '123-abc',
);
const dnsSubdomain = pattern(
  SUBDOMAIN_FORMAT,
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${ALPHANUMERIC_ENDS}`,
  'example.com',
);
const dnsSubdomainWithUnderscore = pattern(
  UNDERSCORE_SUBDOMAIN_FORMAT,
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', ${ALPHANUMERIC_ENDS}`,
  'example.com',
);
const wildcardSubdomain = pattern(
  String.raw`\*\.${SUBDOMAIN_FORMAT}`,
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  '*.example.com',
);
const dns1035 = pattern(
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  'my-name',
  'abc-123',
);
const qualified = pattern(
  QUALIFIED_FORMAT,
  `must consist of alphanumeric characters, '-', '_' or '.', ${ALPHANUMERIC_ENDS}`,
  'MyName',
  'my.name',
  '123-abc',
);
const labelValue = pattern(
  `(${QUALIFIED_FORMAT})?`,
  `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${ALPHANUMERIC_ENDS}`,
  'MyValue',
  'my_value',
  '12345',
);
const configMapKey = pattern(
  '[-._a-zA-Z0-9]+',
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  'key.name',
  'KEY_NAME',
  'key-name',
);
const percent = pattern(
  '[0-9]+%',
  "a valid percent string must be a numeric string followed by an ending '%'",
  '1%',
  '93%',
);
const httpHeader = pattern(
  '[-A-Za-z0-9]+',
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  'X-Header-Name',
);

const withLimit = (value: string, limit: number): string[] => (byteLength(value) > limit ? [tooLong(limit)] : []);

/** A label of DNS as in RFC 1123: names of namespaces, containers, ports of Services. */
export const dns1123Label: NameRule = (value) => {
  const errors = withLimit(value, 63);
  if (dnsLabel.expression.test(value)) return errors;
  return [...errors, dnsSubdomain.expression.test(value) ? 'must not contain dots' : dnsLabel.message];
};

/** A DNS subdomain as in RFC 1123: the names of most objects. */
export const dns1123Subdomain: NameRule = (value) => [...withLimit(value, 253), ...check(value, dnsSubdomain)];

export const dns1123SubdomainWithUnderscore: NameRule = (value) => [
  ...withLimit(value, 253),
  ...check(value, dnsSubdomainWithUnderscore),
];

export const wildcardDns1123Subdomain: NameRule = (value) => [
  ...withLimit(value, 253),
  ...check(value, wildcardSubdomain),
];

/** A label that starts with a letter: the names of Services. */
export const dns1035Label: NameRule = (value) => [...withLimit(value, 63), ...check(value, dns1035)];

/** A name with an optional DNS prefix, `example.com/name`: keys of labels and annotations, resources, conditions. */
export const qualifiedName: NameRule = (value) => {
  const parts = value.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${qualified.message} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const errors: string[] = [];
  const [prefix] = parts;
  if (parts.length === 2 && prefix !== undefined) {
    const wrong = prefix === '' ? ['must be non-empty'] : dns1123Subdomain(prefix);
    errors.push(...wrong.map((message) => `prefix part ${message}`));
  }
  const name = parts.at(-1) ?? '';
  if (name === '') errors.push('name part must be non-empty');
  else if (byteLength(name) > 63) errors.push(`name part ${tooManyBytes(63)}`);
  if (!qualified.expression.test(name)) errors.push(`name part ${qualified.message}`);
  return errors;
};

export const validLabelValue: NameRule = (value) => [
  ...(byteLength(value) > 63 ? [tooManyBytes(63)] : []),
  ...check(value, labelValue),
];

const directoryEscape = (value: string): string[] => {
  if (value === '.' || value === '..') return [`must not be '${value}'`];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
};

/** A key of a ConfigMap or Secret. */
export const validConfigMapKey: NameRule = (value) => [
  ...withLimit(value, 253),
  ...check(value, configMapKey),
  ...directoryEscape(value),
];

/** The form that containers accept: any printable ASCII but `=`. */
export const relaxedEnvVarName: NameRule = (value) => {
  if (value === '') return ['environment variable name must be non-empty'];
  return /^[\x20-\x3c\x3e-\x7e]*$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
};

export const validPercent: NameRule = (value) => check(value, percent);
export const validHttpHeaderName: NameRule = (value) => check(value, httpHeader);

/** A name of a port, as in RFC 6335. */
export const validPortName: NameRule = (value) => {
  const errors = withLimit(value, 15);
  if (!/^[-a-z0-9]+$/.test(value)) {
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
};

/** A part of a URL path: names of RBAC objects and of API groups' oddities. */
export const pathSegmentName: NameRule = (value) => {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%']
    .filter((character) => value.includes(character))
    .map((character) => `may not contain '${character}'`);
};

/** The rule for the prefix in `generateName`: a trailing dash stands for the part that is added. */
export const asPrefix =
  (rule: NameRule): NameRule =>
  (value) =>
    rule(value.endsWith('-') ? `${value.slice(0, -1)}a` : value);
