/** The API packages whose names are not made of group and version alone. */
const PACKAGES: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  'apiextensions.k8s.io': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  'apiregistration.k8s.io': 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
  'metrics.k8s.io': 'io.k8s.metrics.pkg.apis.metrics',
};

const SPECIAL: Readonly<Record<string, string>> = {
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  'runtime.RawExtension': 'io.k8s.apimachinery.pkg.runtime.RawExtension',
};

/** The name of a type in OpenAPI documents: `io.k8s.api.apps.v1.Deployment` for `apps/v1.Deployment`. */
export const openApiName = (type: string): string => {
  if (Object.hasOwn(SPECIAL, type)) return SPECIAL[type] ?? type;
  const dot = type.lastIndexOf('.');
  const [group = '', version = ''] = type.slice(0, dot).split('/');
  const base = PACKAGES[group] ?? `io.k8s.api.${group.split('.', 1)[0]}`;
  return `${base}.${version}${type.slice(dot)}`;
};

export const openApiRef = (type: string): string => `#/components/schemas/${openApiName(type)}`;
