import type { KubeObject, ObjectKey } from '../../objects/object.js';
import type { ApiResource, ListOptions, ObjectList } from './client.js';
import type { HttpTransport } from './http-transport.js';

/** `/apis/apps/v1/namespaces/shop/deployments/web/status`. */
export const resourcePath = (resource: ApiResource, key: Partial<ObjectKey>, subresource?: string): string => {
  const root = resource.apiVersion.includes('/') ? `/apis/${resource.apiVersion}` : `/api/${resource.apiVersion}`;
  const parts = [root];
  if (resource.namespaced && key.namespace !== undefined) parts.push('namespaces', encodeURIComponent(key.namespace));
  parts.push(resource.resource);
  if (key.name !== undefined && key.name !== '') parts.push(encodeURIComponent(key.name));
  if (subresource !== undefined) parts.push(subresource);
  return parts.join('/');
};

/** One page of a list; the items get the apiVersion and kind that built-in lists leave out. */
export const listPage = async <T extends KubeObject>(
  transport: HttpTransport,
  resource: ApiResource,
  options: ListOptions,
  signal?: AbortSignal,
): Promise<ObjectList<T>> => {
  const { namespace, ...rest } = options;
  const path = resourcePath(resource, namespace === undefined ? {} : { namespace }) + queryText(rest);
  const answer = await transport.json({ method: 'GET', path, ...(signal === undefined ? {} : { signal }) });
  const list = answer as {
    readonly items?: readonly T[] | null;
    readonly metadata?: Record<string, string | undefined>;
  };
  const { apiVersion, kind } = resource;
  const next = list.metadata?.['continue'];
  return {
    items: (list.items ?? []).map((item) => ({ ...item, apiVersion, kind })),
    resourceVersion: list.metadata?.['resourceVersion'] ?? '',
    ...(next === undefined || next === '' ? {} : { continue: next }),
  };
};

/** `?a=1&b=2` of the values that are there; empty without any. */
export const queryText = (query: Readonly<Record<string, string | number | undefined>>): string => {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
};
