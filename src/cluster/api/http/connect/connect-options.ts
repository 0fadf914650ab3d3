import type { KubeObject } from '../../../../objects/object.js';
import type { Target } from '../../request.js';

const FLAGS = ['stdin', 'stdout', 'stderr', 'tty'];

/** What a connection asks for as the object that admission sees: `PodExecOptions`, `ServiceProxyOptions`. */
export const connectOptions = (
  { resource, subresource }: Target,
  query: URLSearchParams,
  path: string,
): KubeObject | undefined => {
  const kind = resource.subresources.find(({ name }) => name === subresource)?.kind;
  if (kind === undefined) return undefined;
  const flags = FLAGS.filter((name) => query.has(name) && query.get(name) !== 'false').map((name) => [name, true]);
  const container = query.get('container') ?? '';
  const command = query.getAll('command');
  const ports = query.getAll('ports').flatMap((each) => each.split(',').map(Number));
  const options = {
    ...kind,
    ...(subresource === 'proxy' && path !== '' ? { path } : {}),
    ...(subresource === 'exec' || subresource === 'attach' ? Object.fromEntries(flags) : {}),
    ...(container === '' ? {} : { container }),
    ...(command.length === 0 ? {} : { command }),
    ...(ports.length === 0 ? {} : { ports }),
  };
  return options as unknown as KubeObject;
};
