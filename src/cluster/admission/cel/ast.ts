/** A value that is written in an expression. `uint` keeps what int and uint would confuse. */
export type Literal =
  | { readonly type: 'null' }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int' | 'uint'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array };

interface At {
  /** Where messages point to, in UTF-16 units of the source. */
  readonly offset: number;
}

export interface LiteralExpr extends At {
  readonly kind: 'literal';
  readonly literal: Literal;
}
export interface IdentExpr extends At {
  readonly kind: 'ident';
  readonly name: string;
}
export interface SelectExpr extends At {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  /** `has(a.b)`: asks whether the field is there. */
  readonly test: boolean;
}
export interface CallExpr extends At {
  readonly kind: 'call';
  readonly fn: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}
export interface ListExpr extends At {
  readonly kind: 'list';
  readonly elements: readonly { readonly value: Expr; readonly optional: boolean }[];
}
export interface MapEntry extends At {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}
export interface MapExpr extends At {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}
export interface StructExpr extends At {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly (At & { readonly name: string; readonly value: Expr; readonly optional: boolean })[];
}
/** What all macros that go through a list or a map become. */
export interface FoldExpr extends At {
  readonly kind: 'fold';
  readonly range: Expr;
  readonly variable: string;
  readonly second: string | undefined;
  readonly accumulator: string;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

export type Expr = LiteralExpr | IdentExpr | SelectExpr | CallExpr | ListExpr | MapExpr | StructExpr | FoldExpr;

/** The name of the variable that macros gather their result in; no identifier can be written so. */
export const ACCUMULATOR = '@result';

export const call = (offset: number, fn: string, ...args: Expr[]): CallExpr => ({
  kind: 'call',
  offset,
  fn,
  target: undefined,
  args,
});
export const ident = (offset: number, name: string): IdentExpr => ({ kind: 'ident', offset, name });
export const boolean = (offset: number, value: boolean): LiteralExpr => ({
  kind: 'literal',
  offset,
  literal: { type: 'bool', value },
});
export const integer = (offset: number, value: bigint): LiteralExpr => ({
  kind: 'literal',
  offset,
  literal: { type: 'int', value },
});
export const list = (offset: number, ...elements: Expr[]): ListExpr => ({
  kind: 'list',
  offset,
  elements: elements.map((value) => ({ value, optional: false })),
});
