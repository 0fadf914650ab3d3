import { ChartError } from '../chart/chart-error.js';

/** The chart and its values were in order, but its templates failed, or what they wrote is no YAML. */
export class RenderFailure extends ChartError {
  constructor(
    message: string,
    /** What they wrote, when they ran to their end. */
    readonly rendered: string,
  ) {
    super(message);
  }
}
