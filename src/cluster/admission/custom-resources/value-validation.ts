import { isRecord, jsonEquals, ownValue } from '../../../objects/json.js';
import { writeJson } from '../../../objects/lossless-json.js';
import { pattern } from '../cel/patterns.js';
import { formatDouble } from '../cel/values.js';
import {
  goQuote,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  type FieldError,
} from '../field-errors.js';
import { oldElement } from './correlation.js';
import { itemsOf, propertyOf } from './prune.js';
import { isSet, schemaList, typeOf, type StructuralSchema } from './structural-schema.js';
import { hasFormat, isKnownFormat } from './text-formats.js';

/** What is wrong with a value, and how much of it was checked with success: of alternatives, the closest one is told. */
class Findings {
  readonly errors: FieldError[] = [];
  matches = 0;

  add(...errors: readonly FieldError[]): void {
    for (const error of errors) {
      const isKnown = this.errors.some(({ field, message }) => field === error.field && message === error.message);
      if (!isKnown) this.errors.push(error);
    }
  }

  merge(other: Findings | undefined): void {
    if (other === undefined) return;
    this.add(...other.errors);
    this.matches += other.matches;
  }

  get isValid(): boolean {
    return this.errors.length === 0;
  }
}

/** What a value was before an update, where that can be told. */
interface Before {
  readonly value: unknown;
}

type Numeric = number | bigint;

const isNumeric = (value: unknown): value is Numeric => typeof value === 'number' || typeof value === 'bigint';
/** Beyond 2^53, integers are BigInts; a number there was written with an exponent. */
const isWhole = (value: Numeric): boolean => typeof value === 'bigint' || Number.isSafeInteger(value);

/** The type of a value, and the format that goes with it. */
const formOf = (value: unknown): { readonly type: string; readonly format: string } => {
  if (Array.isArray(value)) return { type: 'array', format: '' };
  if (isNumeric(value))
    return isWhole(value) ? { type: 'integer', format: 'int64' } : { type: 'number', format: 'float64' };
  return { type: typeof value, format: '' };
};

const typesOf = (schema: StructuralSchema): readonly string[] => {
  if (isSet(schema, 'x-kubernetes-int-or-string')) return ['integer', 'string'];
  return typeOf(schema) === '' ? [] : [typeOf(schema)];
};

const formatOf = (schema: StructuralSchema): string => {
  const format = typeof schema['format'] === 'string' ? schema['format'] : '';
  const types = typesOf(schema);
  return format !== '' && isKnownFormat(format, types.length === 1 ? (types[0] ?? '') : '') ? format : '';
};

const numberIn = (schema: StructuralSchema, name: string): number | undefined => {
  const value: unknown = schema[name];
  return isNumeric(value) ? Number(value) : undefined;
};

const INT32 = 2 ** 31;
const INT64 = 2 ** 63;
const FLOAT_MAX = 3.402_823_466_385_288_6e38;

const fits = (value: Numeric, type: string, format: string): boolean => {
  if (typeof value === 'bigint' && type === 'integer')
    return BigInt.asIntN(format === 'int32' ? 32 : 64, value) === value;
  if (type === 'integer') {
    const limit = format === 'int32' ? INT32 : INT64;
    return isWhole(value) && value >= -limit && value < limit;
  }
  return format !== 'float' || Math.abs(Number(value)) <= FLOAT_MAX;
};

/** Validates values against one schema and what is below it. `base` stands before the paths of all errors. */
export class ValueValidation {
  constructor(private readonly base: string) {}

  private at(path: string): string {
    const rest = path.replace(/^\./, '');
    if (this.base === '') return rest === '' ? '<nil>' : rest;
    return rest === '' ? this.base : `${this.base}.${rest}`;
  }

  /** Errors that do not know where they are. */
  private general(text: string): FieldError {
    return invalid(this.base === '' ? '<nil>' : this.base, '', text);
  }

  /** All that is wrong with a value; what `before` had already is forgiven. */
  validate(value: unknown, schema: StructuralSchema, path: string, before?: Before): Findings {
    const findings = this.check(value, schema, path, before);
    if (before === undefined || findings.isValid || !jsonEquals(value, before.value)) return findings;
    return new Findings();
  }

  private check(value: unknown, schema: StructuralSchema, path: string, before: Before | undefined): Findings {
    const findings = new Findings();
    if (value === null) {
      findings.merge(this.type(value, schema, path));
      findings.merge(this.enumeration(value, schema, path));
      return findings;
    }
    const parts = [
      ...(typesOf(schema).length > 0 || formatOf(schema) !== '' ? [this.type(value, schema, path)] : []),
      this.alternatives(value, schema, path, before),
      ...(typeof value === 'string' ? [this.text(value, schema, path), this.format(value, schema, path)] : []),
      ...(isNumeric(value) ? [this.number(value, schema, path)] : []),
      ...(Array.isArray(value) ? [this.list(value, schema, path, before)] : []),
      this.enumeration(value, schema, path),
      ...(isRecord(value) ? [this.object(value, schema, path, before)] : []),
    ];
    for (const part of parts) {
      findings.merge(part);
      findings.matches += 1;
    }
    findings.matches += 1;
    return findings;
  }

  private wrongType(path: string, type: string, actual: string): Findings {
    const findings = new Findings();
    findings.add(typeInvalid(this.at(path), actual, `${path} in body must be of type ${type}: ${goQuote(actual)}`));
    return findings;
  }

  private type(value: unknown, schema: StructuralSchema, path: string): Findings {
    const findings = new Findings();
    findings.matches += 1;
    const [types, format] = [typesOf(schema), formatOf(schema)];
    if (value === null) {
      const allowsNull = types.length === 0 || types.includes('null') || isSet(schema, 'nullable');
      return allowsNull ? findings : this.wrongType(path, types.join(','), 'null');
    }
    const form = formOf(value);
    const isTextual = typeof value === 'string' || Array.isArray(value);
    const isNumber = types.includes('number') || types.includes('integer');
    const isFitting = types.includes(form.type) || (form.type === 'integer' && types.includes('number'));
    if (!isTextual && format !== '' && !isFitting && form.format !== format)
      return this.wrongType(path, format, form.format);
    if (!isNumber && format !== '' && isTextual) return findings;
    return isFitting || types.length === 0 ? findings : this.wrongType(path, types.join(','), form.type);
  }

  private alternatives(value: unknown, schema: StructuralSchema, path: string, before: Before | undefined): Findings {
    const findings = new Findings();
    const each = (name: string): Findings[] =>
      schemaList(schema[name]).map((inner) => this.check(value, inner, path, before));
    this.anyOf(findings, each('anyOf'), path);
    this.oneOf(findings, each('oneOf'), path);
    this.allOf(findings, each('allOf'), path);
    if (isRecord(schema['not']) && this.check(value, schema['not'], path, before).isValid)
      findings.add(this.general(`${goQuote(path)} must not validate the schema (not)`));
    findings.matches += 1;
    return findings;
  }

  private anyOf(findings: Findings, results: readonly Findings[], path: string): void {
    if (results.length === 0) return;
    const success = results.find(({ isValid }) => isValid);
    if (success === undefined) findings.add(this.general(`${goQuote(path)} must validate at least one schema (anyOf)`));
    findings.merge(success ?? closest(results));
  }

  private oneOf(findings: Findings, results: readonly Findings[], path: string): void {
    if (results.length === 0) return;
    const valid = results.filter(({ isValid }) => isValid);
    if (valid.length === 1) {
      findings.merge(valid[0]);
      return;
    }
    const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
    findings.add(this.general(`${goQuote(path)} must validate one and only one schema (oneOf). ${found}`));
    if (valid.length === 0) findings.merge(closest(results));
  }

  private allOf(findings: Findings, results: readonly Findings[], path: string): void {
    for (const result of results) findings.merge(result);
    const valid = results.filter(({ isValid }) => isValid).length;
    if (valid === results.length) return;
    const none = valid === 0 ? '. None validated' : '';
    findings.add(this.general(`${goQuote(path)} must validate all the schemas (allOf)${none}`));
  }

  private text(value: string, schema: StructuralSchema, path: string): Findings | undefined {
    const length = Array.from(value).length;
    const [most, least] = [numberIn(schema, 'maxLength'), numberIn(schema, 'minLength')];
    const findings = new Findings();
    const wanted: unknown = schema['pattern'];
    if (most !== undefined && length > most) findings.add(tooLong(this.at(path), most));
    else if (least !== undefined && length < least)
      findings.add(invalid(this.at(path), value, `${path} in body should be at least ${least} chars long`));
    else if (typeof wanted === 'string' && wanted !== '' && !pattern(wanted).matcher(value).find())
      findings.add(invalid(this.at(path), value, `${path} in body should match '${wanted}'`));
    return findings.isValid ? undefined : findings;
  }

  private format(value: string, schema: StructuralSchema, path: string): Findings | undefined {
    const format = formatOf(schema);
    if (format === '' || hasFormat(value, format) !== false) return undefined;
    const findings = new Findings();
    findings.add(typeInvalid(this.at(path), value, `${path} in body must be of type ${format}: ${goQuote(value)}`));
    return findings;
  }

  private number(value: Numeric, schema: StructuralSchema, path: string): Findings {
    const findings = new Findings();
    const types = typesOf(schema);
    const type = types.length === 1 && (types[0] === 'integer' || types[0] === 'number') ? types[0] : '';
    const format = type === '' ? '' : formatOf(schema);
    const range = (checked: Numeric, what: string): void => {
      if (fits(checked, type, format)) return;
      const shown = format === '' ? '(default format)' : `with format ${format}`;
      findings.add(this.general(`${what} value must be of type ${type} ${shown} in ${path}`));
    };
    range(value, 'Checked');
    this.multiple(findings, value, schema, path, range);
    this.bound(findings, value, schema, path, LEAST, range);
    this.bound(findings, value, schema, path, MOST, range);
    findings.matches += 1;
    return findings;
  }

  private multiple(
    findings: Findings,
    value: Numeric,
    schema: StructuralSchema,
    path: string,
    range: RangeCheck,
  ): void {
    const factor = numberIn(schema, 'multipleOf');
    if (factor === undefined) return;
    range(factor, 'MultipleOf');
    const step = isWhole(value) && Number.isInteger(factor) ? Math.trunc(factor) : factor;
    if (step <= 0) {
      const why = `factor MultipleOf declared for ${path} must be positive: ${formatDouble(factor)}`;
      findings.add(invalid(this.at(path), factor, why));
      return;
    }
    const times = step < 1 ? (1 / step) * Number(value) : Number(value) / step;
    if (Number.isInteger(times) || Math.abs(times - Math.round(times)) < 1e-9) return;
    findings.add(invalid(this.at(path), value, `${path} in body should be a multiple of ${formatDouble(factor)}`));
  }

  private bound(
    findings: Findings,
    value: Numeric,
    schema: StructuralSchema,
    path: string,
    { name, exclusive, what, words, isBroken }: Bound,
    range: RangeCheck,
  ): void {
    const limit = numberIn(schema, name);
    if (limit === undefined) return;
    range(limit, what);
    const isExclusive = isSet(schema, exclusive);
    if (!isBroken(Number(value), limit, isExclusive)) return;
    const text = `${path} in body should be ${isExclusive ? words.strict : words.loose} ${formatDouble(limit)}`;
    findings.add(invalid(this.at(path), value, text));
  }

  private list(
    value: readonly unknown[],
    schema: StructuralSchema,
    path: string,
    before: Before | undefined,
  ): Findings {
    const findings = new Findings();
    const items = itemsOf(schema);
    if (items !== undefined)
      for (const [index, each] of value.entries()) {
        const old = before === undefined ? undefined : oldElement(schema, each, before.value);
        const known = old === undefined ? undefined : { value: old };
        findings.merge(this.validate(each, items, `${path}[${index}]`, known));
      }
    const [least, most] = [numberIn(schema, 'minItems'), numberIn(schema, 'maxItems')];
    const size = value.length;
    if (least !== undefined && size < least)
      findings.add(invalid(this.at(path), size, `${path} in body should have at least ${least} items`));
    if (most !== undefined && size > most) findings.add(tooMany(this.at(path), size, most));
    findings.matches += 1;
    return findings;
  }

  private object(
    value: Readonly<Record<string, unknown>>,
    schema: StructuralSchema,
    path: string,
    before: Before | undefined,
  ): Findings {
    const findings = new Findings();
    this.objectSize(findings, Object.keys(value).length, schema, path);
    const { additionalProperties: values } = schema;
    for (const [name, each] of Object.entries(value)) {
      const property = propertyOf(schema, name);
      const old = ownValue(before?.value, name);
      const isKept = old !== undefined && !(path === '' && (name === 'kind' || name === 'apiVersion'));
      const known = isKept ? { value: old } : undefined;
      const below = path === '' && property !== undefined ? name : `${path}.${name}`;
      if (property !== undefined) findings.merge(this.validate(each, property, below, known));
      else if (isRecord(values)) findings.merge(this.validate(each, values, below, known));
      else if (values === false)
        findings.add(invalid(this.at(path), name, `${path}.${name} in body is a forbidden property`));
    }
    const demanded: unknown = schema['required'];
    for (const name of Array.isArray(demanded) ? (demanded as string[]) : [])
      if (!Object.hasOwn(value, name)) findings.add(required(this.at(`${path}.${name}`)));
    return findings;
  }

  private objectSize(findings: Findings, size: number, schema: StructuralSchema, path: string): void {
    const [least, most] = [numberIn(schema, 'minProperties'), numberIn(schema, 'maxProperties')];
    if (least !== undefined && size < least)
      findings.add(invalid(this.at(path), size, `${path} in body should have at least ${least} properties`));
    if (most !== undefined && size > most) findings.add(tooMany(this.at(path), size, most));
  }

  private enumeration(value: unknown, schema: StructuralSchema, path: string): Findings | undefined {
    const allowed: unknown = schema['enum'];
    if (!Array.isArray(allowed) || allowed.length === 0) return undefined;
    if (value !== null && allowed.some((each) => jsonEquals(each, value))) return undefined;
    const findings = new Findings();
    const shown = allowed.map((each: unknown) => (typeof each === 'string' ? each : writeJson(each)));
    findings.add(notSupported(this.at(path), value ?? undefined, shown));
    return findings;
  }
}

type RangeCheck = (checked: Numeric, what: string) => void;

interface Bound {
  readonly name: string;
  readonly exclusive: string;
  readonly what: string;
  readonly words: { readonly strict: string; readonly loose: string };
  readonly isBroken: (value: number, limit: number, isExclusive: boolean) => boolean;
}

const LEAST: Bound = {
  name: 'minimum',
  exclusive: 'exclusiveMinimum',
  what: 'Minimum boundary',
  words: { strict: 'greater than', loose: 'greater than or equal to' },
  isBroken: (value, limit, isExclusive) => value < limit || (isExclusive && value === limit),
};

const MOST: Bound = {
  name: 'maximum',
  exclusive: 'exclusiveMaximum',
  what: 'Maximum boundary',
  words: { strict: 'less than', loose: 'less than or equal to' },
  isBroken: (value, limit, isExclusive) => value > limit || (isExclusive && value === limit),
};

/** Of several that do not fit, the one with which most fits. */
const closest = (results: readonly Findings[]): Findings | undefined =>
  results.reduce<Findings | undefined>(
    (best, each) => (best === undefined || each.matches > best.matches ? each : best),
    undefined,
  );

/** All that is wrong with a value by its schema. With `before`, what an update left alone is forgiven. */
export const valueErrors = (value: unknown, schema: StructuralSchema, base = '', before?: Before): FieldError[] =>
  new ValueValidation(base).validate(value, schema, '', before).errors;
