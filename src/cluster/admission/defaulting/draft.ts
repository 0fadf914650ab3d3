/** A private, mutable copy of an object: defaulting fills it in place and hands it on frozen by type. */
export type Draft<T> = T extends readonly (infer Element)[]
  ? Draft<Element>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Draft<T[Key]> }
    : T;
