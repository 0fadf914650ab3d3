import { Environment } from '@marcbachmann/cel-js';
import { isIP } from 'node:net';
import { RE2JS } from 're2js';
import {
  addQuantities,
  approximateValue,
  compareQuantities,
  parseQuantity,
  subtractQuantities,
  tryParseQuantity,
  wholeValue,
  type Quantity,
} from '../../../objects/quantity.js';

/** A quantity as CEL expressions handle it. */
class QuantityValue {
  constructor(readonly quantity: Quantity) {}
}

/** A URL as CEL expressions handle it. */
class UrlValue {
  constructor(readonly url: URL) {}
}

type Comparable = bigint | number | string | boolean | Date;

const compare = (a: Comparable, b: Comparable): number => (a < b ? -1 : Number(a > b));

const find = (text: string, pattern: string): string => {
  const matcher = RE2JS.compile(pattern).matcher(text);
  return matcher.find() ? (matcher.group() ?? '') : '';
};

const findAll = (text: string, pattern: string): string[] => {
  const matcher = RE2JS.compile(pattern).matcher(text);
  const found: string[] = [];
  while (matcher.find()) found.push(matcher.group() ?? '');
  return found;
};

const isUrl = (text: string): boolean => URL.canParse(text) || text.startsWith('/');

const addLists = (environment: Environment): Environment =>
  environment
    .registerFunction('list.isSorted(): bool', (list: Comparable[]) =>
      list.every((each, index) => index === 0 || compare(list[index - 1] as Comparable, each) <= 0),
    )
    .registerFunction('list.sum(): dyn', (list: (bigint | number)[]) => {
      if (list.length === 0) return 0n;
      return typeof list[0] === 'bigint'
        ? (list as bigint[]).reduce((sum, each) => sum + each, 0n)
        : (list as number[]).reduce((sum, each) => sum + each, 0);
    })
    .registerFunction('list.min(): dyn', (list: Comparable[]) => extreme(list, -1))
    .registerFunction('list.max(): dyn', (list: Comparable[]) => extreme(list, 1))
    .registerFunction('list.indexOf(dyn): int', (list: unknown[], value: unknown) => BigInt(list.indexOf(value)))
    .registerFunction('list.lastIndexOf(dyn): int', (list: unknown[], value: unknown) =>
      BigInt(list.lastIndexOf(value)),
    );

const extreme = (list: readonly Comparable[], direction: 1 | -1): Comparable => {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error('min/max called on empty list');
  return rest.reduce((best, each) => (compare(each, best) * direction > 0 ? each : best), first);
};

const addText = (environment: Environment): Environment =>
  environment
    .registerFunction('string.matchesInLinearTime(string): bool', (text: string, pattern: string) =>
      RE2JS.compile(pattern).matcher(text).find(),
    )
    .registerFunction('string.find(string): string', find)
    .registerFunction('string.findAll(string): list<string>', findAll)
    .registerFunction('string.findAll(string, int): list<string>', (text: string, pattern: string, limit: bigint) =>
      findAll(text, pattern).slice(0, Number(limit)),
    )
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.split(from).join(to),
    );

const addQuantity = (environment: Environment): Environment =>
  environment
    .registerType('Quantity', QuantityValue)
    .registerFunction('quantity(string): Quantity', (text: string) => new QuantityValue(parseQuantity(text)))
    .registerFunction('isQuantity(string): bool', (text: string) => tryParseQuantity(text) !== undefined)
    .registerFunction(
      'Quantity.isGreaterThan(Quantity): bool',
      (a: QuantityValue, b: QuantityValue) => compareQuantities(a.quantity, b.quantity) > 0,
    )
    .registerFunction(
      'Quantity.isLessThan(Quantity): bool',
      (a: QuantityValue, b: QuantityValue) => compareQuantities(a.quantity, b.quantity) < 0,
    )
    .registerFunction('Quantity.compareTo(Quantity): int', (a: QuantityValue, b: QuantityValue) =>
      BigInt(compareQuantities(a.quantity, b.quantity)),
    )
    .registerFunction(
      'Quantity.add(Quantity): Quantity',
      (a: QuantityValue, b: QuantityValue) => new QuantityValue(addQuantities(a.quantity, b.quantity)),
    )
    .registerFunction(
      'Quantity.sub(Quantity): Quantity',
      (a: QuantityValue, b: QuantityValue) => new QuantityValue(subtractQuantities(a.quantity, b.quantity)),
    )
    .registerFunction(
      'Quantity.isInteger(): bool',
      ({ quantity }: QuantityValue) => quantity.nanos % 1_000_000_000n === 0n,
    )
    .registerFunction('Quantity.asInteger(): int', ({ quantity }: QuantityValue) => BigInt(wholeValue(quantity)))
    .registerFunction('Quantity.asApproximateFloat(): double', ({ quantity }: QuantityValue) =>
      approximateValue(quantity),
    )
    .registerFunction('Quantity.sign(): int', ({ quantity }: QuantityValue) =>
      BigInt(compareQuantities(quantity, parseQuantity('0'))),
    );

const addAddresses = (environment: Environment): Environment =>
  environment
    .registerType('URL', UrlValue)
    .registerFunction('url(string): URL', (text: string) => new UrlValue(new URL(text)))
    .registerFunction('isURL(string): bool', isUrl)
    .registerFunction('URL.getScheme(): string', ({ url }: UrlValue) => url.protocol.replace(/:$/, ''))
    .registerFunction('URL.getHost(): string', ({ url }: UrlValue) => url.host)
    .registerFunction('URL.getHostname(): string', ({ url }: UrlValue) => url.hostname)
    .registerFunction('URL.getPort(): string', ({ url }: UrlValue) => url.port)
    .registerFunction('URL.getEscapedPath(): string', ({ url }: UrlValue) => url.pathname)
    .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0)
    .registerFunction('isCIDR(string): bool', (text: string) => {
      const [address = '', bits = ''] = text.split('/');
      const family = isIP(address);
      return family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
    });

const LIMITS = { maxAstNodes: 10_000, maxDepth: 100 };

/** The functions of Kubernetes' CEL, with `self` and `oldSelf`. */
export const ruleEnvironment: Environment = addAddresses(
  addQuantity(
    addText(
      addLists(
        new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits: LIMITS })
          .registerVariable('self', 'dyn')
          .registerVariable('oldSelf', 'dyn'),
      ),
    ),
  ),
);

const TEXT_OR_MATCHES = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\.matches\s*\(/g;

/** An expression whose patterns run in linear time: the library's `matches` can take exponential time. */
export const safeExpression = (expression: string): string =>
  expression.replaceAll(TEXT_OR_MATCHES, (all, text: string | undefined) =>
    text === undefined ? '.matchesInLinearTime(' : all,
  );
