import { AwsError } from './aws-error.ts';

/** Who can run into a fault. */
export type FaultSource = 'client' | 'itself';

/** A fault that a test asks for. `drop-after` performs the call and then cuts the connection: the caller cannot know. */
export type Fault = {
  readonly service: string;
  readonly action: string;
  /** Text that must occur in the call's body or path; absent matches every call of the action. */
  readonly match?: string;
  /** Who makes the call: over HTTP, or the simulator itself when a schedule fires or an operation is decided. Absent: whoever comes first. */
  readonly from?: FaultSource;
  readonly kind:
    | 'throttle'
    | 'unavailable'
    | 'deny'
    | 'conflict'
    | 'unmodifiable'
    | 'quota'
    | 'delay'
    | 'drop-before'
    | 'drop-after';
  /** How often; default once. */
  readonly times?: number;
  readonly delayMs?: number;
};

const SOURCES: readonly unknown[] = [undefined, 'client', 'itself'];
const KINDS = [
  'throttle',
  'unavailable',
  'deny',
  'conflict',
  'unmodifiable',
  'quota',
  'delay',
  'drop-before',
  'drop-after',
];

/** The faults that wait for their call. */
export class Faults {
  #waiting: (Fault & { left: number })[] = [];

  /** Replaces all faults. */
  set(faults: unknown): void {
    if (!Array.isArray(faults)) throw new Error('an array of faults is expected');
    this.#waiting = faults.map((fault: Fault) => {
      if (!KINDS.includes(fault.kind)) throw new Error(`unknown fault ${String(fault.kind)}`);
      if (!SOURCES.includes(fault.from)) throw new Error(`a fault is not from ${String(fault.from)}`);
      return { ...fault, left: fault.times ?? 1 };
    });
  }

  /** Takes the fault for a call, if one waits for it. */
  take(from: FaultSource, service: string, action: string, text: string): Fault | null {
    const fault = this.#waiting.find(
      (one) =>
        one.left > 0 &&
        (one.from === undefined || one.from === from) &&
        one.service === service &&
        (one.action === '*' || one.action === action) &&
        (one.match === undefined || text.includes(one.match)),
    );
    if (fault === undefined) return null;
    fault.left -= 1;
    return fault;
  }
}

/** The error that a fault stands for, or null for one that is no answer at all. */
export function faultError(fault: Fault, service: string): AwsError | null {
  switch (fault.kind) {
    case 'throttle':
      return service === 's3'
        ? new AwsError('SlowDown', 503, 'Please reduce your request rate.')
        : new AwsError('Throttling', 400, 'Rate exceeded');
    case 'unavailable':
      return new AwsError('ServiceUnavailable', 503, 'Service is unable to handle request.');
    case 'deny':
      return new AwsError('AccessDenied', 403, `User is not authorized to perform: ${service}:${fault.action}`);
    // Both are IAM's own (API reference, errors of its actions).
    case 'conflict':
      return new AwsError('ConcurrentModification', 409, 'Multiple concurrent requests to change this object.');
    case 'unmodifiable':
      return new AwsError('EntityTemporarilyUnmodifiable', 409, 'The entity cannot be modified at the moment.');
    // As sso-admin says that something is too long or too many.
    case 'quota':
      return new AwsError('ServiceQuotaExceededException', 400, 'You have exceeded the service quota.');
    default:
      return null;
  }
}
