import { fromBytes } from '../template/go-string.js';

const texts = new WeakMap<Uint8Array, string>();

/** The text of a chart's file: made once for as long as its bytes are kept. */
export const fileText = (data: Uint8Array): string => {
  const known = texts.get(data);
  if (known !== undefined) return known;
  const text = fromBytes(data);
  texts.set(data, text);
  return text;
};
