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
): Definition => ({ params, call: spreading(params.length, call as unknown as Untyped) });

type Untyped = (...args: unknown[]) => Value;

/** Calls with that many arguments and the frame; spreading an array costs more than most functions do. */
const spreading = (count: number, call: Untyped): Definition['call'] => {
  switch (count) {
    case 0:
      return (_, frame) => call(frame);
    case 1:
      return (args, frame) => call(args[0], frame);
    case 2:
      return (args, frame) => call(args[0], args[1], frame);
    case 3:
      return (args, frame) => call(args[0], args[1], args[2], frame);
    default:
      return (args, frame) => call(...args, frame);
  }
};

/** A function whose last parameter takes any number of arguments, given as one array. */
export const variadic = <const P extends readonly ParamType[], R extends ParamType>(
  params: P,
  rest: R,
  call: (...args: [...Arguments<P>, ParamValues[R][], Frame]) => Value,
): Definition => ({
  params,
  variadic: rest,
  call: gathering(params.length, call as unknown as Untyped),
});

/** Calls with that many arguments, an array of the others and the frame. */
const gathering = (count: number, call: Untyped): Definition['call'] => {
  switch (count) {
    case 0:
      return (args, frame) => call(args, frame);
    case 1:
      return (args, frame) => call(args[0], args.slice(1), frame);
    default:
      return (args, frame) => call(...args.slice(0, count), args.slice(count), frame);
  }
};
