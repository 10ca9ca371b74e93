import { centerHarness } from './aws-center-harness.ts';
import { providerContract } from './provider-contract.ts';

providerContract('aws identity-center', () => centerHarness());
