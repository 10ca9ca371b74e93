import { WaitingFaults, type FaultMatch } from '../shared/faults.ts';
import { AzureError, EntraError } from './azure-error.ts';

/** A fault that a test asks for. `drop-after` performs the call and then cuts the connection: the caller cannot know. */
export type AzureFault = FaultMatch & {
  readonly kind: (typeof KINDS)[number];
  /** How long a `delay` lasts; any other kind waits as long before it strikes. */
  readonly delayMs?: number;
};

const KINDS = ['throttle', 'unavailable', 'internal', 'deny', 'delay', 'drop-before', 'drop-after'] as const;

export class AzureFaults extends WaitingFaults<AzureFault> {
  constructor() {
    super((fault) => {
      if (!KINDS.some((kind) => kind === fault.kind)) throw new Error(`unknown fault ${String(fault.kind)}`);
    });
  }
}

/** The error that a fault stands for, or null for one that is no answer at all. */
export function faultError(fault: AzureFault): AzureError | EntraError | null {
  if (fault.service === 'entra') return entraFault(fault);
  if (fault.service === 'graph' && fault.kind === 'deny')
    return new AzureError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
  switch (fault.kind) {
    case 'throttle':
      return fault.service === 'blob'
        ? new AzureError(
            503,
            'ServerBusy',
            'The server is currently unable to receive requests. Please retry your request.',
          )
        : new AzureError(429, 'TooManyRequests', 'The request is being throttled.', { 'retry-after': '1' });
    case 'unavailable':
      return new AzureError(
        503,
        'ServiceUnavailable',
        'The service is temporarily unavailable. Please retry after some time.',
      );
    case 'internal':
      return new AzureError(500, 'InternalServerError', 'An unexpected error has occurred.');
    case 'deny':
      return new AzureError(
        403,
        'AuthorizationFailed',
        `The client does not have authorization to perform action '${fault.action}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
      );
    default:
      return null;
  }
}

function entraFault(fault: AzureFault): EntraError | null {
  switch (fault.kind) {
    case 'throttle':
      return new EntraError(429, 'temporarily_unavailable', 90055, 'There are too many requests from the tenant.');
    case 'unavailable':
      return new EntraError(503, 'temporarily_unavailable', 90033, 'A transient error has occurred. Please try again.');
    case 'internal':
      return new EntraError(500, 'server_error', 90033, 'A transient error has occurred. Please try again.');
    case 'deny':
      return new EntraError(400, 'access_denied', 53003, 'Access has been blocked by Conditional Access policies.');
    default:
      return null;
  }
}
