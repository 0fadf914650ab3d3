/** Why a chart cannot be loaded or rendered, with Helm's text. */
export class ChartError extends Error {
  override readonly name: string = 'ChartError';
}
