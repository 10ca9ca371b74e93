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

variable "sweeper_role_arn" {
  type        = string
  description = "ARN of the sweeper's role where Curfew runs."
}

variable "external_id" {
  type        = string
  description = "The deployment's external id."
}

variable "people_path" {
  type        = string
  description = "Path below which the identities of people lie, such as people/; the same as in the roles."
  default     = "people/"
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

resource "aws_iam_role" "sweeper" {
  name        = "curfew-sweeper"
  path        = "/curfew/"
  description = "Deletes policies of grants that are over; can put none."
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

resource "aws_iam_role_policy" "sweeper" {
  name = "curfew-sweeper"
  role = aws_iam_role.sweeper.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "ReadPeople"
        Effect = "Allow"
        Action = [
          "iam:GetRolePolicy",
          "iam:GetUserPolicy",
          "iam:ListRolePolicies",
          "iam:ListUserPolicies",
        ]
        Resource = [
          "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${var.people_path}*",
          "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:user/${var.people_path}*",
        ]
      },
      {
        Sid    = "ListPeople"
        Effect = "Allow"
        Action = [
          "iam:ListRoles",
          "iam:ListUsers",
        ]
        Resource = "*"
      },
      {
        Sid    = "DeleteTimedPolicies"
        Effect = "Allow"
        Action = [
          "iam:DeleteRolePolicy",
          "iam:DeleteUserPolicy",
        ]
        Resource = [
          "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${var.people_path}*",
          "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:user/${var.people_path}*",
        ]
        Condition = {
          StringLike = {
            "iam:PermissionsBoundary" = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:policy/curfew/*"
          }
        }
      },
    ]
  })
}
