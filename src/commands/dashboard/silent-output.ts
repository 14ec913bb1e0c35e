import type { ErrorReport } from '../../report/error-report.ts';
import type { Output } from '../output.ts';

/** An output for work behind a screen, which has the terminal: only errors are heard. */
export function silentOutput(shape: Output, onError: (report: ErrorReport) => void): Output {
  return {
    ...shape,
    json: false,
    say: () => {},
    lines: () => {},
    result: () => {},
    record: () => {},
    emit: () => {},
    endTarget: () => {},
    prompt: () => {},
    error: onError,
  };
}
