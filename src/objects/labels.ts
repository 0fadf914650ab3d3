export type Labels = Readonly<Record<string, string>>;

/** Well-known labels and annotations that more than one part reads. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';
export const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** Labels of an object; an object without any has the empty set. */
export const labelsOf = (object: { readonly metadata?: { readonly labels?: Labels } }): Labels =>
  object.metadata?.labels ?? {};

/** One value of labels or annotations, never one inherited from Object's prototype. */
export const labelValue = (labels: Labels | undefined, key: string): string | undefined =>
  labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;

/** The annotation of an object, undefined when it has none of that key. */
export const annotationOf = (
  object: { readonly metadata: { readonly annotations?: Labels } },
  key: string,
): string | undefined => labelValue(object.metadata.annotations, key);
