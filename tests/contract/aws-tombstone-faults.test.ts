import { centerHarness, TOMBSTONE } from './aws-center-harness.ts';
import { faultContract } from './provider-contract.ts';

faultContract('aws identity-center with tombstones', () => centerHarness({}, TOMBSTONE));
