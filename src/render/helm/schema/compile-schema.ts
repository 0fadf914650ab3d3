import { goQuote } from '../template/quote.js';
import { addressOf, metaDocument } from './draft.js';
import { isFormatKnown } from './formats.js';
import { isObject, type Json, type JsonObject } from './json.js';
import { patternProblem } from './patterns.js';
import { problemLines, SchemaFailure } from './problem.js';
import {
  encodePointer,
  escapeStep,
  joinAddress,
  lookUp,
  readDocument,
  readMore,
  resourceAt,
  type SchemaDocument,
  splitFragment,
  UnknownDraft,
} from './schema-document.js';
import { NUMBER_KEYWORDS, type SchemaNode } from './schema-node.js';
import { validate } from './validate-value.js';

/** Loads the schema at an address. Throws SchemaFailure with what went wrong. */
export type LoadSchema = (address: string) => Promise<Json>;

/** An address whose document is needed before a schema can be made ready. */
export class MissingDocument extends Error {
  override readonly name = 'MissingDocument';

  constructor(readonly address: string) {
    super(address);
  }
}

const MAX_NODES = 200_000;
const ALL_TYPES = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object'];

/** Makes schemas ready, and remembers them by their place. */
export class SchemaCompiler {
  private readonly documents = new Map<string, SchemaDocument>();
  private readonly nodes = new Map<string, SchemaNode>();
  private queue: SchemaNode[] = [];

  constructor(
    /** Documents at hand, by their address. */
    private readonly sources: ReadonlyMap<string, Json>,
    /** Formats are checked even where the draft takes them for remarks. */
    private readonly checksFormats = false,
  ) {}

  /** The schema at an address, all that it refers to made ready. Throws SchemaFailure and MissingDocument. */
  compile(address: string): SchemaNode {
    const node = this.nodeAt(this.document(address), '');
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) this.fill(next);
    return node;
  }

  private document(address: string): SchemaDocument {
    const known = this.documents.get(address);
    if (known !== undefined) return known;
    const root = this.sources.get(address) ?? metaDocument(address);
    if (root === undefined) throw new MissingDocument(address);
    let document: SchemaDocument;
    try {
      document = readDocument(address, root);
    } catch (error) {
      // Whatever stands at that address may be a draft of its own: it has to be there at least.
      if (error instanceof UnknownDraft && error.address !== address && !this.sources.has(error.address))
        throw new MissingDocument(error.address);
      throw error;
    }
    if (!/^https?:\/\/json-schema\.org\//.test(address)) checkSchema(document, '', root);
    this.documents.set(address, document);
    return document;
  }

  private nodeAt(document: SchemaDocument, pointer: string): SchemaNode {
    const key = `${document.address}#${pointer}`;
    const known = this.nodes.get(key);
    if (known !== undefined) return known;
    if (this.nodes.size > MAX_NODES) throw new SchemaFailure('the schema has too many parts');
    const resource = resourceAt(document, pointer);
    const location = `${document.address}#${encodePointer(pointer)}`;
    const compiled = (at: string): SchemaNode | undefined => this.nodes.get(`${document.address}#${at}`);
    const node: SchemaNode = { document, pointer, resource, location, compiled, draft: resource.draft, numbers: {} };
    this.nodes.set(key, node);
    this.queue.push(node);
    return node;
  }

  private fill(node: SchemaNode): void {
    const { document, pointer } = node;
    const schema = lookUp(document.root, pointer);
    if (schema === undefined) throw new SchemaFailure(`json-pointer in ${goQuote(node.location)} not found`);
    if (typeof schema === 'boolean') node.always = schema;
    if (!isObject(schema)) return;
    // Dynamic and recursive references find their way back to the resource.
    this.nodeAt(document, node.resource.pointer);
    if (node.resource.pointer === pointer && node.draft >= 2020) {
      for (const anchor of node.resource.dynamicAnchors)
        this.nodeAt(document, node.resource.anchors.get(anchor) ?? pointer);
    }
    if (Object.keys(schema).length === 0) node.always = true;
    else this.keywords(node, schema);
  }

  private keywords(node: SchemaNode, schema: JsonObject): void {
    const reader = new KeywordReader(schema, (path) => this.nodeAt(node.document, node.pointer + path));
    const ref = this.reference(node, schema, '$ref');
    if (ref !== undefined) {
      node.ref = ref;
      // Nothing beside a reference counts, but Helm's validator looks at one keyword first.
      if (node.draft < 2019) {
        if (node.draft >= 6 && schema['const'] !== undefined) node.constant = { value: schema['const'] };
        return;
      }
    }
    reader.assign(node, this.checksFormats);
    if (node.draft >= 2019) {
      const recursive = this.reference(node, schema, '$recursiveRef');
      if (recursive !== undefined) node.recursiveRef = recursive;
      node.recursiveAnchor = schema['$recursiveAnchor'] === true;
    }
    if (node.draft < 2020) return;
    const dynamic = this.reference(node, schema, '$dynamicRef');
    if (dynamic !== undefined) {
      const [, fragment] = splitFragment(schema['$dynamicRef'] as string);
      node.dynamicRef = { node: dynamic, anchor: fragment.startsWith('/') ? '' : fragment };
    }
    if (typeof schema['$dynamicAnchor'] === 'string') node.dynamicAnchor = schema['$dynamicAnchor'];
  }

  private reference(node: SchemaNode, schema: JsonObject, keyword: string): SchemaNode | undefined {
    const text = Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;
    if (typeof text !== 'string') return undefined;
    const [address, fragment] = splitFragment(text);
    const target = joinAddress(node.resource.id, address);
    const { document } = node;
    const local =
      target === document.address
        ? document.resources.get('')
        : [...document.resources.values()].find((each) => each.id === target);
    const from = local === undefined ? this.document(target) : document;
    const resource = local ?? from.resources.get('');
    let pointer = fragment;
    if (fragment !== '' && !fragment.startsWith('/')) {
      const anchored = resource?.anchors.get(fragment);
      if (anchored === undefined) {
        throw new SchemaFailure(
          `anchor in ${goQuote(`${target}#${fragment}`)} not found in schema ${goQuote(from.address)}`,
        );
      }
      pointer = anchored;
    } else {
      pointer = (resource?.pointer ?? '') + fragment;
    }
    this.ensureSchema(from, pointer);
    return this.nodeAt(from, pointer);
  }

  private readonly ensured = new Set<string>();

  /** Schemas may lie where none are looked for. */
  private ensureSchema(document: SchemaDocument, pointer: string): void {
    const key = `${document.address}#${pointer}`;
    if (this.ensured.has(key) || pointer === '' || isUsualPlace(pointer)) return;
    this.ensured.add(key);
    const schema = lookUp(document.root, pointer);
    if (schema === undefined) return;
    readMore(document, pointer);
    if (!/^https?:\/\/json-schema\.org\//.test(document.address)) checkSchema(document, pointer, schema);
  }
}

const USUAL =
  /^(?:\/(?:definitions|\$defs|properties|patternProperties|dependencies|dependentSchemas)\/[^/]*|\/(?:allOf|anyOf|oneOf|items|prefixItems)\/[0-9]+|\/(?:not|additionalProperties|items|additionalItems|propertyNames|contains|if|then|else|unevaluatedProperties|unevaluatedItems))*$/;

const isUsualPlace = (pointer: string): boolean => USUAL.test(pointer);

/** Reads the keywords of one schema. */
class KeywordReader {
  constructor(
    private readonly schema: JsonObject,
    private readonly nodeAt: (path: string) => SchemaNode,
  ) {}

  private value(keyword: string): Json | undefined {
    return Object.hasOwn(this.schema, keyword) ? this.schema[keyword] : undefined;
  }

  private one(node: SchemaNode, field: keyof SchemaNode): void {
    if (this.value(field) !== undefined) Object.assign(node, { [field]: this.nodeAt(`/${field}`) });
  }

  private many(field: 'allOf' | 'anyOf' | 'oneOf' | 'prefixItems' | 'items'): readonly SchemaNode[] | undefined {
    const value = this.value(field);
    return Array.isArray(value) ? value.map((_, i) => this.nodeAt(`/${field}/${i}`)) : undefined;
  }

  private named(field: string): ReadonlyMap<string, SchemaNode> | undefined {
    const value = this.value(field);
    if (!isObject(value)) return undefined;
    return new Map(Object.keys(value).map((name) => [name, this.nodeAt(`/${field}/${escapeStep(name)}`)]));
  }

  private additional(field: string): boolean | SchemaNode | undefined {
    const value = this.value(field);
    if (typeof value === 'boolean') return value;
    return value === undefined ? undefined : this.nodeAt(`/${field}`);
  }

  assign(node: SchemaNode, checksFormats: boolean): void {
    const fields: Partial<SchemaNode> = {};
    Object.assign(fields, { allOf: this.many('allOf'), anyOf: this.many('anyOf'), oneOf: this.many('oneOf') });
    this.one(node, 'not');
    Object.assign(fields, {
      properties: this.named('properties'),
      patternProperties: this.named('patternProperties'),
      additionalProperties: this.additional('additionalProperties'),
      dependencies: this.dependencies(),
      types: this.types(),
      options: asList(this.value('enum')),
      required: textsIn(this.value('required')),
      uniqueItems: this.value('uniqueItems') === true,
      numbers: this.numbers(node.draft),
    });
    const pattern = this.value('pattern');
    if (typeof pattern === 'string') fields.pattern = pattern;
    const format = this.value('format');
    if (typeof format === 'string' && (checksFormats || node.draft < 2019) && isFormatKnown(format))
      fields.format = format;
    this.assignItems(node, fields);
    if (node.draft >= 6) {
      this.one(node, 'contains');
      this.one(node, 'propertyNames');
      const constant = this.value('const');
      if (constant !== undefined) fields.constant = { value: constant };
    }
    if (node.draft >= 7) {
      this.one(node, 'if');
      if (node.if !== undefined && this.value('if') !== false) this.one(node, 'then');
      if (node.if !== undefined && this.value('if') !== true) this.one(node, 'else');
    }
    if (node.draft >= 2019) {
      Object.assign(fields, {
        dependentSchemas: this.named('dependentSchemas'),
        dependentRequired: this.textsByName(),
      });
      this.one(node, 'unevaluatedItems');
      this.one(node, 'unevaluatedProperties');
    }
    Object.assign(node, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
    for (const text of [
      ...(node.patternProperties?.keys() ?? []),
      ...(node.pattern === undefined ? [] : [node.pattern]),
    ]) {
      const problem = patternProblem(text);
      if (problem !== undefined)
        throw new SchemaFailure(`invalid regex ${goQuote(text)} at ${goQuote(node.location)}: ${problem}`);
    }
  }

  private assignItems(node: SchemaNode, fields: Partial<SchemaNode>): void {
    if (node.draft >= 2020) {
      const prefix = this.many('prefixItems');
      if (prefix !== undefined) fields.prefixItems = prefix;
      this.one(node, 'items');
      return;
    }
    const list = this.many('items');
    if (list === undefined) {
      this.one(node, 'items');
      return;
    }
    fields.items = list;
    const rest = this.additional('additionalItems');
    if (rest !== undefined) fields.additionalItems = rest;
  }

  private types(): readonly string[] | undefined {
    const value = this.value('type');
    const wanted = typeof value === 'string' ? [value] : textsIn(value);
    const known = ALL_TYPES.filter((type) => wanted?.includes(type));
    return known.length === 0 ? undefined : known;
  }

  private dependencies(): SchemaNode['dependencies'] {
    const value = this.value('dependencies');
    if (!isObject(value)) return undefined;
    return new Map(
      Object.entries(value).map(([name, item]) => [
        name,
        textsIn(item) ?? this.nodeAt(`/dependencies/${escapeStep(name)}`),
      ]),
    );
  }

  private textsByName(): SchemaNode['dependentRequired'] {
    const value = this.value('dependentRequired');
    if (!isObject(value)) return undefined;
    return new Map(
      Object.entries(value).flatMap(([name, item]) => (Array.isArray(item) ? [[name, textsIn(item) ?? []]] : [])),
    );
  }

  private numbers(draft: number): SchemaNode['numbers'] {
    const numbers: Partial<Record<string, number>> = {};
    for (const keyword of NUMBER_KEYWORDS) {
      const value = this.value(keyword);
      if (typeof value !== 'number') continue;
      if (keyword.endsWith('Contains') && draft < 2019) continue;
      const counts = /^(?:min|max)[A-Z]/.test(keyword);
      if (!counts || Number.isInteger(value)) numbers[keyword] = value;
    }
    for (const [exclusive, bound] of [
      ['exclusiveMinimum', 'minimum'],
      ['exclusiveMaximum', 'maximum'],
    ] as const) {
      if (this.value(exclusive) !== true || numbers[bound] === undefined) continue;
      numbers[exclusive] = numbers[bound];
      delete numbers[bound];
    }
    return numbers;
  }
}

const asList = (value: Json | undefined): readonly Json[] | undefined => (Array.isArray(value) ? value : undefined);

const textsIn = (value: Json | undefined): readonly string[] | undefined =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;

const metaSchemas = new Map<string, SchemaNode>();

const metaSchema = (address: string): SchemaNode => {
  const known = metaSchemas.get(address);
  if (known !== undefined) return known;
  const made = new SchemaCompiler(new Map(), true).compile(address);
  metaSchemas.set(address, made);
  return made;
};

/** Checks a schema against the schema of its draft. */
const checkSchema = (document: SchemaDocument, pointer: string, schema: Json): void => {
  const address = addressOf(resourceAt(document, pointer).draft);
  const problems = validate(metaSchema(address), schema);
  if (problems.length === 0) return;
  const lines = problemLines(problems).join('\n');
  const place = goQuote(`${document.address}#${encodePointer(pointer)}`);
  throw new SchemaFailure(
    `${place} is not valid against metaschema: jsonschema validation failed with '${address}#'\n${lines}`,
  );
};
