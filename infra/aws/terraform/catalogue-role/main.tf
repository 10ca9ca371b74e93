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

variable "broker_role_arn" {
  type        = string
  description = "ARN of the broker's role in the hub account."
}

variable "external_id" {
  type        = string
  description = "The deployment's external id; the broker sends it with every AssumeRole."
}

variable "name" {
  type        = string
  description = "Name of the role; a catalogue entry calls it curfew/<name>."
}

variable "description" {
  type        = string
  description = "What somebody can do with it."
}

variable "policy" {
  type        = string
  description = "JSON of the permissions of the role."
}

variable "boundary_arn" {
  type        = string
  description = "Permissions boundary under /curfew/: output boundary_arn of the account module."
}

# Curfew keeps an inline policy of its own on this role, CurfewRevocations. Never add aws_iam_role_policies_exclusive or
# inline_policy blocks: Terraform would remove it, and sessions that were ended early would work again.
resource "aws_iam_role" "this" {
  name                 = var.name
  path                 = "/curfew/"
  description          = var.description
  max_session_duration = 3600
  permissions_boundary = var.boundary_arn
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
            "sts:ExternalId" = var.external_id
          }
          StringLike = {
            "sts:SourceIdentity"          = "?*"
            "aws:RequestTag/curfew-grant" = "?*"
          }
        }
      },
      {
        Effect = "Allow"
        Principal = {
          AWS = var.broker_role_arn
        }
        Action = [
          "sts:SetSourceIdentity",
          "sts:TagSession",
        ]
        Condition = {
          "ForAllValues:StringEquals" = {
            "aws:TagKeys" = [
              "curfew-grant",
            ]
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "permissions" {
  name   = "permissions"
  role   = aws_iam_role.this.id
  policy = var.policy
}

output "arn" {
  value = aws_iam_role.this.arn
}
