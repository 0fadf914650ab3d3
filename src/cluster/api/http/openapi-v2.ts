import { isRecord } from '../../../objects/json.js';
import type { OpenApiDocument } from '../../../objects/schema/openapi.js';

type Node = Readonly<Record<string, unknown>>;

/** The documents of all group versions as one document of the older version. */
export const openApiV2 = (documents: readonly OpenApiDocument[]): Node => {
  const paths: Record<string, unknown> = {};
  const definitions: Record<string, unknown> = {};
  for (const { paths: own, components } of documents) {
    for (const [name, schema] of Object.entries(components.schemas)) definitions[name] ??= older(schema);
    for (const [path, item] of Object.entries(own)) paths[path] = olderPath(item);
  }
  const info = documents[0]?.info ?? { title: 'Kubernetes', version: '' };
  return { swagger: '2.0', info, paths, definitions };
};

/** What schemas of the older version do not have. */
const NEWER = new Set(['oneOf', 'anyOf', 'not', 'allOf', 'nullable', 'default']);

/**
 * A schema of the older version: references lead to `definitions`, defaults are not told, and of alternatives the text
 * is left, which every other form can be written as.
 */
const older = (schema: unknown): unknown => {
  if (!isRecord(schema)) return schema;
  const { allOf, oneOf } = schema;
  const only: unknown = Array.isArray(allOf) && allOf.length === 1 ? (allOf[0] as unknown) : undefined;
  const merged: Node = isRecord(only) ? { ...only, ...schema } : schema;
  const isText = Array.isArray(oneOf) && merged['type'] === undefined && merged['x-kubernetes-int-or-string'] !== true;
  const kept = Object.entries(merged).filter(([name]) => !NEWER.has(name));
  return {
    ...(isText ? { type: 'string' } : {}),
    ...Object.fromEntries(kept.map(([name, value]) => [name, olderPart(name, value)])),
  };
};

const olderPart = (name: string, value: unknown): unknown => {
  if (name === '$ref') return String(value).replace('#/components/schemas/', '#/definitions/');
  if (name === 'items' || name === 'additionalProperties') return older(value);
  if (name !== 'properties' || !isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([property, schema]) => [property, older(schema)]));
};

const olderPath = (item: unknown): unknown => {
  if (!isRecord(item)) return item;
  return Object.fromEntries(
    Object.entries(item).map(([method, value]) => [
      method,
      method === 'parameters' ? olderParameters(value) : olderOperation(value),
    ]),
  );
};

const olderParameters = (value: unknown): readonly unknown[] =>
  (Array.isArray(value) ? (value as unknown[]) : []).map((parameter) => {
    if (!isRecord(parameter)) return parameter;
    const { schema, ...rest } = parameter;
    return { ...rest, ...(isRecord(schema) ? schema : {}) };
  });

const olderOperation = (value: unknown): unknown => {
  if (!isRecord(value)) return value;
  const { requestBody, responses, parameters, ...rest } = value;
  const body = isRecord(requestBody) ? contentOf(requestBody) : undefined;
  const answers = isRecord(responses) ? Object.entries(responses) : [];
  return {
    ...rest,
    ...(body === undefined ? {} : { consumes: body.types }),
    produces: ['application/json', 'application/yaml'],
    parameters: [
      ...(body === undefined ? [] : [{ name: 'body', in: 'body', required: true, schema: body.schema }]),
      ...olderParameters(parameters),
    ],
    responses: Object.fromEntries(
      answers.map(([code, answer]) => {
        const content = isRecord(answer) ? contentOf(answer) : undefined;
        const description = isRecord(answer) ? answer['description'] : undefined;
        return [code, { description, ...(content === undefined ? {} : { schema: content.schema }) }];
      }),
    ),
  };
};

const contentOf = (holder: Node): { readonly types: readonly string[]; readonly schema: unknown } | undefined => {
  const { content } = holder;
  if (!isRecord(content)) return undefined;
  const [first] = Object.values(content);
  return { types: Object.keys(content), schema: isRecord(first) ? older(first['schema']) : undefined };
};
