import type { Container, HTTPGetAction } from '../../../objects/kinds/core-v1.js';

/** What one probe found. `error`: the probe itself could not be made; it counts neither way. */
export interface ProbeResult {
  readonly outcome: 'success' | 'failure' | 'error';
  readonly output: string;
}

export const success = (output: string): ProbeResult => ({ outcome: 'success', output });
export const failure = (output: string): ProbeResult => ({ outcome: 'failure', output });

/** The number of a port given by number, text or the name of a port of the container; undefined if there is none. */
export const portNumber = (port: string | number, container: Container): number | undefined => {
  if (typeof port === 'number') return valid(port);
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  return valid(named ?? (/^\d+$/.test(port) ? Number(port) : 0));
};

const valid = (port: number): number | undefined => (port > 0 && port < 65_536 ? port : undefined);

/** The address of an `httpGet`; `podIp` stands in for the host. Undefined when the port cannot be resolved. */
export const httpUrl = (action: HTTPGetAction, container: Container, podIp: string): URL | undefined => {
  const port = portNumber(action.port, container);
  if (port === undefined) return undefined;
  const host = action.host === undefined || action.host === '' ? podIp : action.host;
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const path = action.path ?? '/';
  const base = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  try {
    return new URL(path.startsWith('/') ? `${base}${path}` : `${base}/${path}`);
  } catch {
    return undefined;
  }
};
