import { INSTALL_ORDER } from '../../objects/install-order.js';

/** Kinds that Helm places and Argo CD does not. */
const NOT_PLACED = new Set(['PriorityClass', 'MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']);

const KINDS = INSTALL_ORDER.filter((kind) => !NOT_PLACED.has(kind));

const INDEX = new Map(KINDS.map((kind, index) => [kind, index - KINDS.length]));

/** The order within a wave, as Argo CD has it: negative for kinds with a place in it, 0 for all others, which come last. */
export const kindIndex = (kind: string): number => INDEX.get(kind) ?? 0;
