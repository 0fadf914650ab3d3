import type { Service, ServicePort } from '../../../objects/kinds/core-v1.js';

export type Variable = readonly [name: string, value: string];

const variableName = (name: string): string => name.toUpperCase().replaceAll('-', '_');

/** The variables that tell a container where a Service is: `WEB_SERVICE_HOST`, `WEB_PORT_80_TCP_ADDR` and so on. */
export const serviceVariables = (service: Service): readonly Variable[] => {
  const { clusterIP, ports = [] } = service.spec;
  const [first] = ports;
  if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None' || first === undefined) return [];
  return addressVariables(service.metadata.name, clusterIP, ports);
};

/** The same for an address that is not a Service's own. */
export const addressVariables = (name: string, host: string, ports: readonly ServicePort[]): readonly Variable[] => {
  const prefix = variableName(name);
  const [first] = ports;
  if (first === undefined) return [];
  const named = ports.flatMap(({ name: port, port: number }): Variable[] =>
    port === undefined || port === '' ? [] : [[`${prefix}_SERVICE_PORT_${variableName(port)}`, String(number)]],
  );
  return [
    [`${prefix}_SERVICE_HOST`, host],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
    ...named,
    [`${prefix}_PORT`, portUrl(host, first)],
    ...ports.flatMap((port) => linkVariables(prefix, host, port)),
  ];
};

const portUrl = (host: string, port: ServicePort): string => {
  const address = host.includes(':') ? `[${host}]` : host;
  return `${(port.protocol ?? 'TCP').toLowerCase()}://${address}:${port.port}`;
};

const linkVariables = (prefix: string, host: string, port: ServicePort): readonly Variable[] => {
  const protocol = port.protocol ?? 'TCP';
  const link = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`;
  return [
    [link, portUrl(host, port)],
    [`${link}_PROTO`, protocol.toLowerCase()],
    [`${link}_PORT`, String(port.port)],
    [`${link}_ADDR`, host],
  ];
};
