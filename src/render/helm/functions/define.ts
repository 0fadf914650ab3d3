import type { Frame, TemplateFunction } from '../template/execution.js';
import type { GoMap, Integer, ParamType, Struct, TypedSlice, Value } from '../template/values.js';

interface ParamValues {
  any: Value;
  value: Value;
  string: string;
  int: Integer;
  int64: Integer;
  float64: number;
  bool: boolean;
  map: GoMap;
  list: Value[];
  strings: TypedSlice;
  time: Struct;
  certificate: Struct;
  version: Struct | null;
}

type Arguments<P extends readonly ParamType[]> = { [K in keyof P]: ParamValues[P[K]] };

/** A function of a family before it has its name. */
export type Definition = Omit<TemplateFunction, 'name'>;

export type Family = Readonly<Record<string, Definition>>;

/** A function with a fixed number of arguments, whose Go types are checked before it is called. */
export const fn = <const P extends readonly ParamType[]>(
  params: P,
  call: (...args: [...Arguments<P>, Frame]) => Value,
): Definition => ({
  params,
  call: (args, frame) => call(...([...args, frame] as unknown as [...Arguments<P>, Frame])),
});

/** A function whose last parameter takes any number of arguments, given as one array. */
export const variadic = <const P extends readonly ParamType[], R extends ParamType>(
  params: P,
  rest: R,
  call: (...args: [...Arguments<P>, ParamValues[R][], Frame]) => Value,
): Definition => ({
  params,
  variadic: rest,
  call: (args, frame) => {
    const fixed = args.slice(0, params.length);
    return call(
      ...([...fixed, args.slice(params.length), frame] as unknown as [...Arguments<P>, ParamValues[R][], Frame]),
    );
  },
});
