import { PIM_READER, rbacHarness } from './azure-harness.ts';
import { providerContract } from './provider-contract.ts';

providerContract('azure pim', () => rbacHarness(PIM_READER));
