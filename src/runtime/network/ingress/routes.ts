import type { Ingress, IngressBackend, IngressClass } from '../../../objects/kinds/networking-k8s-io-v1.js';

/** The controller that an IngressClass names when its Ingresses are ours. */
export const INGRESS_CONTROLLER = 'fairlead.dev/ingress';
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const DEFAULT_CLASS_ANNOTATION = 'ingressclass.kubernetes.io/is-default-class';

/** A port of a Service, by number or by name. */
export interface Backend {
  readonly namespace: string;
  readonly service: string;
  readonly port: { readonly number?: number; readonly name?: string };
}

interface PathRule {
  /** Elements of the path: `/a/b/` has `a` and `b`. */
  readonly elements: readonly string[];
  readonly path: string;
  readonly exact: boolean;
  readonly backend: Backend;
}

/** Rules by host (in lower case; `*.example.com` for wildcards; the empty string for every host). */
export interface RouteTable {
  readonly hosts: ReadonlyMap<string, readonly PathRule[]>;
  /** For requests that no rule matches. */
  readonly defaultBackend: Backend | undefined;
}

/**
 * Whether an Ingress is served here: it names no class and no other controller's class is the default, or a class of
 * ours, or a class that no IngressClass object describes, so that nobody else serves it.
 */
export const isOurs = (ingress: Ingress, classes: readonly IngressClass[]): boolean => {
  const name = ingress.spec.ingressClassName ?? ingress.metadata.annotations?.[CLASS_ANNOTATION];
  const found =
    name === undefined
      ? classes.find(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS_ANNOTATION] === 'true')
      : classes.find(({ metadata }) => metadata.name === name);
  return found === undefined || found.spec.controller === INGRESS_CONTROLLER;
};

const elementsOf = (path: string): readonly string[] => path.split('/').filter((element) => element !== '');

const backendOf = (ingress: Ingress, backend: IngressBackend | undefined): Backend | undefined => {
  const service = backend?.service;
  if (service === undefined) return undefined;
  return { namespace: ingress.metadata.namespace ?? 'default', service: service.name, port: service.port ?? {} };
};

const nameOf = ({ metadata }: Ingress): string => `${metadata.namespace}/${metadata.name}`;

/** Of two rules for the same host and path, the older Ingress's counts. */
const byAge = (a: Ingress, b: Ingress): number => {
  const age = (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '');
  return age !== 0 ? age : nameOf(a).localeCompare(nameOf(b));
};

/** The longest path first, and of equal ones the exact match. The order is stable: the older Ingress stays first. */
const byPrecedence = (a: PathRule, b: PathRule): number =>
  b.elements.length - a.elements.length || b.path.length - a.path.length || Number(b.exact) - Number(a.exact);

/** All rules of the Ingresses that are ours, in the order in which they are tried. */
export const buildRoutes = (ingresses: readonly Ingress[], classes: readonly IngressClass[]): RouteTable => {
  const hosts = new Map<string, PathRule[]>();
  let defaultBackend: Backend | undefined;
  for (const ingress of ingresses.filter((each) => isOurs(each, classes)).sort(byAge)) {
    defaultBackend ??= backendOf(ingress, ingress.spec.defaultBackend);
    for (const rule of ingress.spec.rules ?? []) {
      const host = (rule.host ?? '').toLowerCase();
      const rules = hosts.get(host) ?? [];
      hosts.set(host, rules);
      for (const { path = '/', pathType, backend } of rule.http?.paths ?? []) {
        const target = backendOf(ingress, backend);
        if (target === undefined) continue;
        rules.push({ elements: elementsOf(path), path, exact: pathType === 'Exact', backend: target });
      }
    }
  }
  for (const rules of hosts.values()) rules.sort(byPrecedence);
  return { hosts, defaultBackend };
};

const matches = (rule: PathRule, path: string, elements: readonly string[]): boolean =>
  rule.exact
    ? rule.path === path
    : rule.elements.length <= elements.length && rule.elements.every((element, index) => element === elements[index]);

/** The rules of the host, exactly or by the wildcard that stands for its first label; else those for every host. */
const rulesFor = (table: RouteTable, host: string): readonly PathRule[] => {
  const dot = host.indexOf('.');
  return (
    table.hosts.get(host) ?? (dot > 0 ? table.hosts.get(`*${host.slice(dot)}`) : undefined) ?? table.hosts.get('') ?? []
  );
};

/**
 * Where a request goes; undefined for nowhere (404). `host` without a port; `path` without a query and with `.` and
 * `..` resolved. Exact matches count before prefixes, longer paths before shorter ones.
 */
export const matchRoute = (table: RouteTable, host: string, path: string): Backend | undefined => {
  const rules = rulesFor(table, host.toLowerCase());
  const exact = rules.find((rule) => rule.exact && rule.path === path);
  const elements = elementsOf(path);
  const found = exact ?? rules.find((rule) => matches(rule, path, elements));
  return found?.backend ?? table.defaultBackend;
};
