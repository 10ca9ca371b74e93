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

# For the account that administers IAM Identity Center. Gives the role curfew/curfew-sweeper that is there already the right to end assignments.
data "aws_partition" "current" {}

resource "aws_iam_role_policy" "assignments" {
  name = "curfew-assignments"
  role = "curfew-sweeper"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "EndAssignments"
        Effect = "Allow"
        Action = [
          "sso:DeleteAccountAssignment",
          "sso:DescribeAccountAssignmentDeletionStatus",
          "sso:ListAccountAssignments",
        ]
        Resource = [
          "arn:${data.aws_partition.current.partition}:sso:::instance/*",
          "arn:${data.aws_partition.current.partition}:sso:::permissionSet/*",
          "arn:${data.aws_partition.current.partition}:sso:::account/*",
        ]
      },
    ]
  })
}
