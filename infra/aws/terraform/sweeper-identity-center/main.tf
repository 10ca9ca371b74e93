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

# For the account that administers IAM Identity Center. Gives the role curfew/curfew-sweeper the right to end assignments, and makes it where it is not there yet.
variable "sweeper_role_arn" {
  type        = string
  description = "ARN of the sweeper's role where Curfew runs, which makes the role here as well; empty where the role is here already."
  default     = ""
}

variable "external_id" {
  type        = string
  description = "The deployment's external id; only needed where the role is made here."
  default     = ""
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

resource "aws_iam_role" "sweeper" {
  count       = var.sweeper_role_arn == "" ? 0 : 1
  name        = "curfew-sweeper"
  path        = "/curfew/"
  description = "Ends assignments of grants that are over; can make none."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          AWS = var.sweeper_role_arn
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "sts:ExternalId"     = var.external_id
            "sts:SourceIdentity" = "curfew-sweeper"
          }
        }
      },
      {
        Effect = "Allow"
        Principal = {
          AWS = var.sweeper_role_arn
        }
        Action = "sts:SetSourceIdentity"
      },
    ]
  })
}

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
          "sso:DescribeAccountAssignmentCreationStatus",
          "sso:DescribeAccountAssignmentDeletionStatus",
          "sso:ListAccountAssignmentCreationStatus",
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
  depends_on = [aws_iam_role.sweeper]
}

output "sweeper_role_arn" {
  value = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/curfew/curfew-sweeper"
}
