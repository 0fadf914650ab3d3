import { KustomizeError, wrapped } from '../errors.js';
import type { Node } from '../nodes/node.js';
import { writeNode } from '../nodes/write-nodes.js';
import type { Resource } from '../resources/resource.js';
import type { ResourceMap } from '../resources/resource-map.js';
import type { TransformerStep } from './steps.js';

const VALIDATED_BY = 'validated-by';

/** Runs transformers that may refuse the resources, but not change them; only a mark may be left. */
export const runValidators = (validators: readonly TransformerStep[], map: ResourceMap): void => {
  for (const validator of validators) {
    const before = map.resources.map((resource) => writeNode(resource.node));
    try {
      validator.transform(map);
    } catch (error) {
      throw wrapped(error, `validators: ${validator.field ?? ''}`);
    }
    map.touch();
    const after = map.resources.map((resource) => writeNode(withoutMark(resource)));
    if (before.length !== after.length || before.some((text, at) => text !== after[at])) {
      throw new KustomizeError("validator shouldn't modify the resource map");
    }
  }
};

const withoutMark = (resource: Resource): Node => {
  const copy = resource.copy();
  const { labels } = copy;
  if (labels.delete(VALIDATED_BY)) copy.setMetaStrings('labels', labels);
  return copy.node;
};
