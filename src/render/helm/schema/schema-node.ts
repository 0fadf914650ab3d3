import type { Draft } from './draft.js';
import type { Json } from './json.js';
import type { Resource, SchemaDocument } from './schema-document.js';

/** A schema made ready: one field for each keyword that its draft knows. */
export interface SchemaNode {
  readonly document: SchemaDocument;
  readonly pointer: string;
  readonly draft: Draft;
  readonly resource: Resource;
  /** The address that messages name. */
  readonly location: string;
  /** The schema at another place of the same document, when it has been made ready. */
  readonly compiled: (pointer: string) => SchemaNode | undefined;
  always?: boolean;
  types?: readonly string[];
  constant?: { readonly value: Json };
  options?: readonly Json[];
  format?: string;
  ref?: SchemaNode;
  recursiveRef?: SchemaNode;
  recursiveAnchor?: boolean;
  dynamicRef?: { readonly node: SchemaNode; readonly anchor: string };
  dynamicAnchor?: string;
  allOf?: readonly SchemaNode[];
  anyOf?: readonly SchemaNode[];
  oneOf?: readonly SchemaNode[];
  not?: SchemaNode;
  if?: SchemaNode;
  then?: SchemaNode;
  else?: SchemaNode;
  properties?: ReadonlyMap<string, SchemaNode>;
  patternProperties?: ReadonlyMap<string, SchemaNode>;
  additionalProperties?: boolean | SchemaNode;
  propertyNames?: SchemaNode;
  dependencies?: ReadonlyMap<string, readonly string[] | SchemaNode>;
  dependentSchemas?: ReadonlyMap<string, SchemaNode>;
  dependentRequired?: ReadonlyMap<string, readonly string[]>;
  required?: readonly string[];
  unevaluatedProperties?: SchemaNode;
  unevaluatedItems?: SchemaNode;
  /** `items` for all, or one for each place. */
  items?: SchemaNode | readonly SchemaNode[];
  additionalItems?: boolean | SchemaNode;
  prefixItems?: readonly SchemaNode[];
  contains?: SchemaNode;
  uniqueItems?: boolean;
  pattern?: string;
  numbers: Readonly<Partial<Record<NumberKeyword, number>>>;
}

export const NUMBER_KEYWORDS = [
  'minProperties',
  'maxProperties',
  'minItems',
  'maxItems',
  'minContains',
  'maxContains',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
] as const;

export type NumberKeyword = (typeof NUMBER_KEYWORDS)[number];
