import { isRecord } from '../../../objects/json.js';
import type { CustomResourceDefinition } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import { qualifiedName } from '../../../objects/names.js';
import type { KubeObject } from '../../../objects/object.js';
import { goQuote } from '../../admission/field-errors.js';
import { someSchema, typeOf, type StructuralSchema } from '../../admission/custom-resources/structural-schema.js';
import { isKnownFormat } from '../../admission/custom-resources/text-formats.js';
import type { AdmissionPlugin } from '../plugins/admission-plugin.js';

/** The formats in the schemas of a definition that nobody checks. */
const unknownFormats = (definition: CustomResourceDefinition): readonly string[] => {
  const found: string[] = [];
  const collect = (schema: StructuralSchema): boolean => {
    const format = typeof schema['format'] === 'string' ? schema['format'] : '';
    if (format !== '' && !isKnownFormat(format, typeOf(schema))) found.push(format);
    return false;
  };
  const schemas = (definition.spec.versions ?? []).map((version) => version.schema?.openAPIV3Schema);
  const texts = schemas.map((schema) => JSON.stringify(schema));
  // What all versions have alike is looked at once.
  const distinct = texts.every((text) => text === texts[0]) ? schemas.slice(0, 1) : schemas;
  for (const schema of distinct) if (isRecord(schema)) someSchema(schema, collect);
  return found;
};

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

const finalizerWarnings = (finalizer: string): readonly string[] => {
  const prefix = `metadata.finalizers: ${goQuote(finalizer)}: `;
  const path = finalizer.includes('.') ? ' including a path (/)' : '';
  const isPlain = !finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer);
  return [
    ...qualifiedName(finalizer).map((why) => prefix + why),
    ...(isPlain
      ? [
          `${prefix}prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`,
        ]
      : []),
  ];
};

const isDefinition = (object: KubeObject | undefined): object is CustomResourceDefinition =>
  object?.kind === 'CustomResourceDefinition' && object.apiVersion === 'apiextensions.k8s.io/v1';

/** Warns of what is allowed in definitions and custom resources, but hardly meant. */
export const customWarnings: AdmissionPlugin = {
  name: 'CustomResourceWarnings',
  validate: ({ operation, target, object, oldObject, context }) => {
    if (object === undefined || target.subresource !== undefined) return;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    if (target.resource.custom) {
      const before = oldObject?.metadata.finalizers ?? [];
      const added = (object.metadata.finalizers ?? []).filter((each) => !before.includes(each));
      for (const finalizer of [...new Set(added)].toSorted()) context.warnings.push(...finalizerWarnings(finalizer));
    } else if (isDefinition(object)) {
      const before = isDefinition(oldObject) ? unknownFormats(oldObject) : [];
      const found = unknownFormats(object).filter((each) => !before.includes(each));
      context.warnings.push(...found.map((format) => `unrecognized format ${goQuote(format)}`));
    }
  },
};
