# Generated from src/providers/aws/permissions.ts by tools/generate-infra.ts. Do not edit.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

# Lets Curfew write denials with an end into permission sets that are its own, for roles with tombstone: true, so that sessions are cut
# at the end too. Whoever may write the policy of a permission set can give anything with it: what bounds this is the tag
# curfew-owned=true, which Curfew cannot put on a set. Needs the module identity-center first.
data "aws_partition" "current" {}

resource "aws_iam_role_policy" "tombstones" {
  name = "curfew-tombstones"
  role = "curfew-identity-center"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "LookAtPermissionSets"
        Effect = "Allow"
        Action = [
          "sso:DescribePermissionSetProvisioningStatus",
          "sso:GetInlinePolicyForPermissionSet",
          "sso:ListAccountsForProvisionedPermissionSet",
          "sso:ListPermissionSetProvisioningStatus",
          "sso:ListTagsForResource",
        ]
        Resource = "*"
      },
      {
        Sid    = "WriteTombstones"
        Effect = "Allow"
        Action = [
          "sso:DeleteInlinePolicyFromPermissionSet",
          "sso:ProvisionPermissionSet",
          "sso:PutInlinePolicyToPermissionSet",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:sso:::permissionSet/*/*"
        Condition = {
          StringEquals = {
            "aws:ResourceTag/curfew-owned" = "true"
          }
        }
      },
      {
        Sid    = "InThisInstance"
        Effect = "Allow"
        Action = [
          "sso:DeleteInlinePolicyFromPermissionSet",
          "sso:ProvisionPermissionSet",
          "sso:PutInlinePolicyToPermissionSet",
        ]
        Resource = [
          "arn:${data.aws_partition.current.partition}:sso:::instance/*",
          "arn:${data.aws_partition.current.partition}:sso:::account/*",
        ]
      },
    ]
  })
}
