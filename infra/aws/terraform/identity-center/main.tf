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

# For the account that administers IAM Identity Center: the management account, or better a delegated administrator, which cannot
# touch what is assigned in the management account. Curfew may assign, and schedule removals; it cannot change permission sets.
variable "broker_role_arn" {
  type        = string
  description = "ARN of the broker's role in the hub account."
}

variable "external_id" {
  type        = string
  description = "The deployment's external id; the broker sends it with every AssumeRole."
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

resource "aws_iam_role" "center" {
  name                 = "curfew-identity-center"
  path                 = "/curfew/"
  description          = "Gives and takes account assignments for Curfew, and schedules their ends."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          AWS = var.broker_role_arn
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "sts:ExternalId"     = var.external_id
            "sts:SourceIdentity" = "curfew-provisioner"
          }
        }
      },
      {
        Effect = "Allow"
        Principal = {
          AWS = var.broker_role_arn
        }
        Action = "sts:SetSourceIdentity"
      },
    ]
  })
}

resource "aws_iam_role_policy" "center" {
  name = "curfew-identity-center"
  role = aws_iam_role.center.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Look"
        Effect = "Allow"
        Action = [
          "identitystore:GetUserId",
          "identitystore:ListUsers",
          "organizations:DescribeAccount",
          "sso:DescribeAccountAssignmentCreationStatus",
          "sso:DescribeAccountAssignmentDeletionStatus",
          "sso:DescribePermissionSet",
          "sso:ListAccountAssignmentCreationStatus",
          "sso:ListAccountAssignmentDeletionStatus",
          "sso:ListAccountAssignments",
          "sso:ListInstances",
          "sso:ListPermissionSets",
        ]
        Resource = "*"
      },
      {
        Sid    = "GiveAndTakeAssignments"
        Effect = "Allow"
        Action = [
          "sso:CreateAccountAssignment",
          "sso:DeleteAccountAssignment",
        ]
        Resource = [
          "arn:${data.aws_partition.current.partition}:sso:::instance/*",
          "arn:${data.aws_partition.current.partition}:sso:::permissionSet/*/*",
          "arn:${data.aws_partition.current.partition}:sso:::account/*",
        ]
      },
      {
        Sid    = "ScheduleEnds"
        Effect = "Allow"
        Action = [
          "scheduler:CreateSchedule",
          "scheduler:DeleteSchedule",
          "scheduler:GetSchedule",
          "scheduler:UpdateSchedule",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:scheduler:*:${data.aws_caller_identity.current.account_id}:schedule/default/curfew-*"
      },
      {
        Sid      = "LetSchedulesEndAssignments"
        Effect   = "Allow"
        Action   = "iam:PassRole"
        Resource = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/curfew/curfew-end-assignments"
        Condition = {
          StringEquals = {
            "iam:PassedToService" = "scheduler.amazonaws.com"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role" "end" {
  name                 = "curfew-end-assignments"
  path                 = "/curfew/"
  description          = "What a schedule of Curfew takes an account assignment away with, when nobody else does."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "scheduler.amazonaws.com"
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = data.aws_caller_identity.current.account_id
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "end" {
  name = "curfew-end-assignments"
  role = aws_iam_role.end.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "TakeAssignments"
        Effect = "Allow"
        Action = [
          "sso:DeleteAccountAssignment",
        ]
        Resource = [
          "arn:${data.aws_partition.current.partition}:sso:::instance/*",
          "arn:${data.aws_partition.current.partition}:sso:::permissionSet/*/*",
          "arn:${data.aws_partition.current.partition}:sso:::account/*",
        ]
      },
    ]
  })
}
