import { PIM_READER, rbacHarness } from './azure-harness.ts';
import { faultContract } from './provider-contract.ts';

faultContract('azure pim', () => rbacHarness(PIM_READER));
