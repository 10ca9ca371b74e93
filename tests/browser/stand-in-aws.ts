import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

/**
 * Does the two commands of `aws` that a first grant needs, where the real one is absent: `aws sts get-caller-identity` and
 * `aws s3 ls s3://bucket`. It reads the same environment and says the same words, through the SDK; anything else it refuses.
 */
async function main(args: readonly string[]): Promise<number> {
  const [service = '', verb = '', address = ''] = args;
  const endpoint = process.env['AWS_ENDPOINT_URL'];
  const place = { maxAttempts: 1, ...(endpoint === undefined ? {} : { endpoint }) };
  if (service === 'sts' && verb === 'get-caller-identity') {
    const { UserId, Account, Arn } = await new STSClient(place).send(new GetCallerIdentityCommand({}));
    console.log(JSON.stringify({ UserId, Account, Arn }, null, 4));
    return 0;
  }
  const bucket = /^s3:\/\/([a-z0-9.-]+)\/?$/.exec(address)?.[1];
  if (service !== 's3' || verb !== 'ls' || bucket === undefined) {
    console.error(`the stand-in for aws does not know: aws ${args.join(' ')}`);
    return 252;
  }
  const s3 = new S3Client({ ...place, forcePathStyle: true });
  const { CommonPrefixes = [], Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/' }),
  );
  for (const { Prefix } of CommonPrefixes) console.log(`                           PRE ${Prefix}`);
  for (const { Key, Size } of Contents) console.log(`${String(Size).padStart(10)} ${Key}`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  console.error(`An error occurred (${name}): ${message}`);
  process.exitCode = 254;
}
