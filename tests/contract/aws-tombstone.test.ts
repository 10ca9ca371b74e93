import { centerHarness, TOMBSTONE } from './aws-center-harness.ts';
import { providerContract } from './provider-contract.ts';

providerContract('aws identity-center with tombstones', () => centerHarness({}, TOMBSTONE));
