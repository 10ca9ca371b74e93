import { WaitingFaults, type FaultMatch } from '../shared/faults.ts';
import { AwsError } from './aws-error.ts';

/** Who can run into a fault. */
export type FaultSource = 'client' | 'itself';

/** A fault that a test asks for. `drop-after` performs the call and then cuts the connection: the caller cannot know. */
export type Fault = FaultMatch & {
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
export class Faults extends WaitingFaults<Fault> {
  constructor() {
    super((fault) => {
      if (!KINDS.includes(fault.kind)) throw new Error(`unknown fault ${String(fault.kind)}`);
      if (!SOURCES.includes(fault.from)) throw new Error(`a fault is not from ${String(fault.from)}`);
    });
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
