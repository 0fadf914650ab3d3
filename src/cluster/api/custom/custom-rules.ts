import { compileCustomResource, type CompiledCustomResource } from '../../admission/custom-resources/compile.js';
import type { CustomResourceDefinitionVersion } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { checkMetadata } from '../../../objects/schema/validate-fields.js';
import type { KindRules } from '../operations/kind-rules.js';
import type { ServedResource } from '../request.js';

const compiled = new WeakMap<CustomResourceDefinitionVersion, CompiledCustomResource>();

const ANYTHING = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** The schema of a custom resource, compiled when it is first needed. */
const compiledOf = ({ definition, definitionVersion, namespaced }: ServedResource): CompiledCustomResource => {
  if (definitionVersion === undefined) throw new Error('the resource is not a custom one');
  const known = compiled.get(definitionVersion);
  if (known !== undefined) return known;
  const schema = { ...(definitionVersion.schema?.openAPIV3Schema ?? ANYTHING) };
  const made = compileCustomResource(schema, {
    namespaced,
    preserveUnknownFields: definition?.spec.preserveUnknownFields === true,
    scale: definitionVersion.subresources?.scale,
  });
  compiled.set(definitionVersion, made);
  return made;
};

/** Stored objects never change, so each is looked at once. */
const readAs = new WeakMap<CompiledCustomResource, WeakMap<KubeObject, KubeObject>>();

/** Without fields that its schema lost since, or that a conversion added, and with the defaults that it got. */
const asRead = (kind: CompiledCustomResource, object: KubeObject): KubeObject => {
  const { object: pruned, unknownFields } = kind.prune(object);
  const kept = unknownFields.length === 0 ? object : pruned;
  return kind.lacksDefaults(kept) ? kind.applyDefaults(kept) : kept;
};

/** The rules that the definitions of custom resources state. */
const customRules: KindRules = {
  decode: ({ resource }, object) => {
    checkMetadata(object);
    return compiledOf(resource).prune(object);
  },
  defaults: ({ resource }, object) => compiledOf(resource).applyDefaults(object),
  readDefaults: ({ resource }, object) => {
    const kind = compiledOf(resource);
    const known = readAs.get(kind) ?? new WeakMap<KubeObject, KubeObject>();
    readAs.set(kind, known);
    const made = known.get(object) ?? asRead(kind, object);
    known.set(object, made);
    return made;
  },
  mergeType: ({ resource }) => compiledOf(resource).mergeType,
  createProblems: ({ resource }, object) => compiledOf(resource).validate(object),
  updateProblems: ({ resource, subresource }, object, current) =>
    subresource === 'status'
      ? compiledOf(resource).validateStatus(object, current)
      : compiledOf(resource).validate(object, current),
};

/** The rules of every kind: those of its definition for custom resources, `builtin` for the others. */
export const rulesForAll = (builtin: KindRules): KindRules => {
  const of = ({ custom }: ServedResource): KindRules => (custom ? customRules : builtin);
  return {
    decode: (target, object) => of(target.resource).decode(target, object),
    defaults: (target, object) => of(target.resource).defaults(target, object),
    readDefaults: (target, object) => of(target.resource).readDefaults(target, object),
    mergeType: (target) => of(target.resource).mergeType(target),
    createProblems: (target, object) => of(target.resource).createProblems(target, object),
    updateProblems: (target, object, current) => of(target.resource).updateProblems(target, object, current),
  };
};
