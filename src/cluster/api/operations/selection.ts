import type { KubeObject } from '../../../objects/object.js';
import { matchesFields, parseFieldSelector, type FieldSelector } from '../../../objects/selectors/field-selector.js';
import { matchesLabels, SelectorError, type LabelSelector } from '../../../objects/selectors/label-selector.js';
import { parseLabelSelector } from '../../../objects/selectors/parse-label-selector.js';
import { selectableFields, unsupportedFieldMessage } from '../../../objects/selectors/selectable-fields.js';
import type { Target } from '../request.js';
import { badRequest } from '../status-errors.js';

/** Which objects of a collection a list or watch is about. */
export interface Selection {
  /** True when nothing is left out. */
  readonly everything: boolean;
  matches(object: KubeObject): boolean;
}

const EVERYTHING: Selection = { everything: true, matches: () => true };

/** Reads the selectors of a request. Fails with BadRequest for a field that the kind cannot be selected by. */
export const parseSelection = (
  target: Target,
  { labelSelector = '', fieldSelector = '' }: { labelSelector?: string; fieldSelector?: string },
): Selection => {
  const labels = asked(() => parseLabelSelector(labelSelector));
  const fields = [...asked(() => parseFieldSelector(fieldSelector)), ...ofName(target)];
  if (labels.length === 0 && fields.length === 0) return EVERYTHING;
  const readers = readersOf(target, fields);
  return {
    everything: false,
    matches: (object) =>
      matchesLabels(labels as LabelSelector, object.metadata.labels) &&
      matchesFields(fields, (field) => readers[field]?.(object)),
  };
};

/** A request on a collection that names one object, as old watches do. */
const ofName = ({ name }: Target): FieldSelector =>
  name === undefined ? [] : [{ field: 'metadata.name', operator: '=', value: name }];

const asked = <T>(parse: () => T): T => {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
};

type Readers = Readonly<Record<string, (object: KubeObject) => string>>;

const readersOf = ({ resource }: Target, fields: FieldSelector): Readers => {
  const readers: Readers = { ...selectableFields(resource), ...resource.selectableFields };
  for (const { field } of fields) {
    if (!Object.hasOwn(readers, field)) {
      throw badRequest(unsupportedFieldMessage(resource, field));
    }
  }
  return readers;
};
